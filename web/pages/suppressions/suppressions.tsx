import { Anchor, Button, Group, Select, Stack, Table, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query, segment } from '../../api/call.ts'
import { type Suppression, suppressionReasons } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { commonTexts } from '../../texts/common.ts'
import { suppressionsTexts } from '../../texts/suppressions.ts'
import { ConfirmButton } from '../../ui/confirm.tsx'
import { Empty } from '../../ui/empty.tsx'
import { PlusIcon, SearchIcon } from '../../ui/icons.tsx'
import { KeyPicker } from '../../ui/key-picker.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { WideTable } from '../../ui/wide-table.tsx'
import { AddSuppressions } from './add.tsx'
import { ExportButton } from './export.tsx'

const pageSize = 100

export function SuppressionsPage() {
  const t = useTexts(suppressionsTexts)
  const common = useTexts(commonTexts)
  const may = useSession().may('marketer')
  const { key } = useKeys()
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 250)
  const [reason, setReason] = useState('')
  const [isAdding, setAdding] = useState(false)
  const list = useInfiniteQuery({
    queryKey: ['suppressions', key?.publicKey, search, reason],
    queryFn: ({ pageParam }) =>
      call<{ suppressions: Suppression[] }>(
        'GET',
        query('/suppressions', { key: key?.publicKey, search, reason, limit: pageSize, after: pageParam }),
      ),
    initialPageParam: '',
    getNextPageParam: ({ suppressions }) =>
      suppressions.length < pageSize ? undefined : (suppressions.at(-1)?.address ?? undefined),
    enabled: key !== undefined,
  })
  const remove = useChange(
    (address: string) => call('DELETE', query(`/suppressions/${segment(address)}`, { key: key?.publicKey })),
    { touches: ['suppressions'] },
  )

  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        <>
          <ExportButton apiKey={key?.publicKey} />
          <Button leftSection={<PlusIcon />} disabled={!may} onClick={() => setAdding(true)}>
            {t.add}
          </Button>
        </>
      }
    >
      <KeyPicker />
      <Group gap="xs">
        <TextInput
          aria-label={t.search}
          placeholder={t.search}
          leftSection={<SearchIcon />}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          w={300}
        />
        <Select
          aria-label={t.reason}
          data={[
            { value: '', label: t.anyReason },
            ...suppressionReasons.map((value) => ({ value, label: t.reasons[value] })),
          ]}
          value={reason}
          onChange={(next) => setReason(next ?? '')}
          allowDeselect={false}
          w={220}
        />
      </Group>
      <Loaded from={list}>
        {({ pages }) => {
          const entries = pages.flatMap((page) => page.suppressions)
          if (entries.length === 0) {
            return search === '' && reason === '' ? (
              <Empty title={t.none} hint={t.noneHint} />
            ) : (
              <Empty title={t.nothingFound} />
            )
          }
          return (
            <Stack>
              <WideTable minWidth={640}>
                <Table verticalSpacing="xs" className="breaks-anywhere">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t.address}</Table.Th>
                      <Table.Th>{t.reason}</Table.Th>
                      <Table.Th>{t.told}</Table.Th>
                      <Table.Th>{t.since}</Table.Th>
                      <Table.Th />
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {entries.map(({ address, reason: why, origin, deliveryId, createdAt }) => (
                      <Table.Tr key={address}>
                        <Table.Td fw={600}>{address}</Table.Td>
                        <Table.Td>{t.reasons[why]}</Table.Td>
                        <Table.Td>
                          {origin}{' '}
                          {deliveryId !== null && (
                            <Anchor
                              component={Link}
                              to={`/messages/${deliveryId}`}
                              size="sm"
                              underline="always"
                            >
                              {t.toMessage}
                            </Anchor>
                          )}
                        </Table.Td>
                        <Table.Td>
                          <Time at={createdAt} />
                        </Table.Td>
                        <Table.Td ta="right">
                          <ConfirmButton
                            size="xs"
                            label={common.remove}
                            aria-label={t.remove(address)}
                            question={t.removeSure(address)}
                            disabled={!may}
                            onConfirm={() => remove.mutateAsync(address)}
                          />
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </WideTable>
              {list.hasNextPage && (
                <Button
                  variant="default"
                  onClick={() => void list.fetchNextPage()}
                  loading={list.isFetchingNextPage}
                >
                  {common.more}
                </Button>
              )}
            </Stack>
          )
        }}
      </Loaded>
      {isAdding && <AddSuppressions apiKey={key?.publicKey} onClose={() => setAdding(false)} />}
    </Page>
  )
}
