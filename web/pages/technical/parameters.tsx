import { ActionIcon, Badge, Button, Group, Modal, Paper, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useState } from 'react'
import { call, segment } from '../../api/call.ts'
import type { OutgoingServer, SystemParameter } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { commonTexts } from '../../texts/common.ts'
import { shellTexts } from '../../texts/shell.ts'
import { technicalTexts } from '../../texts/technical.ts'
import { Empty } from '../../ui/empty.tsx'
import { CrossIcon, PlusIcon, SearchIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'

export function ParametersPage() {
  const t = useTexts(technicalTexts)
  const shell = useTexts(shellTexts)
  const may = useSession().may('admin')
  const parameters = useRead<{ parameters: SystemParameter[] }>('/system-parameters')
  const [search, setSearch] = useState('')
  const [edited, setEdited] = useState<{ name: string; value: string }>()
  const clear = useChange((name: string) => call('DELETE', `/system-parameters/${segment(name)}`), {
    touches: ['system-parameters', 'outgoing-servers'],
  })
  const set = useChange(
    ({ name, value }: { name: string; value: string }) =>
      call('PUT', `/system-parameters/${segment(name)}`, { value }),
    { touches: ['system-parameters', 'outgoing-servers'] },
  )

  return (
    <Page
      title={t.parameters}
      trail={[shell.settings, shell.technical]}
      about={t.parametersAbout}
      actions={
        may && (
          <Button leftSection={<PlusIcon />} onClick={() => setEdited({ name: '', value: '' })}>
            {t.addParameter}
          </Button>
        )
      }
    >
      <Loaded from={parameters}>
        {({ parameters: all }) => {
          const wanted = search.trim().toLowerCase()
          const shown = all.filter(({ name, about }) => `${name} ${about}`.toLowerCase().includes(wanted))
          return (
            <Stack>
              {may && <Recommended parameters={all} onSet={set.mutate} />}
              <TextInput
                aria-label={t.searchParameters}
                placeholder={t.searchParameters}
                leftSection={<SearchIcon />}
                value={search}
                onChange={({ currentTarget }) => setSearch(currentTarget.value)}
                maw={360}
              />
              <Problem error={clear.error ?? set.error} />
              {shown.length === 0 && <Empty title={t.nothingFound} />}
              <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
                {shown.map((parameter) => (
                  <Paper key={parameter.name} withBorder p="sm" component="li">
                    <Row
                      parameter={parameter}
                      onEdit={
                        may
                          ? () => setEdited({ name: parameter.name, value: parameter.value ?? '' })
                          : undefined
                      }
                      onClear={may ? () => clear.mutate(parameter.name) : undefined}
                    />
                  </Paper>
                ))}
              </Stack>
            </Stack>
          )
        }}
      </Loaded>
      {edited !== undefined && (
        <EditDialog
          key={edited.name}
          parameter={edited}
          onClose={() => setEdited(undefined)}
          onSave={(next) => set.mutateAsync(next)}
        />
      )}
    </Page>
  )
}

function Row({
  parameter: { name, value, about, unset, isKnown },
  onEdit,
  onClear,
}: {
  parameter: SystemParameter
  onEdit: (() => void) | undefined
  onClear: (() => void) | undefined
}) {
  const t = useTexts(technicalTexts)
  const common = useTexts(commonTexts)
  return (
    <Group justify="space-between" align="flex-start" wrap="nowrap">
      <div style={{ minWidth: 0 }}>
        <Group gap="xs">
          <Text ff="monospace" fw={600} fz="sm" className="breaks-anywhere">
            {name}
          </Text>
          <Badge variant="light" color={value === null ? 'gray' : 'teal'} tt="none">
            {value === null ? t.notSet : t.isSet}
          </Badge>
          {!isKnown && (
            <Badge variant="light" color="blue" tt="none">
              {t.own}
            </Badge>
          )}
        </Group>
        {value !== null && (
          <Text className="breaks-anywhere" ff="monospace" fz="sm">
            {value}
          </Text>
        )}
        {about !== '' && (
          <Text size="sm" c="dimmed">
            {about}
          </Text>
        )}
        {value === null && unset !== '' && (
          <Text size="sm" c="dimmed">
            {t.whileUnset(unset)}
          </Text>
        )}
      </div>
      <Group gap={4} wrap="nowrap">
        {onEdit !== undefined && (
          <Button size="xs" variant="default" onClick={onEdit} aria-label={`${common.edit}: ${t.edit(name)}`}>
            {common.edit}
          </Button>
        )}
        {onClear !== undefined && value !== null && (
          <ActionIcon variant="subtle" color="red" onClick={onClear} aria-label={t.clear(name)}>
            <CrossIcon />
          </ActionIcon>
        )}
      </Group>
    </Group>
  )
}

/** The two values that notifications need, offered with the domain of the first From filter. */
function Recommended({
  parameters,
  onSet,
}: {
  parameters: readonly SystemParameter[]
  onSet: (parameter: { name: string; value: string }) => void
}) {
  const t = useTexts(technicalTexts)
  const servers = useRead<{ servers: OutgoingServer[] }>('/outgoing-servers').data?.servers ?? []
  const filter = servers.find(({ isActive, fromFilter }) => isActive && fromFilter !== null)?.fromFilter
  const domain = filter?.split(',')[0]?.trim().split('@').at(-1)
  if (domain === undefined) return null
  const missing = [
    { name: 'mail.default.from', value: `notifications@${domain}` },
    { name: 'mail.default.from_filter', value: domain },
  ].filter(({ name }) => parameters.some((one) => one.name === name && one.value === null))
  if (missing.length === 0) return null
  return (
    <Paper withBorder p="md">
      <Stack gap="xs">
        <Text fw={600}>{t.recommendedValues}</Text>
        <Text size="sm" c="dimmed">
          {t.recommendedHint}
        </Text>
        {missing.map((one) => (
          <Group key={one.name} gap="xs">
            <Text size="sm" ff="monospace">
              {one.name}
            </Text>
            <Button size="xs" variant="light" onClick={() => onSet(one)}>
              {t.takeValue(one.value)}
            </Button>
          </Group>
        ))}
      </Stack>
    </Paper>
  )
}

function EditDialog({
  parameter,
  onClose,
  onSave,
}: {
  parameter: { name: string; value: string }
  onClose: () => void
  onSave: (parameter: { name: string; value: string }) => Promise<unknown>
}) {
  const t = useTexts(technicalTexts)
  const common = useTexts(commonTexts)
  const form = useForm({ mode: 'uncontrolled', initialValues: parameter })
  const save = useChange(
    async (values: { name: string; value: string }) => {
      await onSave(values)
      onClose()
    },
    { touches: [] },
  )
  const isNew = parameter.name === ''
  return (
    <Modal
      opened
      onClose={onClose}
      title={isNew ? t.addParameter : parameter.name}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          {isNew && <TextInput label={t.key} required data-autofocus {...form.getInputProps('name')} />}
          <TextInput label={t.value} data-autofocus={!isNew} {...form.getInputProps('value')} />
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
