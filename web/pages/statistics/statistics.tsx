import { Anchor, Button, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { query } from '../../api/call.ts'
import type { SenderCounts, Statistics } from '../../api/types.ts'
import { hasAnswered, useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { overviewTexts } from '../../texts/overview.ts'
import { statisticsTexts } from '../../texts/statistics.ts'
import { Empty } from '../../ui/empty.tsx'
import { DownloadIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { saveCsv } from '../../ui/save-csv.ts'
import { Breakdown } from './breakdown.tsx'
import { Choose } from './choose.tsx'
import { Numbers } from './numbers.tsx'
import { OverTime, sliceRows } from './over-time.tsx'
import { Readers } from './readers.tsx'
import { type Span, spanBefore } from './time-span.ts'
import { useChoice } from './use-choice.ts'

export function StatisticsPage() {
  const t = useTexts(statisticsTexts)
  const { key } = useKeys()
  const choice = useChoice()
  const { span, resolution, timing, isCompared } = choice
  const of = { key: key?.publicKey, resolution, timing }
  const path = (time: Span | undefined) =>
    key === undefined || time === undefined ? undefined : query('/stats', { ...of, ...time })
  const read = useRead<Statistics>(path(span), { everyMs: 30_000 })
  const before = useRead<Statistics>(isCompared && span !== undefined ? path(spanBefore(span)) : undefined)
  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        <>
          <Button component={Link} to="/statistics/campaigns" search variant="default">
            {t.toCampaigns}
          </Button>
          <Button
            variant="default"
            leftSection={<DownloadIcon />}
            disabled={read.data === undefined}
            onClick={() => saveCsv('statistics.csv', sliceRows(read.data?.series ?? []))}
          >
            {t.save}
          </Button>
        </>
      }
    >
      <Choose choice={choice} />
      {span !== undefined && (
        <Loaded from={read}>
          {({ sum, series, isComplete }) => (
            <>
              {series.length === 0 ? (
                <NothingSent />
              ) : (
                <>
                  <Numbers counts={sum} before={isCompared ? before.data?.sum : undefined} timing={timing} />
                  <OverTime series={series} span={span} resolution={resolution} showsRate />
                  <Senders of={{ key: key?.publicKey, resolution, ...span }} />
                </>
              )}
              {!isComplete && (
                <Text size="sm" c="dimmed">
                  {t.counting}
                </Text>
              )}
            </>
          )}
        </Loaded>
      )}
      {key !== undefined && hasAnswered(read) && (
        <Readers of={{ key: key.publicKey }} about={t.sinceBeginning} />
      )}
    </Page>
  )
}

function NothingSent() {
  const t = useTexts(statisticsTexts)
  const words = useTexts(overviewTexts)
  return (
    <Empty title={t.empty} hint={t.emptyHint}>
      <Anchor component={Link} to="/messages">
        {words.toMessages}
      </Anchor>
    </Empty>
  )
}

function Senders({ of }: { of: Record<string, string | number | undefined> }) {
  const t = useTexts(statisticsTexts)
  const senders = useRead<{ senders: SenderCounts[] }>(query('/stats/senders', of))
  return (
    <Loaded from={senders}>
      {({ senders: rows }) => (
        <Breakdown
          title={t.senders}
          about={t.sendersAbout}
          rows={rows}
          none={t.nothingYet}
          file="senders.csv"
          firstWidth={200}
          keyOf={({ id }) => String(id)}
          columns={[
            { name: t.sender, value: ({ email }) => email },
            { name: t.processed, value: ({ processed }) => processed },
            { name: t.sent, value: ({ sent }) => sent },
            { name: t.opened, value: ({ opened }) => opened },
            { name: t.clicked, value: ({ clicked }) => clicked },
            { name: t.hardBounced, value: ({ hardBounced }) => hardBounced },
            { name: t.complained, value: ({ complained }) => complained },
          ]}
        />
      )}
    </Loaded>
  )
}
