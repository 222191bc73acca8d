/** Sums of what is counted for a key, or for some of its campaigns, in a time (reference: statistics.md §9, messagestatistics). */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { KeyId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { StatMetrics, StatResolution } from '../storage/tables/statistics.ts'
import { isKept } from './forget.ts'
import { addTo, metricNames, noMetrics, sliceOf } from './metrics.ts'
import { sumsOf } from './read.ts'

export type Choice = {
  keyId: KeyId
  now: Instant
  /** By the times of the messages, as exactly as slices of that time are kept. */
  from?: Instant
  to?: Instant
  /** Conditions on the row of a campaign in `campaigns`; all of them hold. Without any, all mail is counted. */
  ofCampaigns?: readonly RawBuilder<boolean>[]
  /** Mail of no campaign is counted as well. */
  withoutCampaign?: boolean
}

export type ChosenTotals = StatMetrics & {
  /** Messages accepted that went out as a campaign to a list. */
  ofMailings: number
}

export async function readChosenTotals(db: Kysely<Schema>, choice: Choice): Promise<ChosenTotals> {
  const { keyId, ofCampaigns = [], withoutCampaign = true } = choice
  const all = sql<boolean>`(${sql.join([sql`1 = 1`, ...ofCampaigns], sql` AND `)})`
  const campaigns = (which: RawBuilder<boolean>) =>
    sum(db, {
      ...{ ...choice, source: 'campaign' as const },
      ids: sql`SELECT id FROM campaigns WHERE key_id = ${keyId} AND ${which}`,
    })
  const { processed: ofMailings } = await campaigns(sql`${all} AND campaigns.mailing_id IS NOT NULL`)
  if (!withoutCampaign) return { ...(await campaigns(all)), ofMailings }
  const totals = await sum(db, { ...choice, source: 'key', ids: sql`${keyId}` })
  if (ofCampaigns.length > 0) addTo(totals, negative(await campaigns(sql`NOT ${all}`)))
  return { ...totals, ofMailings }
}

async function sum(
  db: Kysely<Schema>,
  { source, ids, from, to, now }: Choice & { source: 'key' | 'campaign'; ids: RawBuilder<unknown> },
): Promise<StatMetrics> {
  const resolution = resolutionOf({ from, to, now })
  let counters = db
    .selectFrom('stat_counters')
    .select(({ fn }) => metricNames.map((name) => fn.sum<number | string | bigint>(name).as(name)))
    .where('source', '=', source)
    .where(sql<boolean>`source_id IN (${ids})`)
    .where('timing', '=', 'message')
    .where('resolution', '=', resolution)
  if (from !== undefined) counters = counters.where('slice', '>=', sliceOf(from, resolution))
  if (to !== undefined) counters = counters.where('slice', '<=', to)
  return sumsOf(await counters.executeTakeFirstOrThrow())
}

function resolutionOf({ from, to, now }: { from?: Instant; to?: Instant; now: Instant }): StatResolution {
  if (from === undefined) return to === undefined ? 'lifetime' : 'day'
  return (['five-minutes', 'hour'] as const).find((resolution) => isKept(from, { resolution, now })) ?? 'day'
}

function negative(metrics: StatMetrics): StatMetrics {
  const negated = noMetrics()
  for (const name of metricNames) negated[name] = -metrics[name]
  return negated
}
