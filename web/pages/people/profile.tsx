import { Alert, Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { call } from '../../api/call.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { roleNames } from '../../texts/common.ts'
import { peopleTexts } from '../../texts/people.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { SecretInput } from '../../ui/secret-input.tsx'
import { Time } from '../../ui/time.tsx'
import { TwoFactor } from './two-factor.tsx'

export function ProfilePage() {
  const t = useTexts(peopleTexts)
  const role = useTexts(roleNames)
  const { user } = useSession()
  return (
    <Page title={t.profile} about={`${user.email} · ${role[user.role]}`}>
      <ChangePassword />
      <TwoFactor />
      <Sessions />
    </Page>
  )
}

function ChangePassword() {
  const t = useTexts(peopleTexts)
  const { user } = useSession()
  const form = useForm({ mode: 'uncontrolled', initialValues: { current: '', next: '' } })
  const change = useChange(
    async (values: { current: string; next: string }) => {
      await call('POST', '/session/password', values)
      form.reset()
    },
    { touches: ['sessions'] },
  )
  return (
    <Paper withBorder p="lg" component="form" onSubmit={form.onSubmit((values) => change.mutate(values))}>
      <Stack maw={420}>
        <Title order={2}>{t.password}</Title>
        <input type="hidden" autoComplete="username" value={user.email} readOnly />
        <SecretInput
          label={t.current}
          autoComplete="current-password"
          required
          key={form.key('current')}
          {...form.getInputProps('current')}
        />
        <SecretInput
          label={t.next}
          description={t.passwordHint}
          autoComplete="new-password"
          required
          key={form.key('next')}
          {...form.getInputProps('next')}
        />
        <Problem error={change.error} />
        {change.isSuccess && (
          <Alert color="teal" role="status">
            {t.passwordChanged}
          </Alert>
        )}
        <Group>
          <Button type="submit" loading={change.isPending}>
            {t.passwordButton}
          </Button>
        </Group>
      </Stack>
    </Paper>
  )
}

type ListedSession = {
  id: number
  createdAt: number
  seenAt: number
  address: string
  userAgent: string
  isThis: boolean
}

function Sessions() {
  const t = useTexts(peopleTexts)
  const sessions = useRead<{ sessions: ListedSession[] }>('/sessions')
  const end = useChange((id: number) => call('DELETE', `/sessions/${id}`), {
    touches: ['sessions', 'session'],
  })
  return (
    <Paper withBorder p="lg">
      <Stack>
        <Title order={2}>{t.sessions}</Title>
        <Problem error={end.error} />
        <Loaded from={sessions}>
          {({ sessions: all }) =>
            all.map(({ id, seenAt, address, userAgent, isThis }) => (
              <Group key={id} justify="space-between" wrap="nowrap" align="flex-start">
                <div style={{ minWidth: 0 }}>
                  <Group gap={6}>
                    <Text fw={600}>{address}</Text>
                    {isThis && (
                      <Badge variant="light" color="teal" tt="none">
                        {t.thisSession}
                      </Badge>
                    )}
                  </Group>
                  <Text size="sm" c="dimmed" className="breaks-anywhere">
                    {userAgent || t.unknownAgent} · <Time at={seenAt} />
                  </Text>
                </div>
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => end.mutate(id)}
                  aria-label={`${t.end}: ${t.endSession(address)}`}
                >
                  {t.end}
                </Button>
              </Group>
            ))
          }
        </Loaded>
      </Stack>
    </Paper>
  )
}
