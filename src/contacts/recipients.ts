/**
 * Whom a campaign to a list would reach: the members, or those of them that a segment chooses, in the order of their
 * contact ids, each with what is known of them and, if they are to get nothing, why.
 */
import type { Kysely } from 'kysely'
import type { ContactId, ContactListId, KeyId, SegmentId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { SuppressionReason } from '../storage/tables/suppressions.ts'
import { listProperties } from './properties.ts'
import { valuesOf } from './read-values.ts'
import { listSegments, segmentCondition } from './segments.ts'
import { plainValue } from './values.ts'

/** In the order in which they are looked for; the first that is true counts (reference: mass-mailing.md §2). */
export type Exclusion =
  /** On the suppression list: nothing at all is sent there. */
  | { kind: 'suppressed'; reason: SuppressionReason }
  /** Wants no campaigns of this key. */
  | { kind: 'excluded-from-campaigns' }
  /** Has left this list. */
  | { kind: 'unsubscribed' }
  /** Has signed up and not confirmed. */
  | { kind: 'opt-in-pending' }

export type Recipient = {
  contactId: ContactId
  email: string
  name: string
  /** By the names of the properties; contacts without a value have no entry. */
  properties: Readonly<Record<string, string | number | boolean>>
  exclusion: Exclusion | undefined
}

export type RecipientsQuery = {
  keyId: KeyId
  listId: ContactListId
  /** A stored segment, or a formula. */
  segment?: { id: SegmentId } | { expression: string }
  /** Only contacts after this one. */
  after?: ContactId
  now: Instant
}

/** One page; shorter than `limit` when it is the last. Throws `Refused` when the segment cannot be understood. */
export async function recipientPage(
  db: Kysely<Schema>,
  { limit, ...query }: RecipientsQuery & { limit: number },
): Promise<Recipient[]> {
  const { keyId, listId, after } = query
  const condition = await conditionOf(db, query)
  let members = db
    .selectFrom('list_members')
    .innerJoin('contacts', 'contacts.id', 'list_members.contact_id')
    .leftJoin('suppressions', (join) =>
      join
        .onRef('suppressions.key_id', '=', 'contacts.key_id')
        .onRef('suppressions.address', '=', 'contacts.email'),
    )
    .select([
      'contacts.id as contactId',
      'contacts.email',
      'contacts.name',
      'contacts.is_opt_in_pending as isPending',
      'list_members.is_unsubscribed as isUnsubscribed',
      'suppressions.reason',
      'suppressions.opted_out_at as optedOutAt',
    ])
    .where('list_members.list_id', '=', listId)
    .where('contacts.key_id', '=', keyId)
    .where('contacts.erased_at', 'is', null)
  if (after !== undefined) members = members.where('list_members.contact_id', '>', after)
  if (condition !== undefined) members = members.where(condition)
  const rows = await members.orderBy('list_members.contact_id').limit(limit).execute()
  const properties = await listProperties(db, { keyId, namespace: 'static' })
  const contactIds = rows.map(({ contactId }) => contactId)
  const values = await valuesOf(db, { keyId, contactIds, properties })
  return rows.map((row) => ({
    contactId: row.contactId,
    email: row.email,
    name: row.name,
    properties: Object.fromEntries(
      (values.get(row.contactId) ?? []).map(({ property, value }) => [
        property.name,
        plainValue(property.type, value),
      ]),
    ),
    exclusion: exclusionOf(row),
  }))
}

/** All of them, page by page. */
export async function* recipientsOf(
  db: Kysely<Schema>,
  { pageSize = 500, ...query }: RecipientsQuery & { pageSize?: number },
): AsyncGenerator<Recipient[]> {
  for (let { after } = query; ; ) {
    const page = await recipientPage(db, {
      ...query,
      ...(after !== undefined && { after }),
      limit: pageSize,
    })
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    if (page.length < pageSize) return
    after = last.contactId
  }
}

async function conditionOf(db: Kysely<Schema>, { keyId, segment, now }: RecipientsQuery) {
  if (segment === undefined) return undefined
  if ('expression' in segment) return segmentCondition(db, { keyId, expression: segment.expression, now })
  const [stored] = await listSegments(db, { keyId, id: segment.id }, { limit: 1 })
  if (stored === undefined) throw new Refused('not-found', `there is no segment ${segment.id}`)
  return segmentCondition(db, { keyId, expression: stored.expression, now })
}

function exclusionOf(row: {
  reason: SuppressionReason | null
  optedOutAt: Instant | null
  isUnsubscribed: number
  isPending: number
}): Exclusion | undefined {
  if (row.reason !== null && row.reason !== 'unsubscribe') return { kind: 'suppressed', reason: row.reason }
  if (row.reason !== null || row.optedOutAt !== null) return { kind: 'excluded-from-campaigns' }
  if (row.isUnsubscribed === 1) return { kind: 'unsubscribed' }
  return row.isPending === 1 ? { kind: 'opt-in-pending' } : undefined
}
