import { Anchor, Button, Group, Table, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { CampaignCounts } from '../../api/types.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { statisticsTexts } from '../../texts/statistics.ts'
import { Empty } from '../../ui/empty.tsx'
import { DownloadIcon, SearchIcon } from '../../ui/icons.tsx'
import { KeyPicker } from '../../ui/key-picker.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { saveCsv } from '../../ui/save-csv.ts'
import { Time } from '../../ui/time.tsx'
import { WideTable } from '../../ui/wide-table.tsx'
import { useFormats } from './formats.ts'
import { bouncedOf } from './numbers.tsx'

const pageSize = 50

export function CampaignStatisticsPage() {
  const t = useTexts(statisticsTexts)
  const common = useTexts(commonTexts)
  const { key } = useKeys()
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 250)
  const campaigns = useInfiniteQuery({
    queryKey: ['stats', 'campaigns', key?.publicKey, search],
    queryFn: ({ pageParam }) =>
      call<{ campaigns: CampaignCounts[] }>(
        'GET',
        query('/stats/campaigns', {
          ...{ key: key?.publicKey, search, limit: pageSize },
          ...(pageParam > 0 && { before: pageParam }),
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: ({ campaigns: rows }) => (rows.length < pageSize ? undefined : rows.at(-1)?.id),
    enabled: key !== undefined,
  })
  const all = campaigns.data?.pages.flatMap((page) => page.campaigns) ?? []
  return (
    <Page
      title={t.campaigns}
      trail={[{ label: t.title, to: '/statistics', keepsSearch: true }]}
      about={t.campaignsAbout}
      actions={
        <Button
          variant="default"
          leftSection={<DownloadIcon />}
          disabled={all.length === 0}
          onClick={() => saveCsv('campaigns.csv', campaignRows(all))}
        >
          {t.save}
        </Button>
      }
    >
      <Group align="flex-end">
        <KeyPicker />
        <TextInput
          aria-label={t.search}
          placeholder={t.search}
          leftSection={<SearchIcon />}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          w={280}
        />
      </Group>
      <Loaded from={campaigns}>
        {() =>
          all.length === 0 ? (
            <Empty
              title={search === '' ? t.noCampaigns : t.noMatch}
              hint={search === '' && t.noCampaignsHint}
            />
          ) : (
            <>
              <CampaignTable campaigns={all} />
              {campaigns.hasNextPage && (
                <Button
                  variant="default"
                  onClick={() => void campaigns.fetchNextPage()}
                  loading={campaigns.isFetchingNextPage}
                >
                  {common.more}
                </Button>
              )}
            </>
          )
        }
      </Loaded>
    </Page>
  )
}

function CampaignTable({ campaigns }: { campaigns: readonly CampaignCounts[] }) {
  const t = useTexts(statisticsTexts)
  const { number, share } = useFormats()
  const numbers = [
    t.processed,
    t.sent,
    t.opened,
    t.clicked,
    t.bounced,
    t.blocked,
    t.unsubscribed,
    t.complained,
  ]
  const part = (count: number, whole: number) => (
    <>
      {number(count)}
      <Text size="xs" c="dimmed">
        {share(count, whole) ?? '—'}
      </Text>
    </>
  )
  return (
    <WideTable minWidth={980}>
      <Table verticalSpacing="xs">
        <Table.Caption>{t.ratesAbout}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t.name}</Table.Th>
            <Table.Th scope="col">{t.began}</Table.Th>
            {numbers.map((name) => (
              <Table.Th key={name} scope="col" ta="right">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {campaigns.map((campaign) => (
            <Table.Tr key={campaign.id}>
              <Table.Th scope="row" fw={400} maw={320} className="breaks-anywhere">
                <Anchor component={Link} to={`/statistics/campaigns/${campaign.id}`} search fw={600}>
                  {campaign.title ?? campaign.name}
                </Anchor>
              </Table.Th>
              <Table.Td>
                <Text size="sm">
                  <Time at={campaign.createdAt} />
                </Text>
              </Table.Td>
              <Table.Td ta="right">{number(campaign.processed)}</Table.Td>
              <Table.Td ta="right">{part(campaign.sent, campaign.processed)}</Table.Td>
              <Table.Td ta="right">{part(campaign.opened, campaign.sent)}</Table.Td>
              <Table.Td ta="right">{part(campaign.clicked, campaign.sent)}</Table.Td>
              <Table.Td ta="right">{part(bouncedOf(campaign), campaign.processed)}</Table.Td>
              <Table.Td ta="right">{part(campaign.blocked, campaign.processed)}</Table.Td>
              <Table.Td ta="right">{part(campaign.unsubscribed, campaign.sent)}</Table.Td>
              <Table.Td ta="right">{part(campaign.complained, campaign.sent)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  )
}

function campaignRows(campaigns: readonly CampaignCounts[]): (string | number)[][] {
  const names = [
    ...(['processed', 'sent', 'softBounced', 'hardBounced', 'blocked', 'opened', 'clicked'] as const),
    ...(['unsubscribed', 'complained', 'opens', 'clicks', 'machineOpens', 'machineClicks'] as const),
  ]
  return [
    ['id', 'name', 'title', 'began', ...names],
    ...campaigns.map((campaign) => [
      ...[campaign.id, campaign.name, campaign.title ?? '', new Date(campaign.createdAt).toISOString()],
      ...names.map((name) => campaign[name]),
    ]),
  ]
}
