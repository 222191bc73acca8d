import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import type { Campaign } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { commonTexts } from '../../texts/common.ts'
import { Problem } from '../../ui/problem.tsx'
import { useFormats } from './formats.ts'
import { MassServer } from './mass-server.tsx'

/** Says how many get it, from whom and on which way, before it goes. */
export function SendDialog({
  campaign,
  recipients,
  apiKey,
  onClose,
}: {
  campaign: Campaign
  recipients: number
  apiKey: string | undefined
  onClose: () => void
}) {
  const t = useTexts(campaignsTexts)
  const common = useTexts(commonTexts)
  const { number } = useFormats()
  // The page goes on reading behind this dialog: what was seen when it was opened is what may go.
  const [{ modifiedAt: lookedAt }] = useState(campaign)
  const send = useChange(
    async () => {
      await call('POST', `/campaigns/${campaign.id}/send`, { key: apiKey, lookedAt })
      onClose()
    },
    { touches: ['campaigns'] },
  )
  const isOne = recipients === 1
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.sendTitle}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <Stack>
        <div>
          <Text fw={600} className="breaks-anywhere">
            {campaign.subject}
          </Text>
          <Text size="sm" c="dimmed" className="breaks-anywhere">
            {t.from(campaign.senderName || campaign.senderEmail)}
          </Text>
        </div>
        <Text>{isOne ? t.confirmSendOne : t.confirmSend(number(recipients))}</Text>
        <MassServer apiKey={apiKey} />
        <Problem error={send.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {common.cancel}
          </Button>
          <Button loading={send.isPending} onClick={() => send.mutate(undefined)}>
            {isOne ? t.sendToOne : t.sendTo(number(recipients))}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
