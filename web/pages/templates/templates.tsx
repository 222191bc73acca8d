import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  Group,
  Menu,
  Paper,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
} from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { Template } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { commonTexts } from '../../texts/common.ts'
import { templatesTexts } from '../../texts/templates.ts'
import { ConfirmDialog } from '../../ui/confirm.tsx'
import { Empty } from '../../ui/empty.tsx'
import { DotsIcon, FullStarIcon, PlusIcon, SearchIcon, StarIcon } from '../../ui/icons.tsx'
import { KeyPicker } from '../../ui/key-picker.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'
import { NewTemplate } from './new-template.tsx'

const pageSize = 50

type Shown = 'all' | 'starred' | 'deleted'
type Listed = { templates: Template[]; total: number }

export function TemplatesPage() {
  const t = useTexts(templatesTexts)
  const common = useTexts(commonTexts)
  const { language } = usePreferences()
  const may = useSession().may('marketer')
  const { key } = useKeys()
  const [isMaking, setMaking] = useState(false)
  const [shown, setShown] = useState<Shown>('all')
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 250)
  const [limit, setLimit] = useState(pageSize)
  const list = useRead<Listed>(
    key &&
      query('/templates', {
        ...{ key: key.publicKey, search, limit },
        starred: shown === 'starred' ? true : undefined,
        deleted: shown === 'deleted' ? true : undefined,
      }),
  )
  const newButton = (
    <Button leftSection={<PlusIcon />} disabled={!may} onClick={() => setMaking(true)}>
      {t.newTemplate}
    </Button>
  )
  return (
    <Page title={t.title} about={t.about} actions={newButton}>
      <KeyPicker />
      <Group align="flex-end">
        <TextInput
          aria-label={t.search}
          placeholder={t.search}
          leftSection={<SearchIcon />}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          style={{ flex: '1 1 16rem' }}
          maw={420}
        />
        <SegmentedControl
          aria-label={t.show}
          value={shown}
          onChange={(next) => setShown(next as Shown)}
          data={(['all', 'starred', 'deleted'] as const).map((value) => ({ value, label: t.shown[value] }))}
        />
      </Group>
      <Loaded from={list}>
        {({ templates, total }) => {
          if (templates.length === 0) {
            if (shown === 'deleted') return <Empty title={t.noneDeleted} />
            if (shown !== 'all' || search !== '') return <Empty title={t.noneFound} />
            return (
              <Empty title={t.none} hint={t.noneHint}>
                {newButton}
              </Empty>
            )
          }
          return (
            <Stack gap="xs">
              <Text size="sm" c="dimmed" role="status">
                {t.total(total, new Intl.NumberFormat(language).format(total))}
              </Text>
              <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
                {templates.map((template) => (
                  <Row key={template.id} template={template} apiKey={key?.publicKey} may={may} />
                ))}
              </Stack>
              {templates.length < total && (
                <Button variant="default" onClick={() => setLimit(limit + pageSize)}>
                  {common.more}
                </Button>
              )}
            </Stack>
          )
        }}
      </Loaded>
      {isMaking && <NewTemplate apiKey={key?.publicKey} onClose={() => setMaking(false)} />}
    </Page>
  )
}

function Row({ template, apiKey, may }: { template: Template; apiKey: string | undefined; may: boolean }) {
  const t = useTexts(templatesTexts)
  const { id, name, description, isStarred, editMode, purposes, ownerType, version, updatedAt, isReadOnly } =
    template
  const isDeleted = template.deletedAt !== null
  const [asks, setAsks] = useState(false)
  const path = `/templates/${id}`
  const act = useChange((change: () => Promise<unknown>) => change(), { touches: ['templates'] })
  const mayChange = may && !isReadOnly
  return (
    <Paper withBorder p="sm" component="li">
      <Group wrap="nowrap" align="flex-start" gap="xs">
        {!isDeleted && (
          <ActionIcon
            variant="subtle"
            color={isStarred ? 'yellow.8' : 'gray'}
            aria-label={t.star(name)}
            aria-pressed={isStarred}
            disabled={!mayChange}
            onClick={() => act.mutate(() => call('PATCH', path, { key: apiKey, isStarred: !isStarred }))}
          >
            {isStarred ? <FullStarIcon /> : <StarIcon />}
          </ActionIcon>
        )}
        <div style={{ flex: 1, minWidth: 0 }}>
          {isDeleted ? (
            <Text fw={600} className="breaks-anywhere">
              {name}
            </Text>
          ) : (
            <Anchor component={Link} to={path} search={true} fw={600} className="breaks-anywhere">
              {name}
            </Anchor>
          )}
          {description !== '' && (
            <Text size="sm" className="breaks-anywhere">
              {description}
            </Text>
          )}
          <Group gap={6} mt={4}>
            <Badge variant="default" tt="none">
              {t.modes[editMode]}
            </Badge>
            {purposes.map((purpose) => (
              <Badge key={purpose} variant="default" tt="none">
                {t.purposeNames[purpose]}
              </Badge>
            ))}
            {ownerType === 'user' && (
              <Badge variant="light" tt="none">
                {t.ownerUser}
              </Badge>
            )}
            <Text size="sm" c="dimmed">
              {version === 0 ? t.notSaved : t.version(version)} · <Time at={updatedAt} />
            </Text>
          </Group>
          <Problem error={act.error} />
        </div>
        {isDeleted ? (
          <Button
            size="xs"
            variant="default"
            disabled={!mayChange}
            loading={act.isPending}
            onClick={() => act.mutate(() => call('POST', `${path}/undelete`, { key: apiKey }))}
          >
            {t.bringBack}
          </Button>
        ) : (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="default" aria-label={t.more(name)} disabled={!may}>
                <DotsIcon />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => act.mutate(() => call('POST', `${path}/duplicate`, { key: apiKey }))}>
                {t.duplicate}
              </Menu.Item>
              <Menu.Item disabled={!mayChange} onClick={() => setAsks(true)}>
                {t.delete}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </Group>
      <ConfirmDialog
        title={t.delete}
        question={t.deleteQuestion(name)}
        isOpen={asks}
        onClose={() => setAsks(false)}
        onConfirm={() => act.mutateAsync(() => call('DELETE', query(path, { key: apiKey })))}
      />
    </Paper>
  )
}
