import { Alert, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { ApiError, call } from '../../api/call.ts'
import type { Campaign } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { commonTexts } from '../../texts/common.ts'
import { Problem } from '../../ui/problem.tsx'

/** The mail as it is saved, to a few addresses. */
export function TestDialog({
  campaign,
  apiKey,
  onClose,
}: {
  campaign: Campaign
  apiKey: string | undefined
  onClose: () => void
}) {
  const t = useTexts(campaignsTexts)
  const common = useTexts(commonTexts)
  const [to, setTo] = useState(useSession().user.email)
  const send = useChange(
    () =>
      call<{ sent: number }>('POST', `/campaigns/${campaign.id}/test`, {
        key: apiKey,
        to: to.split(/[,;]/).flatMap((one) => (one.trim() === '' ? [] : [one.trim()])),
      }),
    { touches: ['messages', 'queue', 'overview'] },
  )
  const isOfField = send.error instanceof ApiError && send.error.field?.startsWith('to')
  return (
    <Modal opened onClose={onClose} title={t.test} closeButtonProps={{ 'aria-label': common.close }} centered>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          send.mutate(undefined)
        }}
      >
        <Stack>
          <Text size="sm" c="dimmed">
            {t.testHint}
          </Text>
          <TextInput
            label={t.testTo}
            required
            data-autofocus
            value={to}
            onChange={({ currentTarget }) => setTo(currentTarget.value)}
            error={isOfField && send.error?.message}
          />
          {!isOfField && <Problem error={send.error} />}
          {send.data !== undefined && (
            <Alert color="teal" role="status">
              {t.testSent(send.data.sent)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.close}
            </Button>
            <Button type="submit" loading={send.isPending}>
              {t.testSend}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
