import { Badge, Group, Stack, Table, Text, Title } from '@mantine/core'
import { call, query, segment } from '../../api/call.ts'
import type { DomainToPublish } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { sendersTexts } from '../../texts/senders.ts'
import { ConfirmButton } from '../../ui/confirm.tsx'

const colors = { active: 'teal', next: 'yellow', retired: 'gray' }

export function DkimKeys({
  domain,
  keyQuery,
}: {
  domain: DomainToPublish
  keyQuery: { key: string | undefined }
}) {
  const t = useTexts(sendersTexts)
  const may = useSession().may('admin')
  const rotate = useChange(() => call('POST', query(`/domains/${segment(domain.name)}/rotate`, keyQuery)), {
    touches: ['domains'],
  })
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-end">
        <div>
          <Title order={2}>{t.keys}</Title>
          <Text size="sm" c="dimmed">
            {t.keysHint}
          </Text>
        </div>
        <ConfirmButton
          label={t.rotate}
          question={t.rotateSure}
          disabled={!may}
          onConfirm={() => rotate.mutateAsync(undefined)}
        />
      </Group>
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t.selector}</Table.Th>
            <Table.Th>{t.algorithm}</Table.Th>
            <Table.Th>{t.state}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {domain.keys.map(({ id, selector, algorithm, state }) => (
            <Table.Tr key={id}>
              <Table.Td className="breaks-anywhere" ff="monospace" fz="sm">
                {selector}
              </Table.Td>
              <Table.Td>{algorithm}</Table.Td>
              <Table.Td>
                <Badge variant="light" color={colors[state]} tt="none">
                  {t.keyStates[state]}
                </Badge>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  )
}
