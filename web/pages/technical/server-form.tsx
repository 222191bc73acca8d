import {
  Alert,
  Button,
  Group,
  NumberInput,
  Paper,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { useNavigate } from '@tanstack/react-router'
import { ApiError, call } from '../../api/call.ts'
import { type OutgoingServer, type Security, securities } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { commonTexts } from '../../texts/common.ts'
import { serversTexts } from '../../texts/servers.ts'
import { ConfirmButton } from '../../ui/confirm.tsx'
import { Problem } from '../../ui/problem.tsx'
import { LoginFields } from './login-fields.tsx'
import { MoreFields } from './more-fields.tsx'
import { bodyOf, mailjet, newValues, type ServerValues, usualPort, valuesOf } from './server-values.ts'
import { TestConnection } from './test-connection.tsx'

export function ServerForm({ server }: { server: OutgoingServer | undefined }) {
  const t = useTexts(serversTexts)
  const common = useTexts(commonTexts)
  const may = useSession().may('admin')
  const navigate = useNavigate()
  const form = useForm<ServerValues>({ initialValues: server === undefined ? newValues : valuesOf(server) })
  const save = useChange(
    async (values: ServerValues) => {
      if (server !== undefined) {
        await call('PATCH', `/outgoing-servers/${server.id}`, bodyOf(values))
        form.setFieldValue('password', '')
        form.resetDirty()
        return
      }
      const made = await call<{ server: OutgoingServer }>('POST', '/outgoing-servers', bodyOf(values))
      await navigate({ to: `/technical/outgoing-mail-servers/${made.server.id}` })
    },
    { touches: ['outgoing-servers'] },
  )
  const activate = useChange(
    (isActive: boolean) => call('PATCH', `/outgoing-servers/${server?.id}`, { isActive }),
    { touches: ['outgoing-servers'] },
  )

  function chooseSecurity(security: Security): void {
    // As long as the port is a usual one, it follows; one that was chosen by hand stays.
    const { port } = form.getValues()
    form.setFieldValue('security', security)
    if (port === '' || [25, 465, 587].includes(port)) form.setFieldValue('port', usualPort(security))
  }

  const fieldError = (field: string) =>
    save.error instanceof ApiError && save.error.field === field ? save.error.message : undefined
  const { security } = form.values

  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack>
        {server === undefined && (
          <Group gap="xs">
            <Text size="sm" c="dimmed">
              {t.presets}
            </Text>
            <Button size="xs" variant="light" onClick={() => form.setValues(mailjet)}>
              {t.presetMailjet}
            </Button>
          </Group>
        )}
        {server?.isActive === false && <Alert color="gray">{t.archived}</Alert>}
        {server?.warnings.map((warning) => (
          <Alert key={warning} color="orange">
            {warning}
          </Alert>
        ))}
        <Paper withBorder p="lg">
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
            <TextInput
              label={t.description}
              description={t.descriptionHint}
              required
              {...form.getInputProps('name')}
              error={fieldError('name')}
            />
            <NumberInput
              label={t.priority}
              description={t.priorityHint}
              allowDecimal={false}
              required
              {...form.getInputProps('priority')}
              error={fieldError('priority')}
            />
            <TextInput
              label={t.fromFilter}
              description={t.fromFilterHint}
              placeholder="shop.example"
              {...form.getInputProps('fromFilter')}
              error={fieldError('fromFilter')}
            />
          </SimpleGrid>
        </Paper>
        <Paper withBorder p="lg">
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
            <TextInput
              label={t.host}
              placeholder="in-v3.mailjet.com"
              required
              spellCheck={false}
              {...form.getInputProps('host')}
              error={fieldError('host')}
            />
            <NumberInput
              label={t.port}
              min={1}
              max={65_535}
              allowDecimal={false}
              required
              {...form.getInputProps('port')}
              error={fieldError('port')}
            />
            <Select
              label={t.security}
              description={t.securityHints[security]}
              data={securities.map((value) => ({ value, label: t.securities[value] }))}
              value={security}
              onChange={(next) => {
                const chosen = securities.find((one) => one === next)
                if (chosen !== undefined) chooseSecurity(chosen)
              }}
              allowDeselect={false}
            />
            <LoginFields form={form} server={server} />
          </SimpleGrid>
        </Paper>
        <MoreFields form={form} server={server} />
        <Problem error={activate.error} />
        <Problem error={save.error} />
        {save.isSuccess && !form.isDirty() && (
          <Alert color="teal" role="status">
            {t.saved}
          </Alert>
        )}
        <Group justify="space-between">
          <Group>
            {server !== undefined &&
              (server.isActive ? (
                <ConfirmButton
                  label={t.archive}
                  question={t.archiveSure}
                  disabled={!may}
                  onConfirm={() => activate.mutateAsync(false)}
                />
              ) : (
                <Button variant="default" disabled={!may} onClick={() => activate.mutate(true)}>
                  {t.restore}
                </Button>
              ))}
          </Group>
          <Button type="submit" loading={save.isPending} disabled={!may}>
            {common.save}
          </Button>
        </Group>
        <Paper withBorder p="lg">
          <TestConnection
            disabled={!may}
            body={() => ({ ...bodyOf(form.getValues()), ...(server !== undefined && { server: server.id }) })}
          />
        </Paper>
      </Stack>
    </form>
  )
}
