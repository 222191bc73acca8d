import { Anchor, Badge, Group, Paper, SegmentedControl, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { query } from '../../api/call.ts'
import type { Overview } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { overviewTexts } from '../../texts/overview.ts'
import { queueTexts } from '../../texts/queue.ts'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Attention } from './attention.tsx'
import { Chart } from './chart.tsx'

const ranges = ['24', '168', '720'] as const
const measures = ['accepted', 'delivered', 'deferred', 'bounced', 'blocked', 'complained'] as const

export function OverviewPage() {
  const t = useTexts(overviewTexts)
  const [range, setRange] = useState<string>('24')
  const overview = useRead<Overview>(query('/overview', { hours: range }), { everyMs: 10_000 })
  return (
    <Page
      title={t.title}
      actions={
        <SegmentedControl
          aria-label={t.range}
          value={range}
          onChange={setRange}
          data={ranges.map((value) => ({ value, label: t.ranges[value] }))}
        />
      }
    >
      <Loaded from={overview}>
        {(read) => (
          <Stack gap="lg">
            <Numbers overview={read} />
            <Attention overview={read} />
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              <Domains overview={read} />
              <Waiting overview={read} />
            </SimpleGrid>
          </Stack>
        )}
      </Loaded>
    </Page>
  )
}

function Numbers({ overview: { hours, isComplete } }: { overview: Overview }) {
  const t = useTexts(overviewTexts)
  const { language } = usePreferences()
  const number = new Intl.NumberFormat(language)
  const total = (name: (typeof measures)[number]) => hours.reduce((sum, hour) => sum + hour[name], 0)
  const isEmpty = measures.every((name) => total(name) === 0)
  if (isEmpty) {
    return (
      <Empty title={t.first} hint={t.firstHint}>
        <Anchor component={Link} to="/messages">
          {t.toMessages}
        </Anchor>
      </Empty>
    )
  }
  return (
    <Paper withBorder p="md">
      <Stack>
        <SimpleGrid cols={{ base: 2, xs: 3, md: 6 }}>
          {measures.map((name) => (
            <div key={name}>
              <Text size="xl" fw={700} lh={1.2}>
                {number.format(total(name))}
              </Text>
              <Text size="sm" c="dimmed">
                {t[name]}
              </Text>
            </div>
          ))}
        </SimpleGrid>
        <Chart hours={hours} label={t.chart(total('accepted'), total('delivered'), total('bounced'))} />
        {!isComplete && (
          <Text size="sm" c="dimmed">
            {t.counting}
          </Text>
        )}
      </Stack>
    </Paper>
  )
}

function Domains({ overview: { domains } }: { overview: Overview }) {
  const t = useTexts(overviewTexts)
  return (
    <Paper withBorder p="md" component="section" aria-label={t.domains}>
      <Title order={2} mb="sm">
        {t.domains}
      </Title>
      <Stack gap="xs">
        {domains.map(({ name, isActive, problem }) => {
          const isHealthy = isActive && problem === ''
          return (
            <Group key={name} justify="space-between" wrap="nowrap">
              <Anchor component={Link} to={`/account/domain/${name}`} className="breaks-anywhere">
                {name}
              </Anchor>
              <Badge
                variant="light"
                color={isHealthy ? 'teal' : 'orange'}
                tt="none"
                style={{ flexShrink: 0 }}
              >
                {isHealthy ? t.healthy : t.needsWork}
              </Badge>
            </Group>
          )
        })}
        {domains.length === 0 && <Text c="dimmed">—</Text>}
      </Stack>
    </Paper>
  )
}

function Waiting({ overview: { queue } }: { overview: Overview }) {
  const t = useTexts(overviewTexts)
  const words = useTexts(queueTexts)
  return (
    <Paper withBorder p="md" component="section" aria-label={t.queue}>
      <Title order={2} mb="sm">
        <Anchor component={Link} to="/queue" inherit>
          {t.queue}
        </Anchor>
      </Title>
      <Stack gap="xs">
        {queue.map(({ lane, due, waiting, leased, held }) => (
          <Group key={lane} justify="space-between">
            <Text>{words.lanes[lane]}</Text>
            <Text size="sm" c="dimmed">
              {due + leased} {words.due}, {waiting} {words.waiting}, {held} {words.held}
            </Text>
          </Group>
        ))}
        {queue.length === 0 && <Text c="dimmed">{words.empty}</Text>}
      </Stack>
    </Paper>
  )
}
