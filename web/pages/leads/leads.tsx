import { Anchor, Badge, Button, Group, Paper, SegmentedControl, Stack, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { Lead } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { leadsTexts } from '../../texts/leads.ts'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'

const pageSize = 50

export function LeadsPage() {
  const t = useTexts(leadsTexts)
  const common = useTexts(commonTexts)
  const [state, setState] = useState('open')
  const list = useInfiniteQuery({
    queryKey: ['leads', state],
    queryFn: ({ pageParam }) =>
      call<{ leads: Lead[] }>(
        'GET',
        query('/leads', {
          limit: pageSize,
          ...(state !== 'all' && { state }),
          ...(pageParam > 0 && { before: pageParam }),
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: ({ leads }) => (leads.length < pageSize ? undefined : (leads.at(-1)?.id ?? undefined)),
    refetchInterval: 5_000,
  })
  return (
    <Page title={t.title} about={t.about}>
      <SegmentedControl
        aria-label={t.title}
        value={state}
        onChange={setState}
        data={[
          { value: 'open', label: t.states.open },
          { value: 'closed', label: t.states.closed },
          { value: 'all', label: t.all },
        ]}
        maw={360}
      />
      <Loaded from={list}>
        {({ pages }) => {
          const leads = pages.flatMap((page) => page.leads)
          if (leads.length === 0) {
            return (
              <Empty title={t.none} hint={t.noneHint}>
                <Anchor component={Link} to="/technical/aliases">
                  {t.toAliases}
                </Anchor>
              </Empty>
            )
          }
          return (
            <Stack gap="xs">
              {leads.map((lead) => (
                <Paper key={lead.id} withBorder p="sm">
                  <Group justify="space-between" wrap="nowrap" align="flex-start">
                    <div style={{ minWidth: 0 }}>
                      <Group gap="xs">
                        <Anchor
                          component={Link}
                          to={`/leads/${lead.id}`}
                          fw={600}
                          className="breaks-anywhere"
                        >
                          {lead.name || t.noSubject}
                        </Anchor>
                        <Badge variant="light" color={lead.state === 'open' ? 'blue' : 'gray'} tt="none">
                          {t.states[lead.state]}
                        </Badge>
                      </Group>
                      <Text size="sm" c="dimmed" className="breaks-anywhere">
                        {lead.contact || lead.sender}
                      </Text>
                    </div>
                    <Text size="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                      <Time at={lead.updatedAt} />
                    </Text>
                  </Group>
                </Paper>
              ))}
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
    </Page>
  )
}
