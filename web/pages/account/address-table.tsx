import { ActionIcon, Badge, Group, Menu, Stack, Table, Text } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import type { Sender, Validation } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { commonTexts, roleNames } from '../../texts/common.ts'
import { sendersTexts } from '../../texts/senders.ts'
import { ConfirmDialog } from '../../ui/confirm.tsx'
import { GearIcon } from '../../ui/icons.tsx'
import { Problem } from '../../ui/problem.tsx'
import { ActivationSent, SenderActive } from './activation-sent.tsx'
import { EditSender } from './edit-sender.tsx'

/** Single addresses. Those of a proved domain are here only when they were added by themselves. */
export function AddressTable({ senders }: { senders: readonly Sender[] }) {
  const t = useTexts(sendersTexts)
  const common = useTexts(commonTexts)
  const role = useTexts(roleNames)
  const may = useSession().may('admin')
  const [removed, setRemoved] = useState<Sender>()
  const [edited, setEdited] = useState<Sender>()
  const validate = useChange(
    ({ id, keyId }: Sender) =>
      call<{ sender: Sender; validation: Validation }>('POST', `/senders/${id}/validate?key=${keyId}`),
    { touches: ['senders', 'lab'] },
  )
  const makeDefault = useChange(
    ({ id, keyId }: Sender) => call('POST', `/senders/${id}?key=${keyId}`, { isDefault: true }),
    { touches: ['senders'] },
  )
  const remove = useChange(({ id, keyId }: Sender) => call('DELETE', `/senders/${id}?key=${keyId}`), {
    touches: ['senders'],
  })
  const tried = validate.data?.sender

  return (
    <Stack gap="sm">
      <Problem error={validate.error ?? makeDefault.error} />
      {tried !== undefined &&
        (tried.status === 'active' ? (
          <SenderActive email={tried.email} />
        ) : (
          <ActivationSent email={tried.email} />
        ))}
      <Table verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t.address}</Table.Th>
            <Table.Th>{t.state}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {senders.map((sender) => (
            <Table.Tr key={sender.id}>
              <Table.Td>
                <Text fw={600} className="breaks-anywhere">
                  {sender.email}
                </Text>
                <Text size="sm" c="dimmed" className="breaks-anywhere">
                  {[sender.name, t.kinds[sender.kind]].filter((word) => word !== '').join(' · ')}
                </Text>
              </Table.Td>
              <Table.Td>
                <Group gap={6}>
                  <Badge variant="light" color={sender.status === 'active' ? 'teal' : 'yellow'} tt="none">
                    {sender.status === 'active' ? t.states.active : t.states.inactive}
                  </Badge>
                  {sender.isDefault && (
                    <Badge variant="light" color="blue" tt="none">
                      {t.isDefault}
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
                      disabled={!may}
                      aria-label={t.gear(sender.email)}
                      title={may ? undefined : common.needsRole(role.admin)}
                    >
                      <GearIcon />
                    </ActionIcon>
                  </Menu.Target>
                  <Menu.Dropdown>
                    {sender.status === 'inactive' && (
                      <Menu.Item onClick={() => validate.mutate(sender)}>{t.validate}</Menu.Item>
                    )}
                    <Menu.Item onClick={() => setEdited(sender)}>{t.rename}</Menu.Item>
                    {!sender.isDefault && sender.status === 'active' && (
                      <Menu.Item onClick={() => makeDefault.mutate(sender)}>{t.makeDefault}</Menu.Item>
                    )}
                    <Menu.Item color="red" onClick={() => setRemoved(sender)}>
                      {t.remove}
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {edited !== undefined && (
        <EditSender key={edited.id} sender={edited} onClose={() => setEdited(undefined)} />
      )}
      <ConfirmDialog
        title={t.remove}
        question={t.removeAddressSure(removed?.email ?? '')}
        isOpen={removed !== undefined}
        onClose={() => setRemoved(undefined)}
        onConfirm={async () => {
          if (removed !== undefined) await remove.mutateAsync(removed)
        }}
      />
    </Stack>
  )
}
