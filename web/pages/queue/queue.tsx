import { Alert, Group, Paper, SimpleGrid, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import type { QueueAction, QueueLane, WaitingSite } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { queueTexts } from '../../texts/queue.ts'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Site } from './site.tsx'

export type QueueChange = { action: QueueAction; ids?: number[]; filter?: { domain: string } }

export function QueuePage() {
  const t = useTexts(queueTexts)
  const counts = useRead<{ lanes: QueueLane[] }>('/queue/counts', { everyMs: 3_000 })
  const sites = useRead<{ sites: WaitingSite[] }>('/queue/sites', { everyMs: 3_000 })
  const [opened, setOpened] = useState<string>()
  const change = useChange(
    ({ action, ...of }: QueueChange) =>
      call<{ changed: number[]; refused: { id: number; reason: string }[] }>('POST', `/queue/${action}`, of),
    { touches: ['queue', 'messages', 'overview'] },
  )
  return (
    <Page title={t.title} about={t.about}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        {counts.data?.lanes
          .filter(({ lane }) => lane in t.lanes)
          .map((lane) => (
            <Lane key={lane.lane} lane={lane} />
          ))}
      </SimpleGrid>
      <Problem error={change.error} />
      {change.data !== undefined && (
        <Alert color={change.data.refused.length === 0 ? 'teal' : 'yellow'} role="status">
          {t.changed(change.data.changed.length)}
          {change.data.refused.slice(0, 3).map(({ id, reason }) => (
            <Text key={id} size="sm">
              {id}: {reason}
            </Text>
          ))}
        </Alert>
      )}
      <Loaded from={sites}>
        {({ sites: all }) =>
          all.length === 0 ? (
            <Empty title={t.empty} hint={t.emptyHint} />
          ) : (
            <Stack gap="sm">
              {all.map((site) => (
                <Site
                  key={site.domain}
                  site={site}
                  isOpen={opened === site.domain}
                  onToggle={() => setOpened(opened === site.domain ? undefined : site.domain)}
                  onChange={(asked) => change.mutateAsync(asked)}
                />
              ))}
            </Stack>
          )
        }
      </Loaded>
    </Page>
  )
}

function Lane({ lane }: { lane: QueueLane }) {
  const t = useTexts(queueTexts)
  return (
    <Paper withBorder p="md">
      <Text fw={600} mb={4}>
        {t.lanes[lane.lane]}
      </Text>
      <Group gap="lg">
        {(['due', 'waiting', 'leased', 'held'] as const).map((name) => (
          <div key={name}>
            <Text fw={700} size="xl" lh={1.1}>
              {lane[name]}
            </Text>
            <Text size="sm" c="dimmed">
              {t[name]}
            </Text>
          </div>
        ))}
      </Group>
    </Paper>
  )
}
