import { Button, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { call } from '../../api/call.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { startAgain } from '../../app/session.tsx'
import { entryTexts } from '../../texts/entry.ts'
import { Problem } from '../../ui/problem.tsx'
import { SecretInput } from '../../ui/secret-input.tsx'
import { EntryFrame } from './frame.tsx'

/** The first owner, by the link of the first start. The token stands behind the hash and is sent only with the form. */
export function SetupPage() {
  const t = useTexts(entryTexts)
  const token = window.location.pathname === '/setup' ? window.location.hash.slice(1) : ''
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', email: '', password: '', repeat: '' },
    validate: { repeat: (value, { password }) => (value === password ? null : t.notSame) },
  })
  const create = useChange(
    async ({ name, email, password }: { name: string; email: string; password: string }) => {
      await call('POST', '/setup', { token, name, email, password })
      window.history.replaceState(null, '', '/')
      await startAgain()
    },
    { touches: [] },
  )

  if (token === '') {
    return (
      <EntryFrame title={t.setupTitle}>
        <Text>{t.setupNeeded}</Text>
      </EntryFrame>
    )
  }
  return (
    <EntryFrame title={t.setupTitle}>
      <Text>{t.setupIntro}</Text>
      <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
        <Stack>
          <TextInput label={t.name} autoComplete="name" {...form.getInputProps('name')} />
          <TextInput
            label={t.email}
            type="email"
            autoComplete="username"
            required
            {...form.getInputProps('email')}
          />
          <SecretInput
            label={t.password}
            description={t.passwordHint}
            autoComplete="new-password"
            required
            {...form.getInputProps('password')}
          />
          <SecretInput
            label={t.repeat}
            autoComplete="new-password"
            required
            {...form.getInputProps('repeat')}
          />
          <Problem error={create.error} />
          <Button type="submit" loading={create.isPending}>
            {t.createOwner}
          </Button>
        </Stack>
      </form>
    </EntryFrame>
  )
}
