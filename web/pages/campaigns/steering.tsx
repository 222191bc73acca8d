import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { Campaign, CampaignAudience } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { commonTexts } from '../../texts/common.ts'
import { ConfirmButton } from '../../ui/confirm.tsx'
import { Problem } from '../../ui/problem.tsx'
import { ScheduleDialog } from './schedule-dialog.tsx'
import { SendDialog } from './send-dialog.tsx'

type Dialog = 'send' | 'schedule' | 'pause'

/** What may be done to a campaign on its way. */
export function Steering({ campaign, apiKey }: { campaign: Campaign; apiKey: string | undefined }) {
  const t = useTexts(campaignsTexts)
  const may = useSession().may('marketer')
  const [dialog, setDialog] = useState<Dialog>()
  const { allowed, id, state } = campaign
  const close = () => setDialog(undefined)
  const audience = useRead<CampaignAudience>(
    state === 'scheduled' ? query(`/campaigns/${id}/audience`, { key: apiKey }) : undefined,
  )
  const act = useChange((step: string) => call('POST', `/campaigns/${id}/${step}`, { key: apiKey }), {
    touches: ['campaigns'],
  })
  return (
    <>
      <Problem error={act.error} />
      {allowed.includes('send') && (
        <Button disabled={!may || audience.data === undefined} onClick={() => setDialog('send')}>
          {t.sendNow}
        </Button>
      )}
      {state === 'scheduled' && (
        <Button variant="default" disabled={!may} onClick={() => setDialog('schedule')}>
          {t.reschedule}
        </Button>
      )}
      {allowed.includes('unschedule') && (
        <ConfirmButton
          label={t.unschedule}
          question={t.unscheduleQuestion}
          disabled={!may}
          onConfirm={() => act.mutateAsync('unschedule')}
        />
      )}
      {allowed.includes('resume') && (
        <Button disabled={!may} loading={act.isPending} onClick={() => act.mutate('resume')}>
          {t.resume}
        </Button>
      )}
      {allowed.includes('pause') && (
        <Button disabled={!may} onClick={() => setDialog('pause')}>
          {t.pause}
        </Button>
      )}
      {allowed.includes('cancel') && (
        <ConfirmButton
          label={t.cancel}
          question={t.cancelQuestion}
          disabled={!may}
          onConfirm={() => act.mutateAsync('cancel')}
        />
      )}
      {dialog === 'send' && audience.data !== undefined && (
        <SendDialog
          campaign={campaign}
          recipients={audience.data.recipients}
          apiKey={apiKey}
          onClose={close}
        />
      )}
      {dialog === 'schedule' && (
        <ScheduleDialog
          campaign={campaign}
          {...(audience.data !== undefined && { recipients: audience.data.recipients })}
          apiKey={apiKey}
          onClose={close}
        />
      )}
      {dialog === 'pause' && <PauseDialog id={id} apiKey={apiKey} onClose={close} />}
    </>
  )
}

function PauseDialog({
  id,
  apiKey,
  onClose,
}: {
  id: number
  apiKey: string | undefined
  onClose: () => void
}) {
  const t = useTexts(campaignsTexts)
  const common = useTexts(commonTexts)
  const [reason, setReason] = useState('')
  const pause = useChange(
    async () => {
      await call('POST', `/campaigns/${id}/pause`, { key: apiKey, reason })
      onClose()
    },
    { touches: ['campaigns'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.pause}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          pause.mutate(undefined)
        }}
      >
        <Stack>
          <Text>{t.pauseHint}</Text>
          <TextInput
            label={t.pauseReason}
            data-autofocus
            maxLength={500}
            value={reason}
            onChange={({ currentTarget }) => setReason(currentTarget.value)}
          />
          <Problem error={pause.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.back}
            </Button>
            <Button type="submit" loading={pause.isPending}>
              {t.pause}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
