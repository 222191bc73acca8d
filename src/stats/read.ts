/** Counts as they are shown. However many events there were, a few rows are read. */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { CampaignId, ContactListId, KeyId, SenderId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'
import type { StatMetrics, StatResolution, StatSource } from '../storage/tables/statistics.ts'
import { metricNames, noMetrics } from './metrics.ts'

export type CounterRow = StatMetrics & {
  source_id: number
  detail: string
  slice: number
  last_at: number | null
}

/** In the order of sources and times. */
export async function readCounters(
  db: Kysely<Schema>,
  query: {
    source: StatSource
    sourceIds: readonly number[]
    timing?: 'message' | 'event'
    resolution?: StatResolution
    from?: number
    to?: number
    limit?: number
    offset?: number
  },
): Promise<CounterRow[]> {
  const { source, sourceIds, timing = 'message', resolution = 'lifetime', from, to } = query
  if (sourceIds.length === 0) return []
  let selection = db
    .selectFrom('stat_counters')
    .selectAll()
    .where('source', '=', source)
    .where('source_id', 'in', sourceIds)
    .where('timing', '=', timing)
    .where('resolution', '=', resolution)
  if (from !== undefined) selection = selection.where('slice', '>=', from)
  if (to !== undefined) selection = selection.where('slice', '<=', to)
  if (query.limit !== undefined) selection = selection.limit(query.limit).offset(query.offset ?? 0)
  return selection.orderBy('source_id').orderBy('slice').orderBy('detail').execute()
}

/** Altogether, of one; zeros when nothing happened yet. */
export async function readTotal(
  db: Kysely<Schema>,
  { source, sourceId }: { source: StatSource; sourceId: number },
): Promise<CounterRow> {
  const [row] = await readCounters(db, { source, sourceIds: [sourceId] })
  return row ?? noCounts(sourceId)
}

/** The same of several, one for each id, in the order of the ids. */
export async function readTotals(
  db: Kysely<Schema>,
  {
    source,
    sourceIds,
    timing,
  }: { source: StatSource; sourceIds: readonly number[]; timing?: 'message' | 'event' },
): Promise<CounterRow[]> {
  const rows = await readCounters(db, { source, sourceIds, ...(timing !== undefined && { timing }) })
  const byId = new Map(rows.map((row) => [row.source_id, row]))
  return sourceIds.map((id) => byId.get(id) ?? noCounts(id))
}

/** Of each sender of a key, by the times of the messages: those that sent most first. */
export async function readSumOfSenders(
  db: Kysely<Schema>,
  {
    keyId,
    resolution,
    from,
    to,
    limit,
  }: { keyId: KeyId; resolution: StatResolution; from: number; to: number; limit: number },
): Promise<(StatMetrics & { id: SenderId; email: string })[]> {
  const rows = await db
    .selectFrom('stat_counters')
    .innerJoin('senders', 'senders.id', 'stat_counters.source_id')
    .select(({ fn }) => [
      'senders.id',
      'senders.email',
      ...metricNames.map((name) => fn.sum<number | string | bigint>(name).as(name)),
    ])
    .where('stat_counters.source', '=', 'sender')
    .where('stat_counters.source_id', 'in', ({ selectFrom }) =>
      selectFrom('senders as own').select('own.id').where('own.key_id', '=', keyId),
    )
    .where('stat_counters.timing', '=', 'message')
    .where('stat_counters.resolution', '=', resolution)
    .where('stat_counters.slice', '>=', from)
    .where('stat_counters.slice', '<=', to)
    .groupBy(['senders.id', 'senders.email'])
    .orderBy('processed', 'desc')
    .orderBy('senders.id')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...sumsOf(row), id: row.id, email: row.email }))
}

/** Of all keys together, by what happened in each slice of a time; slices without anything are left out. */
export async function readSumOfKeys(
  db: Kysely<Schema>,
  { resolution, from, to }: { resolution: StatResolution; from: number; to: number },
): Promise<(StatMetrics & { slice: number })[]> {
  // Keys are named one by one, and slices are not grouped in the order of an index: or a database takes the one that
  // has the slices of all campaigns and senders too.
  const keys = await db.selectFrom('api_keys').select('id').execute()
  const slice = sql<number | string>`slice + 0`
  const rows = await db
    .selectFrom('stat_counters')
    .select(({ fn }) => [
      slice.as('slice'),
      ...metricNames.map((name) => fn.sum<number | string | bigint>(name).as(name)),
    ])
    .where('source', '=', 'key')
    .where('source_id', 'in', [...keys.map(({ id }) => id), nobody])
    .where('timing', '=', 'event')
    .where('resolution', '=', resolution)
    .where('slice', '>=', from)
    .where('slice', '<=', to)
    .groupBy(slice)
    .orderBy(slice)
    .execute()
  return rows.map((row) => ({ ...sumsOf(row), slice: Number(row.slice) }))
}

/** Sums may come as texts, where a database has larger numbers than JavaScript; those of no rows are null. */
export function sumsOf(
  row: Readonly<Record<keyof StatMetrics, number | string | bigint | null>>,
): StatMetrics {
  const sums = noMetrics()
  for (const name of metricNames) sums[name] = Number(row[name])
  return sums
}

function noCounts(sourceId: number): CounterRow {
  return { ...noMetrics(), source_id: sourceId, detail: '', slice: 0, last_at: null }
}

export type Which = {
  ids?: readonly number[]
  /** Name of a campaign, address of a sender. */
  name?: string
  limit?: number
  offset?: number
}

/** Those of a key; all of them, where nothing says which. */
export async function campaignsOf(db: Kysely<Schema>, keyId: KeyId, which: Which = {}) {
  const { limit = 1_000, offset = 0 } = which
  return campaigns(db, keyId, which)
    .select(['id', 'name', 'created_at as createdAt'])
    .orderBy('id')
    .limit(limit)
    .offset(offset)
    .execute()
}

/** The newest first: those older than `before`, with the text in any case in their name, or what their mailing says. */
export async function latestCampaignsOf(
  db: Kysely<Schema>,
  keyId: KeyId,
  { before, search, limit }: { before?: number; search?: string; limit: number },
) {
  let selection = campaigns(db, keyId, {})
  if (before !== undefined) selection = selection.where('id', '<', before as CampaignId)
  if (search) {
    const has = (text: RawBuilder<unknown>) =>
      // What finds a text in another is called differently on each database; taking it out is not.
      sql<boolean>`replace(lower(${text}), lower(${search}), '') <> lower(${text})`
    selection = selection.where(
      sql<boolean>`(${has(sql`campaigns.name`)} OR EXISTS (SELECT 1 FROM mailings AS m
        WHERE m.id = campaigns.mailing_id AND (${has(sql`m.title`)} OR ${has(sql`m.subject`)})))`,
    )
  }
  return selection
    .select(['id', 'name', 'created_at as createdAt'])
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

function campaigns(db: Kysely<Schema>, keyId: KeyId, { ids, name }: Which) {
  let selection = db.selectFrom('campaigns').where('key_id', '=', keyId)
  if (ids !== undefined) selection = selection.where('id', 'in', [...ids, nobody] as CampaignId[])
  if (name !== undefined) selection = selection.where('name', '=', name)
  return selection
}

export async function sendersOf(db: Kysely<Schema>, keyId: KeyId, which: Which = {}) {
  const { limit = 1_000, offset = 0 } = which
  return senders(db, keyId, which)
    .select(['id', 'email as name'])
    .orderBy('id')
    .limit(limit)
    .offset(offset)
    .execute()
}

/** Deleted ones too. */
export async function listsOf(db: Kysely<Schema>, keyId: KeyId, { ids = [] }: Pick<Which, 'ids'>) {
  return db
    .selectFrom('contact_lists')
    .select(['id', 'name'])
    .where('key_id', '=', keyId)
    .where('id', 'in', [...ids, nobody] as ContactListId[])
    .orderBy('id')
    .execute()
}

function senders(db: Kysely<Schema>, keyId: KeyId, { ids, name }: Which) {
  let selection = db.selectFrom('senders').where('key_id', '=', keyId)
  if (ids !== undefined) selection = selection.where('id', 'in', [...ids, nobody] as SenderId[])
  if (name !== undefined) selection = selection.where('email', '=', name)
  return selection
}

/** An empty list is no list in SQL. */
const nobody = -1
