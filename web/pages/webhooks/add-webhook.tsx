import { Button, Checkbox, Group, Modal, Stack, Switch, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { call, query } from '../../api/call.ts'
import { useChange } from '../../api/use-api.ts'
import { eventTopics } from '../../api/webhooks.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { webhooksTexts } from '../../texts/webhooks.ts'
import { Problem } from '../../ui/problem.tsx'

type Values = { topics: string[]; url: string; isGrouped: boolean; isBackup: boolean }

export function AddWebhook({
  apiKey,
  onClose,
  onSecret,
}: {
  apiKey: string | undefined
  onClose: () => void
  onSecret: (secret: string) => void
}) {
  const t = useTexts(webhooksTexts)
  const common = useTexts(commonTexts)
  const form = useForm<Values>({
    initialValues: { topics: ['delivered', 'bounced'], url: '', isGrouped: false, isBackup: false },
  })
  const add = useChange(
    async ({ topics, url, isGrouped, isBackup }: Values) => {
      const body = { topics, url: url.trim(), version: isGrouped ? 2 : 1, isBackup }
      const { secret } = await call<{ secret: string }>('POST', query('/webhooks', { key: apiKey }), body)
      onSecret(secret)
      onClose()
    },
    { touches: ['webhooks'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.add}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
      size="lg"
    >
      <form onSubmit={form.onSubmit((values) => add.mutate(values))}>
        <Stack>
          <TextInput
            label={t.url}
            description={t.urlHint}
            required
            data-autofocus
            inputMode="url"
            autoComplete="off"
            {...form.getInputProps('url')}
          />
          <Checkbox.Group
            label={t.whichEvents}
            description={t.whichEventsHint}
            {...form.getInputProps('topics')}
          >
            <Stack gap={6} mt="xs">
              {eventTopics.map((topic) => (
                <Checkbox key={topic} value={topic} label={t.topics[topic]} />
              ))}
            </Stack>
          </Checkbox.Group>
          <Switch label={t.grouped} {...form.getInputProps('isGrouped', { type: 'checkbox' })} />
          <Switch label={t.backup} {...form.getInputProps('isBackup', { type: 'checkbox' })} />
          <Problem error={add.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" loading={add.isPending} disabled={form.values.topics.length === 0}>
              {common.create}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
