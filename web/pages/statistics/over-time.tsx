import { Paper, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core'
import { type ReactNode, useMemo, useState } from 'react'
import type { Counts, Resolution, Slice } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { statisticsTexts } from '../../texts/statistics.ts'
import { type ChartLine, TimeChart } from '../../ui/time-chart.tsx'
import { WideTable } from '../../ui/wide-table.tsx'
import { useFormats } from './formats.ts'
import { bouncedOf } from './numbers.tsx'
import { type Span, withoutGaps } from './time-span.ts'

export function nothingAt(at: number): Slice {
  return {
    at,
    ...{
      processed: 0,
      queued: 0,
      sent: 0,
      deferred: 0,
      softBounced: 0,
      hardBounced: 0,
      blocked: 0,
      opened: 0,
    },
    ...{ clicked: 0, unsubscribed: 0, complained: 0, opens: 0, clicks: 0, openDelaySeconds: 0 },
    ...{ machineOpens: 0, machineClicks: 0 },
  }
}

/** Charts of the slices, and the same numbers as a table. */
export function OverTime({
  series,
  span,
  resolution,
  showsRate = false,
}: {
  series: readonly Slice[]
  span: Span
  resolution: Resolution
  /** Also the rate of what was delivered, where each slice is about something of its own. */
  showsRate?: boolean
}) {
  const t = useTexts(statisticsTexts)
  const slices = useMemo(
    () => withoutGaps(series, { span, resolution, nothing: nothingAt }),
    [series, span, resolution],
  )
  const at = useMemo(() => slices.map((slice) => slice.at), [slices])
  const charts = useMemo(() => {
    const line = (name: string, ink: ChartLine['ink'], pick: (counts: Counts) => number): ChartLine => ({
      ...{ name, ink },
      values: slices.map(pick),
    })
    return {
      sending: [
        line(t.processed, 'blue', (counts) => counts.processed),
        line(t.sent, 'green', (counts) => counts.sent),
      ],
      rate: [
        {
          name: t.sent,
          ink: 'green' as const,
          values: slices.map(({ sent, processed }) =>
            processed === 0 ? null : Math.min(1, sent / processed),
          ),
        },
      ],
      reading: [
        line(t.opened, 'blue', (counts) => counts.opened),
        line(t.clicked, 'green', (counts) => counts.clicked),
      ],
      trouble: [
        line(t.bounced, 'red', bouncedOf),
        line(t.unsubscribed, 'violet', (counts) => counts.unsubscribed),
        line(t.complained, 'blue', (counts) => counts.complained),
      ],
    }
  }, [slices, t])
  const days = resolution === 'day'
  const shown = (title: string, lines: readonly ChartLine[], unit?: 'share') => (
    <Box title={title} isWide={!showsRate && lines === charts.trouble}>
      <TimeChart
        {...{ at, lines, days }}
        {...(unit !== undefined && { unit })}
        label={t.chartLabel(title, lines.map(({ name }) => name).join(', '))}
      />
    </Box>
  )
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        {shown(t.sending, charts.sending)}
        {shown(t.reading, charts.reading)}
        {showsRate && shown(t.deliveredRate, charts.rate, 'share')}
        {shown(t.trouble, charts.trouble)}
      </SimpleGrid>
      <SliceTable slices={slices} resolution={resolution} />
    </Stack>
  )
}

/** `isWide`: alone in its row. */
function Box({ title, isWide, children }: { title: string; isWide: boolean; children: ReactNode }) {
  return (
    <Paper
      withBorder
      p="md"
      component="section"
      aria-label={title}
      style={{ minWidth: 0, ...(isWide && { gridColumn: '1 / -1' }) }}
    >
      <Title order={2} size="h4" mb="xs">
        {title}
      </Title>
      {children}
    </Paper>
  )
}

/** Made when it is opened: it may be long. */
function SliceTable({ slices, resolution }: { slices: readonly Slice[]; resolution: Resolution }) {
  const t = useTexts(statisticsTexts)
  const { number, share, slice: time } = useFormats()
  const [isOpen, setOpen] = useState(false)
  const filled = slices.filter((slice) =>
    Object.entries(slice).some(([name, value]) => name !== 'at' && value > 0),
  )
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <Text component="summary" fw={500} style={{ cursor: 'pointer' }}>
        {t.table}
      </Text>
      {isOpen && (
        <WideTable minWidth={860}>
          <Table striped>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{t.time}</Table.Th>
                {[
                  ...[t.processed, t.sent, t.rateColumn, t.opened, t.clicked],
                  ...[t.bounced, t.blocked, t.unsubscribed, t.complained],
                ].map((name) => (
                  <Table.Th key={name} scope="col" ta="right">
                    {name}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {filled.map((slice) => (
                <Table.Tr key={slice.at}>
                  <Table.Th scope="row" fw={400} style={{ whiteSpace: 'nowrap' }}>
                    {time(slice.at, resolution)}
                  </Table.Th>
                  <Table.Td ta="right">{number(slice.processed)}</Table.Td>
                  <Table.Td ta="right">{number(slice.sent)}</Table.Td>
                  <Table.Td ta="right">{share(slice.sent, slice.processed) ?? '—'}</Table.Td>
                  <Table.Td ta="right">{number(slice.opened)}</Table.Td>
                  <Table.Td ta="right">{number(slice.clicked)}</Table.Td>
                  <Table.Td ta="right">{number(bouncedOf(slice))}</Table.Td>
                  <Table.Td ta="right">{number(slice.blocked)}</Table.Td>
                  <Table.Td ta="right">{number(slice.unsubscribed)}</Table.Td>
                  <Table.Td ta="right">{number(slice.complained)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      )}
    </details>
  )
}

/** Rows of a file: one for each slice in which something happened, times as ISO 8601 in UTC. */
export function sliceRows(series: readonly Slice[]): (string | number)[][] {
  const names = [
    ...([
      'processed',
      'sent',
      'deferred',
      'softBounced',
      'hardBounced',
      'blocked',
      'opened',
      'clicked',
    ] as const),
    ...(['unsubscribed', 'complained', 'opens', 'clicks', 'machineOpens', 'machineClicks'] as const),
  ]
  return [
    ['at', ...names],
    ...series.map((slice) => [new Date(slice.at).toISOString(), ...names.map((name) => slice[name])]),
  ]
}
