import { ActionIcon, Anchor, Badge, Group, Menu, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Domain } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { sendersTexts } from '../../texts/senders.ts'
import { GearIcon } from '../../ui/icons.tsx'

const colors = { authenticated: 'teal', 'not-authenticated': 'orange', 'not-checked': 'gray' }

export function DomainTable({ domains }: { domains: readonly Domain[] }) {
  const t = useTexts(sendersTexts)
  return (
    <Table verticalSpacing="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t.domain}</Table.Th>
          <Table.Th>{t.state}</Table.Th>
          <Table.Th />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {domains.map((domain) => {
          const { id, name, isActive, dkimStatus, spfStatus, problem } = domain
          const authentication =
            dkimStatus === 'not-checked' || spfStatus === 'not-checked'
              ? 'not-checked'
              : dkimStatus === 'ok' && spfStatus === 'ok'
                ? 'authenticated'
                : 'not-authenticated'
          const path = `/account/domain/${name}`
          return (
            <Table.Tr key={id}>
              <Table.Td>
                <Anchor
                  component={Link}
                  to={isActive ? path : `${path}/validate`}
                  fw={600}
                  className="breaks-anywhere"
                >
                  {name}
                </Anchor>
                {isActive && problem !== '' && (
                  <Text size="sm" c="dimmed" className="breaks-anywhere">
                    {problem}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>
                <Group gap={6}>
                  <Badge variant="light" color={isActive ? 'teal' : 'yellow'} tt="none">
                    {isActive ? t.states.active : t.states.inactive}
                  </Badge>
                  {isActive && (
                    <Badge variant="light" color={colors[authentication]} tt="none">
                      {t.states[authentication]}
                    </Badge>
                  )}
                </Group>
              </Table.Td>
              <Table.Td ta="right">
                <Menu position="bottom-end">
                  <Menu.Target>
                    <ActionIcon variant="subtle" color="gray" aria-label={t.gear(name)}>
                      <GearIcon />
                    </ActionIcon>
                  </Menu.Target>
                  <Menu.Dropdown>
                    {!isActive && (
                      <Menu.Item component={Link} to={`${path}/validate`}>
                        {t.validate}
                      </Menu.Item>
                    )}
                    <Menu.Item component={Link} to={path}>
                      {t.authenticate}
                    </Menu.Item>
                    <Menu.Item component={Link} to={path}>
                      {t.manage}
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              </Table.Td>
            </Table.Tr>
          )
        })}
      </Table.Tbody>
    </Table>
  )
}
