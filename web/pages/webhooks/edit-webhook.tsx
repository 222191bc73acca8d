import { Button, Group, Modal, Stack, Switch, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { call } from '../../api/call.ts'
import { useChange } from '../../api/use-api.ts'
import type { Webhook } from '../../api/webhooks.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { webhooksTexts } from '../../texts/webhooks.ts'
import { Problem } from '../../ui/problem.tsx'

type Values = { url: string; isGrouped: boolean }

/** The URL is written anew, because its password is not shown. */
export function EditWebhook({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const t = useTexts(webhooksTexts)
  const common = useTexts(commonTexts)
  const isMail = webhook.kind === 'mail'
  const form = useForm<Values>({ initialValues: { url: '', isGrouped: webhook.version === 2 } })
  const save = useChange(
    async ({ url, isGrouped }: Values) => {
      const body = {
        ...(url.trim() !== '' && { url: url.trim() }),
        ...(!isMail && { version: isGrouped ? 2 : 1 }),
      }
      await call('PATCH', `/${isMail ? 'parse-routes' : 'webhooks'}/${webhook.id}`, body)
      onClose()
    },
    { touches: ['webhooks', 'parse-routes', 'overview'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={common.edit}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <TextInput
            label={t.newUrl}
            description={t.newUrlHint}
            placeholder={webhook.url}
            data-autofocus
            inputMode="url"
            autoComplete="off"
            {...form.getInputProps('url')}
          />
          {!isMail && <Switch label={t.grouped} {...form.getInputProps('isGrouped', { type: 'checkbox' })} />}
          <Problem error={save.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {common.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
