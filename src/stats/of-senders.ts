/** What became of the mail of senders (reference: statistics.md §9, senderstatistics). */
import { type Kysely, sql } from 'kysely'
import type { KeyId, SenderId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'
import { type CountFilters, type CountOf, countConditions, settledNumber } from './count-filters.ts'
import type { StatisticsPage } from './of-contacts.ts'
import { type CounterRow, readTotals } from './read.ts'

export type SenderStatistics = { id: SenderId; counts: CounterRow }

export type SenderStatisticsFilters = CountFilters & {
  keyId: KeyId
  id?: SenderId
  email?: string
  /** What follows the `@`, in lower case. */
  domain?: string
}

export async function senderStatistics(
  db: Kysely<Schema>,
  filters: SenderStatisticsFilters,
  { limit, offset, sort }: StatisticsPage<'id' | 'processed'>,
): Promise<SenderStatistics[]> {
  const direction = sort.descending ? 'desc' : 'asc'
  let query = ofSenders(db, filters).select('senders.id')
  if (sort.by === 'processed') query = query.orderBy(sql`COALESCE(n.processed, 0)`, direction)
  const rows = await query.orderBy('senders.id', direction).limit(limit).offset(offset).execute()
  const totals = await readTotals(db, { source: 'sender', sourceIds: rows.map(({ id }) => id) })
  return rows.flatMap(({ id }, i) => {
    const own = totals[i]
    return own === undefined ? [] : [{ id, counts: own }]
  })
}

export async function countSenderStatistics(
  db: Kysely<Schema>,
  filters: SenderStatisticsFilters,
): Promise<number> {
  const { count } = await ofSenders(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

const count: CountOf = (name) => sql`COALESCE(${sql.ref(`n.${name}`)}, 0)`

function ofSenders(db: Kysely<Schema>, filters: SenderStatisticsFilters) {
  const { keyId, id, email, domain, activeFrom, activeTo } = filters
  let query = db
    .selectFrom('senders')
    .leftJoin('stat_counters as n', (join) =>
      join
        .onRef('n.source_id', '=', 'senders.id')
        .on('n.source', '=', 'sender')
        .on('n.timing', '=', 'message')
        .on('n.resolution', '=', 'lifetime')
        .on('n.slice', '=', 0),
    )
    .where('senders.key_id', '=', keyId)
  if (id !== undefined) query = query.where('senders.id', '=', id)
  if (email !== undefined) query = query.where('senders.email', '=', email)
  if (domain !== undefined) {
    const pattern = `%@${domain.replaceAll(/[\\%_]/g, '\\$&')}`
    query = query.where(sql<boolean>`senders.email LIKE ${pattern} ESCAPE '\\'`)
  }
  if (activeFrom !== undefined) query = query.where('n.last_at', '>=', activeFrom)
  if (activeTo !== undefined) query = query.where('n.last_at', '<=', activeTo)
  const isQueued = sql<boolean>`COALESCE(n.processed, 0) > ${settledNumber(count)}`
  for (const condition of countConditions(filters, { count, isQueued })) query = query.where(condition)
  return query
}
