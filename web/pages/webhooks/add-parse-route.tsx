import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { call, query } from '../../api/call.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { webhooksTexts } from '../../texts/webhooks.ts'
import { Problem } from '../../ui/problem.tsx'

type Values = { address: string; url: string }

export function AddParseRoute({
  apiKey,
  domain,
  onClose,
  onSecret,
}: {
  apiKey: string | undefined
  /** Where addresses are made. */
  domain: string
  onClose: () => void
  onSecret: (secret: string) => void
}) {
  const t = useTexts(webhooksTexts)
  const common = useTexts(commonTexts)
  const form = useForm<Values>({ mode: 'uncontrolled', initialValues: { address: '', url: '' } })
  const add = useChange(
    async ({ address, url }: Values) => {
      const body = { url: url.trim(), ...(address.trim() !== '' && { address: address.trim() }) }
      const { secret } = await call<{ secret: string }>('POST', query('/parse-routes', { key: apiKey }), body)
      onSecret(secret)
      onClose()
    },
    { touches: ['parse-routes', 'webhooks'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.addRoute}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
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
          <TextInput
            label={t.address}
            description={t.addressHint(domain)}
            inputMode="email"
            autoComplete="off"
            {...form.getInputProps('address')}
          />
          <Problem error={add.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" loading={add.isPending}>
              {common.create}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
