import { Alert, Button, Group, Modal, Select, Stack, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useNavigate } from '@tanstack/react-router'
import { ApiError, call } from '../../api/call.ts'
import type { Sender } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { messagesTexts } from '../../texts/messages.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Problem } from '../../ui/problem.tsx'

type Values = { from: string; to: string; subject: string; text: string }

/** A message by hand, to see that all is well; its story opens at once. */
export function SendTest({ onClose }: { onClose: () => void }) {
  const t = useTexts(messagesTexts)
  const common = useTexts(commonTexts)
  const { key } = useKeys()
  const senders = useRead<{ senders: Sender[] }>(key && `/senders?key=${key.publicKey}`)
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.sendTest}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <Loaded from={senders}>
        {({ senders: all }) => {
          const addresses = all
            .filter(({ status }) => status === 'active')
            .map(({ email }) => email.replace(/^\*@/, 'hello@'))
          return addresses.length === 0 ? (
            <Alert color="yellow">{t.noSender}</Alert>
          ) : (
            <Form addresses={[...new Set(addresses)]} apiKey={key?.publicKey} onClose={onClose} />
          )
        }}
      </Loaded>
    </Modal>
  )
}

function Form({
  addresses,
  apiKey,
  onClose,
}: {
  addresses: string[]
  apiKey: string | undefined
  onClose: () => void
}) {
  const t = useTexts(messagesTexts)
  const common = useTexts(commonTexts)
  const navigate = useNavigate()
  const form = useForm<Values>({
    initialValues: { from: addresses[0] ?? '', to: '', subject: t.testSubject, text: t.testText },
  })
  const send = useChange(
    async ({ from, to, subject, text }: Values) => {
      const sent = await call<{ recipients: { id: number }[] }>('POST', '/send', {
        ...{ key: apiKey, from, to: [to], subject, text },
      })
      onClose()
      await navigate({ to: `/messages/${sent.recipients[0]?.id}` })
    },
    { touches: ['messages', 'queue', 'overview'] },
  )
  const fieldError = (field: string) =>
    send.error instanceof ApiError && send.error.field?.startsWith(field) ? send.error.message : undefined
  return (
    <form onSubmit={form.onSubmit((values) => send.mutate(values))}>
      <Stack>
        <Select label={t.from} data={addresses} allowDeselect={false} {...form.getInputProps('from')} />
        <TextInput
          label={t.to}
          placeholder="ok@inbox.test"
          required
          data-autofocus
          {...form.getInputProps('to')}
          error={fieldError('to')}
        />
        <TextInput label={t.subject} {...form.getInputProps('subject')} error={fieldError('subject')} />
        <Textarea label={t.text} rows={4} required {...form.getInputProps('text')} />
        {send.error !== null && fieldError('to') === undefined && fieldError('subject') === undefined && (
          <Problem error={send.error} />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={send.isPending}>
            {t.send}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
