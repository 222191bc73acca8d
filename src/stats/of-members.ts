/** What became of the mail to lists, by their members (reference: statistics.md §9, listrecipientstatistics). */
import { type Kysely, sql } from 'kysely'
import { countNames, readWaiting } from '../contacts/counts.ts'
import type { ContactId, ContactListId, KeyId, MemberId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { type CountFilters, type CountOf, countConditions, settledNumber } from './count-filters.ts'
import { type CountsOfContact, type StatisticsPage, waitingFor } from './of-contacts.ts'

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

/** Counted are the messages that went to the list of the member. By number of messages: those with an outcome. */
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
    'member_counts.last_at as lastAt',
    ...countNames.map((name) => count(name).as(name)),
  ])
  if (sort.by === 'processed') query = query.orderBy(settledNumber(count), direction)
  if (sort.by === 'email') query = query.orderBy('contacts.email', direction)
  const rows = await query.orderBy('list_members.id', direction).limit(limit).offset(offset).execute()
  const waiting = await readWaiting(db, { keyId, emails: rows.map(({ email }) => email) })
  return rows.map(({ id, listId, contactId, email, createdAt, ...counts }) => {
    const queued = (waiting.get(email) ?? []).filter(
      (one) => one.listId === listId && one.acceptedAt >= createdAt,
    ).length
    return { id, contactId, counts: { ...counts, queued } }
  })
}

export async function countMemberStatistics(
  db: Kysely<Schema>,
  filters: MemberStatisticsFilters,
): Promise<number> {
  const row = await ofMembers(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

const count: CountOf = (name) => sql`COALESCE(${sql.ref(`member_counts.${name}`)}, 0)`

function ofMembers(db: Kysely<Schema>, filters: MemberStatisticsFilters) {
  const { keyId, id, listId, contactId, isUnsubscribed, isExcluded } = filters
  const { unsubscribedFrom, unsubscribedTo, activeFrom, activeTo } = filters
  // Members of a list or of one contact are found by those: the plus keeps a database from walking all of the key.
  const isOfFew = listId !== undefined || contactId !== undefined
  const ownKey = isOfFew ? sql`${sql.ref('list_members.key_id')} + 0` : sql.ref('list_members.key_id')
  let query = db
    .selectFrom('list_members')
    .innerJoin('contacts', 'contacts.id', 'list_members.contact_id')
    .leftJoin('member_counts', (join) =>
      join
        .onRef('member_counts.contact_id', '=', 'list_members.contact_id')
        .onRef('member_counts.list_id', '=', 'list_members.list_id'),
    )
    .where(sql<boolean>`${ownKey} = ${keyId}`)
  if (id !== undefined) query = query.where('list_members.id', '=', id)
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
  if (activeFrom !== undefined) query = query.where('member_counts.last_at', '>=', activeFrom)
  if (activeTo !== undefined) query = query.where('member_counts.last_at', '<=', activeTo)
  // A waiting message says only in its options which list it went to: at their end, or before others. One that names two
  // (the list that it went to, and another to be counted for) is found by either.
  const isQueued = sql<boolean>`EXISTS (${waitingFor(keyId)}
    AND (m.options LIKE '%istId":' || list_members.list_id || ',%'
      OR m.options LIKE '%istId":' || list_members.list_id || '}%'))`
  for (const condition of countConditions(filters, { count, isQueued })) query = query.where(condition)
  return query
}
