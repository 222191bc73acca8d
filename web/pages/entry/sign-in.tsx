import { Button, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { ApiError, call } from '../../api/call.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { startAgain } from '../../app/session.tsx'
import { entryTexts } from '../../texts/entry.ts'
import { Problem } from '../../ui/problem.tsx'
import { SecretInput } from '../../ui/secret-input.tsx'
import { EntryFrame } from './frame.tsx'

export function SignInPage() {
  const t = useTexts(entryTexts)
  const form = useForm({ mode: 'uncontrolled', initialValues: { email: '', password: '', code: '' } })
  const signIn = useChange(
    async ({ code, ...rest }: { email: string; password: string; code: string }) => {
      await call('POST', '/session', code === '' ? rest : { ...rest, code })
      await startAgain()
    },
    { touches: [] },
  )
  const code = signIn.error instanceof ApiError ? signIn.error.code : ''
  const asksCode = code === 'code-needed' || code === 'wrong-code'

  return (
    <EntryFrame title={t.signIn}>
      <form onSubmit={form.onSubmit((values) => signIn.mutate(values))}>
        <Stack>
          <TextInput
            label={t.email}
            type="email"
            autoComplete="username"
            required
            data-autofocus
            {...form.getInputProps('email')}
          />
          <SecretInput
            label={t.password}
            autoComplete="current-password"
            required
            {...form.getInputProps('password')}
          />
          {asksCode && (
            <TextInput
              label={t.code}
              description={t.codeHint}
              autoComplete="one-time-code"
              required
              autoFocus
              {...form.getInputProps('code')}
            />
          )}
          {code !== 'code-needed' && <Problem error={signIn.error} />}
          <Button type="submit" loading={signIn.isPending}>
            {t.signIn}
          </Button>
          <Text size="xs" c="dimmed">
            {t.forgot}
          </Text>
        </Stack>
      </form>
    </EntryFrame>
  )
}
