import { ActionIcon, Badge, Button, Group, Menu, Stack, Table, Text } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import type { ListedUser } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { roleNames } from '../../texts/common.ts'
import { peopleTexts } from '../../texts/people.ts'
import { ConfirmDialog } from '../../ui/confirm.tsx'
import { GearIcon, PlusIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { WideTable } from '../../ui/wide-table.tsx'
import { Invite } from './invite.tsx'
import { LinkOnce } from './link-once.tsx'
import { RoleDialog } from './role-dialog.tsx'

type Asked = { step: 'reset' | 'remove' | 'role'; user: ListedUser }

export function UsersPage() {
  const t = useTexts(peopleTexts)
  const role = useTexts(roleNames)
  const me = useSession().user
  const users = useRead<{ users: ListedUser[] }>('/users')
  const [isInviting, setInviting] = useState(false)
  const [asked, ask] = useState<Asked>()
  const [link, setLink] = useState<{ email: string; url: string }>()
  const done = () => ask(undefined)
  const change = useChange(
    async ({ step, user }: Asked) => {
      if (step === 'remove') return call('DELETE', `/users/${user.id}`)
      const made = await call<{ link: { url: string } }>('POST', `/users/${user.id}/reset-password`)
      setLink({ email: user.email, url: made.link.url })
      return made
    },
    { touches: ['users'] },
  )

  return (
    <Page
      title={t.users}
      about={t.usersAbout}
      actions={
        <Button leftSection={<PlusIcon />} onClick={() => setInviting(true)}>
          {t.invite}
        </Button>
      }
    >
      {link !== undefined && <LinkOnce {...link} onClose={() => setLink(undefined)} />}
      <Loaded from={users}>
        {({ users: all }) => (
          <WideTable minWidth={560}>
            <Table verticalSpacing="sm">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.name}</Table.Th>
                  <Table.Th>{t.role}</Table.Th>
                  <Table.Th>{t.lastSeen}</Table.Th>
                  <Table.Th />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((user) => (
                  <Table.Tr key={user.id}>
                    <Table.Td className="breaks-anywhere">
                      <Stack gap={0}>
                        <Group gap={6}>
                          <Text fw={600}>{user.name || user.email}</Text>
                          {user.id === me.id && (
                            <Badge variant="light" color="blue" tt="none">
                              {t.you}
                            </Badge>
                          )}
                        </Group>
                        {user.name !== '' && (
                          <Text size="sm" c="dimmed">
                            {user.email}
                          </Text>
                        )}
                      </Stack>
                    </Table.Td>
                    <Table.Td>
                      <Group gap={6}>
                        {role[user.role]}
                        {user.hasTwoFactor && (
                          <Badge variant="light" color="teal" tt="none">
                            {t.twoFactor}
                          </Badge>
                        )}
                      </Group>
                    </Table.Td>
                    <Table.Td>
                      {user.signedInAt !== null ? (
                        <Time at={user.signedInAt} />
                      ) : user.hasPassword ? (
                        '—'
                      ) : (
                        t.invited
                      )}
                    </Table.Td>
                    <Table.Td ta="right">
                      <Menu position="bottom-end">
                        <Menu.Target>
                          <ActionIcon variant="subtle" color="gray" aria-label={t.actionsFor(user.email)}>
                            <GearIcon />
                          </ActionIcon>
                        </Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item onClick={() => ask({ step: 'role', user })}>{t.changeRole}</Menu.Item>
                          <Menu.Item onClick={() => ask({ step: 'reset', user })}>
                            {t.resetPassword}
                          </Menu.Item>
                          <Menu.Item color="red" onClick={() => ask({ step: 'remove', user })}>
                            {t.remove}
                          </Menu.Item>
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
      {isInviting && <Invite onClose={() => setInviting(false)} onLink={setLink} />}
      {asked?.step === 'role' && <RoleDialog user={asked.user} onClose={done} />}
      <ConfirmDialog
        title={asked?.step === 'reset' ? t.resetPassword : t.remove}
        question={
          asked?.step === 'reset' ? t.resetSure(asked.user.email) : t.removeSure(asked?.user.email ?? '')
        }
        isOpen={asked?.step === 'reset' || asked?.step === 'remove'}
        onClose={done}
        onConfirm={async () => {
          if (asked !== undefined) await change.mutateAsync(asked)
        }}
      />
    </Page>
  )
}
