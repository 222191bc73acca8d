import { Alert, Anchor, Button, Group, Paper, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { Link } from '@tanstack/react-router'
import { call } from '../../api/call.ts'
import { useChange } from '../../api/use-api.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { settingsTexts } from '../../texts/settings.ts'
import { shellTexts } from '../../texts/shell.ts'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'

export function GeneralSettingsPage() {
  const t = useTexts(settingsTexts)
  const shell = useTexts(shellTexts)
  const session = useSession()
  const { isDeveloper, setDeveloper } = usePreferences()
  return (
    <Page title={t.title} trail={[shell.settings]}>
      <Paper withBorder p="lg">
        <Stack gap="xs" align="flex-start">
          <Title order={2}>{t.developerTools}</Title>
          <Text c="dimmed">{t.developerHint}</Text>
          <Group>
            <Button variant={isDeveloper ? 'default' : 'filled'} onClick={() => setDeveloper(!isDeveloper)}>
              {isDeveloper ? t.deactivate : t.activate}
            </Button>
            {isDeveloper && (
              <Anchor component={Link} to="/technical/outgoing-mail-servers">
                {t.toServers}
              </Anchor>
            )}
          </Group>
        </Stack>
      </Paper>
      <Paper withBorder p="lg">
        <Stack gap="xs">
          <Title order={2}>{t.about}</Title>
          <Table variant="vertical" withRowBorders={false}>
            <Table.Tbody>
              {[
                [t.version, session.version],
                [t.mode, t.modes[session.mode]],
                [t.address, session.publicUrl],
              ].map(([label, value]) => (
                <Table.Tr key={label}>
                  <Table.Th w={160}>{label}</Table.Th>
                  <Table.Td className="breaks-anywhere">{value}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Stack>
      </Paper>
      {session.may('owner') && <Backup />}
    </Page>
  )
}

function Backup() {
  const t = useTexts(settingsTexts)
  const form = useForm({ mode: 'uncontrolled', initialValues: { path: '' } })
  const write = useChange(
    ({ path }: { path: string }) => call<{ path: string }>('POST', '/backup', { path }),
    {
      touches: [],
    },
  )
  return (
    <Paper withBorder p="lg" component="form" onSubmit={form.onSubmit((values) => write.mutate(values))}>
      <Stack gap="xs">
        <Title order={2}>{t.backup}</Title>
        <Text c="dimmed">{t.backupHint}</Text>
        <Group align="flex-end">
          <TextInput
            label={t.backupFile}
            placeholder="/var/backups/paravion.db"
            required
            w={360}
            maw="100%"
            {...form.getInputProps('path')}
          />
          <Button type="submit" variant="default" loading={write.isPending}>
            {t.backupNow}
          </Button>
        </Group>
        <Problem error={write.error} />
        {write.data !== undefined && (
          <Alert color="teal" role="status">
            {t.backupDone(write.data.path)}
          </Alert>
        )}
      </Stack>
    </Paper>
  )
}
