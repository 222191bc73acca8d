import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useMemo } from 'react'
import { query, segment } from '../../api/call.ts'
import type { CampaignCounts, Counts, OpenedCampaignCounts, Statistics, Tracked } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useParam } from '../../app/use-param.ts'
import { statisticsTexts } from '../../texts/statistics.ts'
import { DownloadIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { saveCsv } from '../../ui/save-csv.ts'
import { useFormats } from './formats.ts'
import { isUnseen, Numbers, useRate } from './numbers.tsx'
import { OverTime, sliceRows } from './over-time.tsx'
import { Readers } from './readers.tsx'
import { stepMs, usualStep } from './time-span.ts'

/** What became of one campaign; `/statistics/campaigns/<its id>`. */
export function OneCampaignStatisticsPage() {
  const t = useTexts(statisticsTexts)
  const { date, slice } = useFormats()
  const id = useParam('id')
  const { key } = useKeys()
  const of = { key: key?.publicKey }
  const read = useRead<OpenedCampaignCounts>(key && query(`/stats/campaigns/${segment(id)}`, of), {
    everyMs: 30_000,
  })
  const campaign = read.data?.campaign
  const time = useMemo(() => campaign && timeOf(campaign), [campaign])
  const series = useRead<Statistics>(
    key &&
      time &&
      query('/stats', { ...of, campaign: id, timing: 'event', resolution: time.resolution, ...time.span }),
  )
  return (
    <Page
      title={campaign?.title ?? campaign?.name ?? '…'}
      trail={[
        { label: t.title, to: '/statistics', keepsSearch: true },
        { label: t.campaigns, to: '/statistics/campaigns', keepsSearch: true },
      ]}
      {...(campaign !== undefined && {
        about: [
          t.campaignAbout(date(campaign.createdAt)),
          ...(campaign.lastAt === null ? [] : [t.lastEvent(slice(campaign.lastAt, 'hour'))]),
        ].join(' '),
      })}
      actions={
        <Button
          variant="default"
          leftSection={<DownloadIcon />}
          disabled={series.data === undefined}
          onClick={() => saveCsv(`campaign-${id}.csv`, sliceRows(series.data?.series ?? []))}
        >
          {t.save}
        </Button>
      }
    >
      <Loaded from={read}>
        {({ campaign: counts, tracked }) => (
          <>
            <Numbers counts={counts} tracked={tracked} />
            <Funnel counts={counts} tracked={tracked} />
            {time !== undefined && (
              <Loaded from={series}>
                {({ series: slices }) => (
                  <Stack gap="xs">
                    <Group gap="xs" align="baseline">
                      <Title order={2}>{t.overTime}</Title>
                      <Text size="sm" c="dimmed">
                        {t.overTimeAbout} {time.resolution === 'day' && t.utc}
                      </Text>
                    </Group>
                    <OverTime series={slices} span={time.span} resolution={time.resolution} />
                  </Stack>
                )}
              </Loaded>
            )}
            <Readers of={{ ...of, campaign: id }} tracked={tracked} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

const hour = 3_600_000

/** From its first message to its latest event, and an hour at least, in steps that show something. */
function timeOf({ createdAt, lastAt }: CampaignCounts) {
  const now = Date.now()
  const end = lastAt ?? createdAt
  const begin = Math.min(createdAt, end - hour)
  const isShort = end - begin < 6 * hour && begin > now - 60 * 24 * hour
  const resolution = isShort ? 'five-minutes' : usualStep({ from: begin, to: end }, now)
  const step = stepMs[resolution]
  const last = end - (end % step) + step - 1
  // Of one that goes on for years, the latest are shown.
  const from = Math.max(begin - (begin % step), last + 1 - 1_000 * step)
  return { resolution, span: { from, to: last } }
}

/** How far messages came: each bar as a part of the first, each rate of what it is a rate of everywhere. */
function Funnel({ counts, tracked }: { counts: Counts; tracked: Tracked | null }) {
  const t = useTexts(statisticsTexts)
  const { number } = useFormats()
  const rate = useRate()
  const whole = Math.max(1, counts.processed)
  return (
    <Paper withBorder p="md" component="section" aria-label={t.funnel}>
      <Title order={2} size="h4">
        {t.funnel}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t.funnelAbout}
      </Text>
      <Stack gap="xs" component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
        {(['processed', 'sent', 'opened', 'clicked'] as const).map((name) => (
          <li key={name}>
            <Group justify="space-between" gap="xs" wrap="nowrap">
              <Text size="sm" fw={500}>
                {t[name]}
              </Text>
              <Text size="sm">
                {isUnseen(name, counts, tracked) ? (
                  t.notTracked
                ) : (
                  <>
                    {number(counts[name])}
                    {name !== 'processed' && (
                      <Text span c="dimmed" size="sm">
                        {' '}
                        ({rate(name, counts) ?? '—'})
                      </Text>
                    )}
                  </>
                )}
              </Text>
            </Group>
            <div className="funnel-track" aria-hidden="true">
              <div
                className="funnel-bar"
                style={{ width: `${Math.min(100, (counts[name] / whole) * 100)}%` }}
              />
            </div>
          </li>
        ))}
      </Stack>
    </Paper>
  )
}
