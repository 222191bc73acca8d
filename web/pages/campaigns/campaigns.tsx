import { Button, Group, SegmentedControl, Stack, Switch, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { ListedCampaign } from '../../api/types.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { commonTexts } from '../../texts/common.ts'
import { Empty } from '../../ui/empty.tsx'
import { PlusIcon, SearchIcon } from '../../ui/icons.tsx'
import { KeyPicker } from '../../ui/key-picker.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { CampaignRow } from './campaign-row.tsx'
import { FirstSteps } from './first-steps.tsx'
import { NewCampaign } from './new-campaign.tsx'

const pageSize = 25
const refreshMs = 5_000

/** The states that are shown together. */
const groups = {
  all: undefined,
  draft: 'draft',
  scheduled: 'scheduled',
  running: 'sending,paused',
  sent: 'sent,cancelled',
  archived: 'archived',
} as const
type GroupName = keyof typeof groups
const groupNames = Object.keys(groups) as GroupName[]

export function CampaignsPage() {
  const t = useTexts(campaignsTexts)
  const common = useTexts(commonTexts)
  const may = useSession().may('marketer')
  const { key } = useKeys()
  const [isMaking, setMaking] = useState(false)
  const [group, setGroup] = useState<GroupName>('all')
  const [isStarred, setStarred] = useState(false)
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 250)
  const read = useInfiniteQuery({
    queryKey: ['campaigns', 'list', key?.publicKey, group, isStarred, search],
    queryFn: ({ pageParam }) =>
      call<{ campaigns: ListedCampaign[] }>(
        'GET',
        query('/campaigns', {
          ...{ key: key?.publicKey, state: groups[group], search, limit: pageSize },
          ...(isStarred && { starred: true }),
          ...(pageParam > 0 && { before: pageParam }),
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: ({ campaigns }) =>
      campaigns.length < pageSize ? undefined : (campaigns.at(-1)?.id ?? undefined),
    enabled: key !== undefined,
    refetchInterval: refreshMs,
  })
  const all = read.data?.pages.flatMap(({ campaigns }) => campaigns) ?? []
  const newButton = (
    <Button leftSection={<PlusIcon />} disabled={!may} onClick={() => setMaking(true)}>
      {t.newCampaign}
    </Button>
  )
  return (
    <Page title={t.title} about={t.about} actions={newButton}>
      <KeyPicker />
      <FirstSteps apiKey={key?.publicKey}>
        <Group align="center" gap="sm">
          <TextInput
            aria-label={t.search}
            placeholder={t.search}
            leftSection={<SearchIcon />}
            value={typed}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
            style={{ flex: '1 1 14rem' }}
            maw={380}
          />
          {/* Six words are wider than a narrow screen: they scroll in their own box. */}
          <div style={{ maxWidth: '100%', overflowX: 'auto' }}>
            <SegmentedControl
              aria-label={t.show}
              value={group}
              onChange={(next) => setGroup(next as GroupName)}
              data={groupNames.map((value) => ({ value, label: t.groups[value] }))}
            />
          </div>
          <Switch
            label={t.starredOnly}
            checked={isStarred}
            onChange={({ currentTarget }) => setStarred(currentTarget.checked)}
          />
        </Group>
        <Loaded from={read}>
          {() => {
            if (all.length === 0) {
              return group === 'all' && search === '' && !isStarred ? (
                <Empty title={t.none} hint={t.noneHint}>
                  {newButton}
                </Empty>
              ) : (
                <Empty title={t.noneFound} />
              )
            }
            return (
              <>
                <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
                  {all.map((campaign) => (
                    <CampaignRow key={campaign.id} campaign={campaign} apiKey={key?.publicKey} />
                  ))}
                </Stack>
                {read.hasNextPage && (
                  <Button
                    variant="default"
                    onClick={() => void read.fetchNextPage()}
                    loading={read.isFetchingNextPage}
                  >
                    {common.more}
                  </Button>
                )}
              </>
            )
          }}
        </Loaded>
      </FirstSteps>
      {isMaking && <NewCampaign apiKey={key?.publicKey} onClose={() => setMaking(false)} />}
    </Page>
  )
}
