import { Button, Stack, Table, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { peopleTexts } from '../../texts/people.ts'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { WideTable } from '../../ui/wide-table.tsx'

type Entry = {
  id: number
  at: number
  userId: number | null
  actor: string
  address: string
  action: string
  object: string
  outcome: string
}

const pageSize = 50

export function AuditPage() {
  const t = useTexts(peopleTexts)
  const common = useTexts(commonTexts)
  const [typed, setTyped] = useState('')
  const [user] = useDebouncedValue(typed.trim(), 300)
  const log = useInfiniteQuery({
    queryKey: ['audit', user],
    queryFn: ({ pageParam }) =>
      call<{ entries: Entry[] }>(
        'GET',
        query('/audit', { user, limit: pageSize, ...(pageParam > 0 && { before: pageParam }) }),
      ),
    initialPageParam: 0,
    getNextPageParam: ({ entries }) =>
      entries.length < pageSize ? undefined : (entries.at(-1)?.id ?? undefined),
  })
  return (
    <Page title={t.audit} about={t.auditAbout}>
      <TextInput
        label={t.onlyBy}
        value={typed}
        onChange={({ currentTarget }) => setTyped(currentTarget.value)}
        maw={360}
      />
      <Loaded from={log}>
        {({ pages }) => {
          const entries = pages.flatMap((page) => page.entries)
          if (entries.length === 0) return <Empty title={t.nothing} />
          return (
            <Stack>
              <WideTable minWidth={760}>
                <Table verticalSpacing="xs" className="breaks-anywhere">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t.when}</Table.Th>
                      <Table.Th>{t.who}</Table.Th>
                      <Table.Th>{t.what}</Table.Th>
                      <Table.Th>{t.about}</Table.Th>
                      <Table.Th>{t.outcome}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {entries.map((entry) => (
                      <Table.Tr key={entry.id}>
                        <Table.Td style={{ whiteSpace: 'nowrap' }}>
                          <Time at={entry.at} />
                        </Table.Td>
                        <Table.Td title={entry.address}>
                          {entry.userId === null && entry.actor === '' ? t.adminToken : entry.actor}
                        </Table.Td>
                        <Table.Td ff="monospace" fz="sm">
                          {entry.action}
                        </Table.Td>
                        <Table.Td>{entry.object}</Table.Td>
                        <Table.Td>{entry.outcome}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </WideTable>
              {log.hasNextPage && (
                <Button
                  variant="default"
                  onClick={() => void log.fetchNextPage()}
                  loading={log.isFetchingNextPage}
                >
                  {common.more}
                </Button>
              )}
            </Stack>
          )
        }}
      </Loaded>
    </Page>
  )
}
