import {
  ActionIcon,
  Badge,
  Button,
  Group,
  Menu,
  Modal,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import type { ApiKey } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { ownKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { accountTexts } from '../../texts/account.ts'
import { commonTexts, roleNames } from '../../texts/common.ts'
import { ConfirmDialog } from '../../ui/confirm.tsx'
import { Copy } from '../../ui/copy.tsx'
import { GearIcon, PlusIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Problem } from '../../ui/problem.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { Time } from '../../ui/time.tsx'
import { WideTable } from '../../ui/wide-table.tsx'
import { KeyTracking } from './key-tracking.tsx'

type Asked = { kind: 'create' } | { kind: 'tracking' | 'rename' | 'suspend'; key: ApiKey } | undefined

/** The API keys of the account. Who is no owner may look; what mail tracks is for marketers too. */
export function Keys() {
  const t = useTexts(accountTexts)
  const common = useTexts(commonTexts)
  const role = useTexts(roleNames)
  const { may } = useSession()
  const isOwner = may('owner')
  const keys = useRead<{ keys: ApiKey[] }>('/keys')
  const [asked, ask] = useState<Asked>()
  const [secret, setSecret] = useState<string>()
  const change = useChange(
    ({ key, step }: { key: ApiKey; step: 'suspend' | 'resume' }) => call('POST', `/keys/${key.id}/${step}`),
    { touches: ['keys'] },
  )

  return (
    <Stack>
      <Group justify="space-between" align="flex-end">
        <div>
          <Title order={2}>{t.keys}</Title>
          <Text c="dimmed">{t.keysHint}</Text>
        </div>
        <Button
          leftSection={<PlusIcon />}
          disabled={!isOwner}
          title={isOwner ? undefined : common.needsRole(role.owner)}
          onClick={() => ask({ kind: 'create' })}
        >
          {t.newKey}
        </Button>
      </Group>
      {secret !== undefined && (
        <SecretOnce
          title={t.newSecret}
          secret={secret}
          what={t.secretKey}
          onClose={() => setSecret(undefined)}
        />
      )}
      <Problem error={change.error} />
      <Loaded from={keys}>
        {(read) => (
          <WideTable minWidth={620}>
            <Table verticalSpacing="sm">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.name}</Table.Th>
                  <Table.Th>{t.apiKey}</Table.Th>
                  <Table.Th>{t.created}</Table.Th>
                  <Table.Th />
                  <Table.Th />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {ownKeys(read.keys).map((key) => (
                  <Table.Tr key={key.id}>
                    <Table.Td className="breaks-anywhere">{key.name}</Table.Td>
                    <Table.Td>
                      <Group gap={4} wrap="nowrap">
                        <Text ff="monospace" fz="sm">
                          {key.publicKey}
                        </Text>
                        <Copy value={key.publicKey} what={t.apiKey} />
                      </Group>
                    </Table.Td>
                    <Table.Td>
                      <Time at={key.createdAt} />
                    </Table.Td>
                    <Table.Td>
                      <Group gap={6} wrap="nowrap">
                        <Badge variant="light" color={key.isActive ? 'teal' : 'red'} tt="none">
                          {key.isActive ? t.active : t.suspended}
                        </Badge>
                        {key.isMaster && (
                          <Badge variant="light" color="gray" tt="none">
                            {t.master}
                          </Badge>
                        )}
                      </Group>
                    </Table.Td>
                    <Table.Td ta="right">
                      <Menu position="bottom-end">
                        <Menu.Target>
                          <ActionIcon
                            variant="subtle"
                            color="gray"
                            disabled={!may('marketer')}
                            aria-label={t.keyActions(key.name)}
                          >
                            <GearIcon />
                          </ActionIcon>
                        </Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item onClick={() => ask({ kind: 'tracking', key })}>{t.tracking}</Menu.Item>
                          <Menu.Item disabled={!isOwner} onClick={() => ask({ kind: 'rename', key })}>
                            {t.rename}
                          </Menu.Item>
                          {key.isActive ? (
                            <Menu.Item disabled={!isOwner} onClick={() => ask({ kind: 'suspend', key })}>
                              {t.suspend}
                            </Menu.Item>
                          ) : (
                            <Menu.Item
                              disabled={!isOwner}
                              onClick={() => change.mutate({ key, step: 'resume' })}
                            >
                              {t.resume}
                            </Menu.Item>
                          )}
                        </Menu.Dropdown>
                      </Menu>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </WideTable>
        )}
      </Loaded>
      {asked?.kind === 'tracking' && <KeyTracking apiKey={asked.key} onClose={() => ask(undefined)} />}
      {(asked?.kind === 'create' || asked?.kind === 'rename') && (
        <NameDialog
          key={asked.kind === 'rename' ? asked.key.id : 'new'}
          renamed={asked.kind === 'rename' ? asked.key : undefined}
          onClose={() => ask(undefined)}
          onSecret={setSecret}
        />
      )}
      <ConfirmDialog
        title={t.suspend}
        question={t.suspendHint}
        isOpen={asked?.kind === 'suspend'}
        onClose={() => ask(undefined)}
        onConfirm={async () => {
          if (asked?.kind === 'suspend') await change.mutateAsync({ key: asked.key, step: 'suspend' })
        }}
      />
    </Stack>
  )
}

function NameDialog({
  renamed,
  onClose,
  onSecret,
}: {
  renamed: ApiKey | undefined
  onClose: () => void
  onSecret: (secret: string) => void
}) {
  const t = useTexts(accountTexts)
  const common = useTexts(commonTexts)
  const form = useForm({ mode: 'uncontrolled', initialValues: { name: renamed?.name ?? '' } })
  const save = useChange(
    async ({ name }: { name: string }) => {
      if (renamed !== undefined) await call('PATCH', `/keys/${renamed.id}`, { name })
      else onSecret((await call<{ secret: string }>('POST', '/keys', { name })).secret)
      onClose()
    },
    { touches: ['keys'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={renamed === undefined ? t.newKey : t.rename}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <TextInput label={t.name} required data-autofocus {...form.getInputProps('name')} />
          <Problem error={save.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {renamed === undefined ? common.create : common.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
