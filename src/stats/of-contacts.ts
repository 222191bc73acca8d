/** What became of the mail to contacts (reference: statistics.md §9, contactstatistics). */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { countColumns, countNames, readWaiting } from '../contacts/counts.ts'
import type { ContactId, KeyId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { ContactCounts } from '../storage/tables/contacts.ts'
import { type CountFilters, type CountOf, countConditions, settledNumber } from './count-filters.ts'

/** `queued`: messages that wait for their first outcome. `lastAt`: of the latest event; null for none. */
export type CountsOfContact = ContactCounts & { queued: number; lastAt: Instant | null }

export type ContactStatistics = { id: ContactId; counts: CountsOfContact }

export type ContactStatisticsFilters = CountFilters & { keyId: KeyId; id?: ContactId; email?: string }

export type StatisticsPage<By extends string> = {
  limit: number
  offset: number
  sort: { by: By; descending: boolean }
}

/** `lastAt` is the last sign of life, as everywhere with contacts. By number of messages: those with an outcome. */
export async function contactStatistics(
  db: Kysely<Schema>,
  filters: ContactStatisticsFilters,
  { limit, offset, sort }: StatisticsPage<'id' | 'processed'>,
): Promise<ContactStatistics[]> {
  const { keyId } = filters
  const direction = sort.descending ? 'desc' : 'asc'
  let query = ofContacts(db, filters).select([
    'contacts.id',
    'contacts.email',
    'contacts.created_at as createdAt',
    'contacts.last_activity_at as lastAt',
    ...countNames.map((name) => count(name).as(name)),
  ])
  if (sort.by === 'processed') query = query.orderBy(settledNumber(count), direction)
  const rows = await query.orderBy('contacts.id', direction).limit(limit).offset(offset).execute()
  const waiting = await readWaiting(db, { keyId, emails: rows.map(({ email }) => email) })
  return rows.map(({ id, email, createdAt, ...counts }) => {
    const queued = (waiting.get(email) ?? []).filter(({ acceptedAt }) => acceptedAt >= createdAt).length
    return { id, counts: { ...counts, queued } }
  })
}

export async function countContactStatistics(
  db: Kysely<Schema>,
  filters: ContactStatisticsFilters,
): Promise<number> {
  const row = await ofContacts(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

const count: CountOf = (name) => sql`${sql.ref(`contacts.${countColumns[name]}`)}`

function ofContacts(db: Kysely<Schema>, filters: ContactStatisticsFilters) {
  const { keyId, id, email, activeFrom, activeTo } = filters
  let query = db
    .selectFrom('contacts')
    .where('contacts.key_id', '=', keyId)
    .where('contacts.erased_at', 'is', null)
  if (id !== undefined) query = query.where('contacts.id', '=', id)
  if (email !== undefined) query = query.where('contacts.email', '=', email)
  if (activeFrom !== undefined) query = query.where('contacts.last_activity_at', '>=', activeFrom)
  if (activeTo !== undefined) query = query.where('contacts.last_activity_at', '<=', activeTo)
  const isQueued = sql<boolean>`EXISTS (${waitingFor(keyId)})`
  for (const condition of countConditions(filters, { count, isQueued })) query = query.where(condition)
  return query
}

/** As contacts/counts.ts counts them, of the contact of the row: `d` is the delivery and `m` its message. */
export function waitingFor(keyId: KeyId): RawBuilder<unknown> {
  return sql`SELECT 1 FROM deliveries AS d INNER JOIN messages AS m ON m.id = d.message_id
    WHERE d.recipient = contacts.email AND d.key_id + 0 = ${keyId} AND d.state IN ('queued', 'held')
    AND m.accepted_at >= contacts.created_at
    AND NOT EXISTS (SELECT 1 FROM stat_deliveries AS s WHERE s.delivery_id = d.id AND s.counted_as <> '')`
}
