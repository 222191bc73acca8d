import { SimpleGrid } from '@mantine/core'
import { query } from '../../api/call.ts'
import type { ClickedLink, PartCounts, Readers as ReadersAnswer, Tracked } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { statisticsTexts } from '../../texts/statistics.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Breakdown, type Column, LinkOut } from './breakdown.tsx'
import { useFormats } from './formats.ts'
import { bouncedOf } from './numbers.tsx'

/** Links, providers, programs and countries of a key or of a campaign, since the beginning. */
export function Readers({
  of,
  about,
  tracked,
}: {
  of: Record<string, string | undefined>
  about?: string
  tracked?: Tracked | null
}) {
  const t = useTexts(statisticsTexts)
  const { share, country } = useFormats()
  const links = useRead<{ links: ClickedLink[] }>(query('/stats/links', of))
  const readers = useRead<ReadersAnswer>(query('/stats/readers', of))
  const rate = <Row extends PartCounts>(
    name: string,
    part: (row: Row) => number,
    whole: (row: Row) => number,
    isTracked = true,
  ): Column<Row> => ({
    name,
    value: (row) =>
      whole(row) === 0 || (part(row) === 0 && !isTracked)
        ? ''
        : Math.round((part(row) / whole(row)) * 10_000) / 10_000,
    show: (row) => (part(row) === 0 && !isTracked ? t.notTracked : (share(part(row), whole(row)) ?? '—')),
  })
  const shared = { ...(about !== undefined && { about }), none: t.nothingYet }
  return (
    <>
      <Loaded from={links}>
        {({ links: rows }) => (
          <Breakdown
            {...shared}
            title={t.links}
            none={tracked?.clicks === false ? t.linksNotTracked : t.linksNone}
            rows={rows}
            file="links.csv"
            firstWidth={220}
            keyOf={({ url, position }) => `${position} ${url}`}
            columns={[
              { name: t.link, value: ({ url }) => url, show: ({ url }) => <LinkOut url={url} /> },
              { name: t.place, value: ({ position }) => position },
              { name: t.messages, value: ({ messages }) => messages },
              { name: t.clicks, value: ({ clicks }) => clicks },
            ]}
          />
        )}
      </Loaded>
      <Loaded from={readers}>
        {({ providers, agents, countries }) => (
          <>
            <Breakdown
              {...shared}
              title={t.providers}
              rows={providers.toSorted((a, b) => attemptedOf(b) - attemptedOf(a))}
              file="mailbox-providers.csv"
              keyOf={({ provider }) => provider}
              columns={[
                {
                  name: t.provider,
                  value: ({ provider }) => (provider === 'others' ? t.others : provider),
                },
                { name: t.attempted, value: attemptedOf },
                { name: t.sent, value: ({ sent }) => sent },
                rate(
                  t.openRate,
                  ({ opened }) => opened,
                  ({ sent }) => sent,
                  tracked?.opens,
                ),
                rate(t.bounceRate, bouncedOf, attemptedOf),
                { name: t.complained, value: ({ complained }) => complained },
              ]}
            />
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              <Breakdown
                {...shared}
                title={t.programs}
                rows={agents.toSorted((a, b) => b.opened + b.clicked - a.opened - a.clicked)}
                file="programs.csv"
                keyOf={({ platform, agent }) => `${platform} ${agent}`}
                columns={[
                  { name: t.program, value: ({ agent }) => agent },
                  { name: t.platform, value: ({ platform }) => platform },
                  { name: t.opened, value: ({ opened }) => opened },
                  { name: t.clicked, value: ({ clicked }) => clicked },
                ]}
              />
              <Breakdown
                {...shared}
                title={t.countries}
                rows={countries.toSorted((a, b) => b.opened + b.clicked - a.opened - a.clicked)}
                none={t.countriesHint}
                file="countries.csv"
                keyOf={({ country: code }) => code}
                columns={[
                  {
                    name: t.country,
                    value: ({ country: code }) => code,
                    show: (row) => country(row.country),
                  },
                  { name: t.opened, value: ({ opened }) => opened },
                  { name: t.clicked, value: ({ clicked }) => clicked },
                ]}
              />
            </SimpleGrid>
          </>
        )}
      </Loaded>
    </>
  )
}

/** Blocked ones were not tried. */
function attemptedOf({ sent, softBounced, hardBounced, deferred }: PartCounts): number {
  return sent + softBounced + hardBounced + deferred
}
