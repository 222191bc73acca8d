import { Alert, Anchor, Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { Link } from '@tanstack/react-router'
import { ApiError, call } from '../../api/call.ts'
import type { Sender, Template } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { templatesTexts } from '../../texts/templates.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Problem } from '../../ui/problem.tsx'

type Values = { to: string; from: string }

/** The template as real mail, to see it where mail is read. */
export function SendTest({
  template,
  headers,
  apiKey,
  variables,
  saveFirst,
  onClose,
}: {
  template: Template
  headers: Readonly<Record<string, string>>
  apiKey: string | undefined
  variables: Record<string, unknown>
  /** Undefined where everything is saved. */
  saveFirst: (() => Promise<unknown>) | undefined
  onClose: () => void
}) {
  const t = useTexts(templatesTexts)
  const common = useTexts(commonTexts)
  const senders = useRead<{ senders: Sender[] }>(apiKey && `/senders?key=${apiKey}`)
  const hasSender = Object.keys(headers).some((name) => /^(?:from|senderemail)$/i.test(name))
  return (
    <Modal opened onClose={onClose} title={t.test} closeButtonProps={{ 'aria-label': common.close }} centered>
      <Loaded from={senders}>
        {({ senders: all }) => {
          const addresses = all
            .filter(({ status }) => status === 'active')
            .map(({ email }) => email.replace(/^\*@/, 'hello@'))
          if (addresses.length === 0 && !hasSender) return <Alert color="yellow">{t.noSender}</Alert>
          return (
            <Form
              {...{ template, apiKey, variables, saveFirst, onClose }}
              choices={[
                ...(hasSender ? [{ value: '', label: t.ofTemplate }] : []),
                ...[...new Set(addresses)].map((value) => ({ value, label: value })),
              ]}
            />
          )
        }}
      </Loaded>
    </Modal>
  )
}

function Form({
  template,
  apiKey,
  variables,
  saveFirst,
  choices,
  onClose,
}: {
  template: Template
  apiKey: string | undefined
  variables: Record<string, unknown>
  saveFirst: (() => Promise<unknown>) | undefined
  choices: { value: string; label: string }[]
  onClose: () => void
}) {
  const t = useTexts(templatesTexts)
  const common = useTexts(commonTexts)
  const form = useForm<Values>({ initialValues: { to: '', from: choices[0]?.value ?? '' } })
  const send = useChange(
    async ({ to, from }: Values) => {
      await saveFirst?.()
      return call<{ recipients: { id: number }[] }>('POST', `/templates/${template.id}/test`, {
        ...{ key: apiKey, to: [to], variables },
        ...(from !== '' && { from }),
      })
    },
    { touches: ['messages', 'queue', 'overview'] },
  )
  const fieldError =
    send.error instanceof ApiError && send.error.field?.startsWith('to') ? send.error.message : undefined
  const delivery = send.data?.recipients[0]?.id
  return (
    <form onSubmit={form.onSubmit((values) => send.mutate(values))}>
      <Stack>
        <Text size="sm" c="dimmed">
          {t.testHint} {saveFirst !== undefined && t.testSaves}
        </Text>
        <TextInput
          label={t.to}
          placeholder="ok@inbox.test"
          required
          data-autofocus
          {...form.getInputProps('to')}
          error={fieldError}
        />
        <Select label={t.from} data={choices} allowDeselect={false} {...form.getInputProps('from')} />
        {fieldError === undefined && <Problem error={send.error} />}
        {delivery !== undefined && (
          <Alert color="green" role="status">
            {t.sent}.{' '}
            <Anchor component={Link} to={`/messages/${delivery}`} size="sm" c="inherit" underline="always">
              {t.sentLink}
            </Anchor>
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {common.close}
          </Button>
          <Button type="submit" loading={send.isPending}>
            {saveFirst === undefined ? t.send : t.saveAndSend}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
