/** What became of the mail to contact lists (reference: statistics.md §9, liststatistics). */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { ContactListId, KeyId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { type CountFilters, type CountOf, countConditions, settledNumber } from './count-filters.ts'
import type { StatisticsPage } from './of-contacts.ts'
import { type CounterRow, readTotals } from './read.ts'

export type ListStatistics = {
  id: ContactListId
  name: string
  address: string
  createdAt: Instant
  deletedAt: Instant | null
  memberCount: number
  counts: CounterRow
}

export type ListStatisticsFilters = CountFilters & {
  keyId: KeyId
  id?: ContactListId
  excludeId?: ContactListId
  address?: string
  name?: string
  /** Capitals do not matter, of the letters of ASCII. */
  nameInAnyCase?: string
  /** Somewhere in the name. */
  nameContains?: string
  nameContainsInAnyCase?: string
  isDeleted?: boolean
}

export async function listStatistics(
  db: Kysely<Schema>,
  filters: ListStatisticsFilters,
  { limit, offset, sort }: StatisticsPage<'id' | 'processed' | 'name' | 'isDeleted'>,
): Promise<ListStatistics[]> {
  const direction = sort.descending ? 'desc' : 'asc'
  let query = ofLists(db, filters).select([
    'contact_lists.id',
    'name',
    'address',
    'created_at as createdAt',
    'deleted_at as deletedAt',
    'member_count as memberCount',
  ])
  if (sort.by === 'name') query = query.orderBy('name', direction)
  if (sort.by === 'isDeleted') {
    query = query.orderBy(sql`CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END`, direction)
  }
  if (sort.by === 'processed') {
    query = query.orderBy(sql`COALESCE(n.processed, 0)`, direction)
  }
  const rows = await query.orderBy('contact_lists.id', direction).limit(limit).offset(offset).execute()
  const totals = await readTotals(db, { source: 'list', sourceIds: rows.map(({ id }) => id) })
  return rows.flatMap((row, i) => {
    const own = totals[i]
    return own === undefined ? [] : [{ ...row, counts: own }]
  })
}

export async function countListStatistics(
  db: Kysely<Schema>,
  filters: ListStatisticsFilters,
): Promise<number> {
  const { count } = await ofLists(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

const count: CountOf = (name) => sql`COALESCE(${sql.ref(`n.${name}`)}, 0)`

function ofLists(db: Kysely<Schema>, filters: ListStatisticsFilters) {
  const { keyId, id, excludeId, address, name, isDeleted, activeFrom, activeTo } = filters
  let query = db
    .selectFrom('contact_lists')
    .leftJoin('stat_counters as n', (join) =>
      join
        .onRef('n.source_id', '=', 'contact_lists.id')
        .on('n.source', '=', 'list')
        .on('n.timing', '=', 'message')
        .on('n.resolution', '=', 'lifetime')
        .on('n.slice', '=', 0),
    )
    .where('key_id', '=', keyId)
  if (id !== undefined) query = query.where('contact_lists.id', '=', id)
  if (excludeId !== undefined) query = query.where('contact_lists.id', '!=', excludeId)
  if (address !== undefined) query = query.where('address', '=', address.toLowerCase())
  if (name !== undefined) query = query.where('name', '=', name)
  if (filters.nameInAnyCase !== undefined) {
    query = query.where(sql<boolean>`lower(name) = lower(${filters.nameInAnyCase})`)
  }
  if (filters.nameContains !== undefined)
    query = query.where(contains(sql<string>`name`, sql<string>`${filters.nameContains}`))
  if (filters.nameContainsInAnyCase !== undefined) {
    // The database lowers both sides: not every one knows capitals beyond ASCII.
    const part = sql<string>`lower(${filters.nameContainsInAnyCase})`
    query = query.where(contains(sql<string>`lower(name)`, part))
  }
  if (isDeleted !== undefined) query = query.where('deleted_at', isDeleted ? 'is not' : 'is', null)
  if (activeFrom !== undefined) query = query.where('n.last_at', '>=', activeFrom)
  if (activeTo !== undefined) query = query.where('n.last_at', '<=', activeTo)
  const isQueued = sql<boolean>`COALESCE(n.processed, 0) > ${settledNumber(count)}`
  for (const condition of countConditions(filters, { count, isQueued })) query = query.where(condition)
  return query
}

/** What finds a text in another is called differently on each database; taking it out is not. */
function contains(text: RawBuilder<string>, part: RawBuilder<string>): RawBuilder<boolean> {
  return sql`replace(${text}, ${part}, '') <> ${text}`
}

export type MembersOfList = { unsubscribed: number; excluded: number }

/** How many of the members of each list have unsubscribed from it, and how many are excluded from campaigns. */
export async function countMembersOf(
  db: Kysely<Schema>,
  listIds: readonly ContactListId[],
): Promise<Map<ContactListId, MembersOfList>> {
  const counted = new Map(listIds.map((id) => [id, { unsubscribed: 0, excluded: 0 }]))
  if (listIds.length === 0) return counted
  const unsubscribed = await db
    .selectFrom('list_members')
    .select(({ fn }) => ['list_id', fn.countAll<number | string | bigint>().as('count')])
    .where('list_id', 'in', listIds)
    .where('is_unsubscribed', '=', 1)
    .groupBy('list_id')
    .execute()
  for (const { list_id, count } of unsubscribed) {
    counted.set(list_id, { unsubscribed: Number(count), excluded: 0 })
  }
  const excluded = await db
    .selectFrom('list_members')
    .innerJoin('contacts', 'contacts.id', 'list_members.contact_id')
    .innerJoin('suppressions', (join) =>
      join
        .onRef('suppressions.key_id', '=', 'contacts.key_id')
        .onRef('suppressions.address', '=', 'contacts.email'),
    )
    .select(({ fn }) => ['list_members.list_id', fn.countAll<number | string | bigint>().as('count')])
    .where('list_members.list_id', 'in', listIds)
    .where('suppressions.opted_out_at', 'is not', null)
    .groupBy('list_members.list_id')
    .execute()
  for (const { list_id, count } of excluded) {
    counted.set(list_id, { unsubscribed: counted.get(list_id)?.unsubscribed ?? 0, excluded: Number(count) })
  }
  return counted
}
