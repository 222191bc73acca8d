/** What became of the mail to contacts, and to contacts as members of lists (reference: statistics.md §9). */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { type CountsOfContact, noList, readContactCounts } from '../contacts/counts.ts'
import type { ContactId, ContactListId, KeyId, MemberId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { type CountFilters, countConditions, settledNumber } from './count-filters.ts'

export type ContactStatistics = { id: ContactId; lastActivityAt: Instant | null; counts: CountsOfContact }

export type ContactStatisticsFilters = CountFilters & { keyId: KeyId; id?: ContactId; email?: string }

export type StatisticsPage<By extends string> = {
  limit: number
  offset: number
  sort: { by: By; descending: boolean }
}

/** By number of messages: those whose outcome is known. */
export async function contactStatistics(
  db: Kysely<Schema>,
  filters: ContactStatisticsFilters,
  { limit, offset, sort }: StatisticsPage<'id' | 'processed'>,
): Promise<ContactStatistics[]> {
  const { keyId } = filters
  const direction = sort.descending ? 'desc' : 'asc'
  let query = ofContacts(db, filters).select([
    'contacts.id as contactId',
    'contacts.email',
    'contacts.created_at as createdAt',
    'contacts.last_activity_at as lastActivityAt',
  ])
  if (sort.by === 'processed') query = query.orderBy(settledOf(countsOfContact), direction)
  const rows = await query.orderBy('contacts.id', direction).limit(limit).offset(offset).execute()
  const counts = await readContactCounts(db, { keyId, people: rows })
  return withCounts(
    rows.map(({ contactId, lastActivityAt }) => ({ id: contactId, lastActivityAt })),
    counts,
  )
}

export async function countContactStatistics(
  db: Kysely<Schema>,
  filters: ContactStatisticsFilters,
): Promise<number> {
  const { count } = await ofContacts(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

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
  for (const condition of countConditions(filters, { counts: countsOfContact, isQueued })) {
    query = query.where(condition)
  }
  return query
}

export type MemberStatistics = { id: MemberId; contactId: ContactId; counts: CountsOfContact }

export type MemberStatisticsFilters = CountFilters & {
  keyId: KeyId
  id?: MemberId
  listId?: ContactListId
  contactId?: ContactId
  isUnsubscribed?: boolean
  isExcluded?: boolean
  unsubscribedFrom?: Instant
  unsubscribedTo?: Instant
}

/** Counted are the messages that went to the list of the member. By number of messages: as above. */
export async function memberStatistics(
  db: Kysely<Schema>,
  filters: MemberStatisticsFilters,
  { limit, offset, sort }: StatisticsPage<'id' | 'processed' | 'email'>,
): Promise<MemberStatistics[]> {
  const { keyId } = filters
  const direction = sort.descending ? 'desc' : 'asc'
  let query = ofMembers(db, filters).select([
    'list_members.id',
    'list_members.list_id as listId',
    'contacts.id as contactId',
    'contacts.email',
    'contacts.created_at as createdAt',
  ])
  if (sort.by === 'processed') query = query.orderBy(settledOf(countsOfMember), direction)
  if (sort.by === 'email') query = query.orderBy('contacts.email', direction)
  const rows = await query.orderBy('list_members.id', direction).limit(limit).offset(offset).execute()
  const counts = await readContactCounts(db, { keyId, people: rows })
  return withCounts(
    rows.map(({ id, contactId }) => ({ id, contactId })),
    counts,
  )
}

export async function countMemberStatistics(
  db: Kysely<Schema>,
  filters: MemberStatisticsFilters,
): Promise<number> {
  const { count } = await ofMembers(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

function ofMembers(db: Kysely<Schema>, filters: MemberStatisticsFilters) {
  const { keyId, listId, contactId, isUnsubscribed, isExcluded, unsubscribedFrom, unsubscribedTo } = filters
  // Members of a list or of one contact are found by those: the plus keeps a database from walking all of the key.
  const isOfFew = listId !== undefined || contactId !== undefined
  const ownKey = isOfFew ? sql`${sql.ref('list_members.key_id')} + 0` : sql.ref('list_members.key_id')
  let query = db
    .selectFrom('list_members')
    .innerJoin('contacts', 'contacts.id', 'list_members.contact_id')
    .where(sql<boolean>`${ownKey} = ${keyId}`)
  if (filters.id !== undefined) query = query.where('list_members.id', '=', filters.id)
  if (listId !== undefined) query = query.where('list_members.list_id', '=', listId)
  if (contactId !== undefined) query = query.where('list_members.contact_id', '=', contactId)
  if (isUnsubscribed !== undefined) {
    query = query.where('list_members.is_unsubscribed', '=', isUnsubscribed ? 1 : 0)
  }
  if (unsubscribedFrom !== undefined) {
    query = query.where('list_members.unsubscribed_at', '>=', unsubscribedFrom)
  }
  if (unsubscribedTo !== undefined) {
    query = query.where('list_members.unsubscribed_at', '<=', unsubscribedTo)
  }
  if (isExcluded !== undefined) {
    const excluded = sql<boolean>`EXISTS (SELECT 1 FROM suppressions AS s
      WHERE s.key_id = contacts.key_id AND s.address = contacts.email AND s.opted_out_at IS NOT NULL)`
    query = query.where(isExcluded ? excluded : sql<boolean>`NOT ${excluded}`)
  }
  const { activeFrom, activeTo, ...others } = filters
  const active = (condition: RawBuilder<unknown>) =>
    sql<boolean>`EXISTS (SELECT 1 ${countsOfMember} AND ${condition})`
  if (activeFrom !== undefined) query = query.where(active(sql`n.last_at >= ${activeFrom}`))
  if (activeTo !== undefined) query = query.where(active(sql`n.last_at <= ${activeTo}`))
  // A waiting message says only in its options which list it went to: at their end, or before others.
  const isQueued = sql<boolean>`EXISTS (${waitingFor(keyId)}
    AND (m.options LIKE '%istId":' || list_members.list_id || ',%'
      OR m.options LIKE '%istId":' || list_members.list_id || '}%'))`
  for (const condition of countConditions(others, { counts: countsOfMember, isQueued })) {
    query = query.where(condition)
  }
  return query
}

const countsOfContact = sql`FROM contact_counts AS n WHERE n.contact_id = contacts.id AND n.list_id = ${sql.lit(noList)}`
const countsOfMember = sql`FROM contact_counts AS n
  WHERE n.contact_id = list_members.contact_id AND n.list_id = list_members.list_id`

function settledOf(counts: RawBuilder<unknown>): RawBuilder<number> {
  return sql`COALESCE((SELECT ${settledNumber} ${counts}), 0)`
}

/** As contacts/counts.ts counts them. */
function waitingFor(keyId: KeyId): RawBuilder<unknown> {
  return sql`SELECT 1 FROM deliveries AS d INNER JOIN messages AS m ON m.id = d.message_id
    WHERE d.recipient = contacts.email AND d.key_id + 0 = ${keyId} AND d.state IN ('queued', 'held')
    AND m.accepted_at >= contacts.created_at
    AND NOT EXISTS (SELECT 1 FROM stat_deliveries AS s WHERE s.delivery_id = d.id AND s.counted_as <> '')`
}

function withCounts<Row>(rows: readonly Row[], counts: readonly CountsOfContact[]) {
  return rows.flatMap((row, i) => {
    const own = counts[i]
    return own === undefined ? [] : [{ ...row, counts: own }]
  })
}
