import { Alert, Button, Stack, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { entryTexts } from '../../texts/entry.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Problem } from '../../ui/problem.tsx'
import { SecretInput } from '../../ui/secret-input.tsx'
import { EntryFrame } from './frame.tsx'

/** Choosing a password, by the link of an invitation or a reset. */
export function InvitationPage() {
  const t = useTexts(entryTexts)
  // Read once: the address is cleared when the password is saved.
  const [token] = useState(() => window.location.hash.slice(1))
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => call<{ email: string; name: string }>('POST', '/invitation', { token }),
    enabled: token !== '',
  })
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { password: '', repeat: '' },
    validate: { repeat: (value, { password }) => (value === password ? null : t.notSame) },
  })
  const choose = useChange(
    ({ password }: { password: string }) => call('POST', '/invitation/password', { token, password }),
    { touches: [] },
  )

  if (choose.isSuccess) {
    return (
      <EntryFrame title={t.invitationTitle}>
        <Alert color="teal">{t.chosen}</Alert>
        <Button component="a" href="/">
          {t.signIn}
        </Button>
      </EntryFrame>
    )
  }
  if (token === '') {
    return (
      <EntryFrame title={t.invitationTitle}>
        <Text>{t.incompleteLink}</Text>
      </EntryFrame>
    )
  }
  return (
    <EntryFrame title={t.invitationTitle}>
      <Loaded from={invitation}>
        {({ email }) => (
          <form onSubmit={form.onSubmit((values) => choose.mutate(values))}>
            <Stack>
              <Text>{t.invitationFor(email)}</Text>
              <input type="hidden" autoComplete="username" value={email} readOnly />
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
              <Problem error={choose.error} />
              <Button type="submit" loading={choose.isPending}>
                {t.choose}
              </Button>
            </Stack>
          </form>
        )}
      </Loaded>
    </EntryFrame>
  )
}
