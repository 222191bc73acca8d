import { Alert, List, Paper, Stack, Table, Text, Title } from '@mantine/core'
import type { Explanation } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { technicalTexts } from '../../texts/technical.ts'
import { WideTable } from '../../ui/wide-table.tsx'

export type StoredExplanation = Explanation & {
  attempts: { at: number; host: string; address: string; remarks: string[] }[]
}

/** Which server, why, and what becomes of the sender. */
export function ExplanationShown({ explanation }: { explanation: Explanation }) {
  const t = useTexts(technicalTexts)
  const { server, error, because, before, after, hosts } = explanation
  return (
    <Paper withBorder p="lg" component="section" aria-label={t.result}>
      <Stack>
        {error === null ? (
          <Alert
            color="teal"
            title={server === null ? t.byItself : t.through(server.name, `${server.host}:${server.port}`)}
          >
            {hosts.length > 0 && (
              <Text size="sm" className="breaks-anywhere">
                {t.hosts}: {hosts.join(', ')}
              </Text>
            )}
          </Alert>
        ) : (
          <Alert color="red" title={t.cannot}>
            {error}
          </Alert>
        )}
        <div>
          <Title order={3} size="h4">
            {t.because}
          </Title>
          <List type="ordered" size="sm" className="breaks-anywhere">
            {because.map((reason) => (
              <List.Item key={reason}>{reason}</List.Item>
            ))}
          </List>
        </div>
        <WideTable minWidth={420}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.headers}</Table.Th>
                <Table.Th>{t.before}</Table.Th>
                <Table.Th>{t.after}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody className="breaks-anywhere">
              <Table.Tr>
                <Table.Td>{t.headerFrom}</Table.Td>
                <Table.Td>{before.from ?? '—'}</Table.Td>
                <Table.Td>{after === null ? '—' : (after.from ?? '—')}</Table.Td>
              </Table.Tr>
              <Table.Tr>
                <Table.Td>{t.envelopeFrom}</Table.Td>
                <Table.Td>{before.envelopeFrom ?? t.noReturnPath}</Table.Td>
                <Table.Td>{after === null ? '—' : (after.envelopeFrom ?? t.ownReturnPath)}</Table.Td>
              </Table.Tr>
            </Table.Tbody>
          </Table>
        </WideTable>
      </Stack>
    </Paper>
  )
}
