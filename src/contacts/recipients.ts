/**
 * Whom a campaign to a list would reach: the members, or those of them that a segment chooses, in the order of their
 * contact ids, each with what is known of them and, if they are to get nothing, why.
 */
import type { Kysely, RawBuilder } from 'kysely'
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

export type JudgedRecipient = Omit<Recipient, 'properties'>

export type RecipientsQuery = {
  keyId: KeyId
  listId: ContactListId
  /** A stored segment, or a formula. */
  segment?: { id: SegmentId } | { expression: string }
  /** Only contacts after this one. */
  after?: ContactId
  now: Instant
}

/**
 * The members that come next, in one bounded step: `reached` is the last that was looked at, undefined when there are no
 * more. Their properties are not read.
 */
export async function recipientWindow(
  db: Kysely<Schema>,
  query: RecipientsQuery & { limit: number },
): Promise<{ recipients: JudgedRecipient[]; reached: ContactId | undefined }> {
  const condition = await conditionOf(db, query)
  const members = await nextMembers(db, { ...query, after: query.after })
  const rows = await contactsOf(db, members, { keyId: query.keyId, condition })
  return { recipients: await judged(db, query.keyId, rows), reached: members.at(-1)?.contactId }
}

/**
 * What holds of these contacts now; those that are no members any more, or were erased, are left out. Their properties are
 * not read.
 */
export async function recipientsNow(
  db: Kysely<Schema>,
  { keyId, listId, contactIds }: { keyId: KeyId; listId: ContactListId; contactIds: readonly ContactId[] },
): Promise<JudgedRecipient[]> {
  if (contactIds.length === 0) return []
  const members = await db
    .selectFrom('list_members')
    .select(['contact_id as contactId', 'is_unsubscribed as isUnsubscribed'])
    .where('list_id', '=', listId)
    .where('contact_id', 'in', contactIds)
    .execute()
  return judged(db, keyId, await contactsOf(db, members, { keyId, condition: undefined }))
}

/** One page; shorter than `limit` when it is the last. Throws `Refused` when the segment cannot be understood. */
export async function recipientPage(
  db: Kysely<Schema>,
  { limit, ...query }: RecipientsQuery & { limit: number },
): Promise<Recipient[]> {
  const { keyId } = query
  const condition = await conditionOf(db, query)
  const rows: Row[] = []
  for (let { after } = query; rows.length < limit; ) {
    const members = await nextMembers(db, {
      ...query,
      after,
      limit: condition === undefined ? limit : scanned,
    })
    rows.push(...(await contactsOf(db, members, { keyId, condition })))
    after = members.at(-1)?.contactId
    if (after === undefined || members.length < (condition === undefined ? limit : scanned)) break
  }
  return describe(db, keyId, rows.slice(0, limit))
}

type MemberRow = { contactId: ContactId; isUnsubscribed: number }
type Row = MemberRow & { email: string; name: string; isPending: number }

// A segment may choose few: so many members are looked at in one query.
const scanned = 1_000

// Small queries that indexes answer: no plan of a database can make them walk a whole table.
async function nextMembers(
  db: Kysely<Schema>,
  { listId, after, limit }: { listId: ContactListId; after: ContactId | undefined; limit: number },
): Promise<MemberRow[]> {
  let members = db
    .selectFrom('list_members')
    .select(['contact_id as contactId', 'is_unsubscribed as isUnsubscribed'])
    .where('list_id', '=', listId)
  if (after !== undefined) members = members.where('contact_id', '>', after)
  return members.orderBy('contact_id').limit(limit).execute()
}

async function contactsOf(
  db: Kysely<Schema>,
  members: readonly MemberRow[],
  { keyId, condition }: { keyId: KeyId; condition: RawBuilder<boolean> | undefined },
): Promise<Row[]> {
  if (members.length === 0) return []
  const byId = new Map(members.map((member) => [member.contactId, member]))
  let contacts = db
    .selectFrom('contacts')
    .select(['contacts.id', 'contacts.email', 'contacts.name', 'contacts.is_opt_in_pending as isPending'])
    .where('contacts.id', 'in', [...byId.keys()])
    .where('contacts.key_id', '=', keyId)
    .where('contacts.erased_at', 'is', null)
  if (condition !== undefined) contacts = contacts.where(condition)
  const rows = await contacts.orderBy('contacts.id').execute()
  return rows.map(({ id, ...contact }) => ({
    ...contact,
    contactId: id,
    isUnsubscribed: byId.get(id)?.isUnsubscribed ?? 0,
  }))
}

async function judged(db: Kysely<Schema>, keyId: KeyId, rows: readonly Row[]): Promise<JudgedRecipient[]> {
  const byAddress = await suppressionsOf(db, keyId, rows)
  return rows.map((row) => ({
    contactId: row.contactId,
    email: row.email,
    name: row.name,
    exclusion: exclusionOf(row, byAddress.get(row.email)),
  }))
}

async function describe(db: Kysely<Schema>, keyId: KeyId, rows: readonly Row[]): Promise<Recipient[]> {
  if (rows.length === 0) return []
  const properties = await listProperties(db, { keyId, namespace: 'static' })
  const contactIds = rows.map(({ contactId }) => contactId)
  const values = await valuesOf(db, { keyId, contactIds, properties })
  const recipients = await judged(db, keyId, rows)
  return recipients.map((recipient) => ({
    ...recipient,
    properties: Object.fromEntries(
      (values.get(recipient.contactId) ?? []).map(({ property, value }) => [
        property.name,
        plainValue(property.type, value),
      ]),
    ),
  }))
}

async function suppressionsOf(
  db: Kysely<Schema>,
  keyId: KeyId,
  rows: readonly Row[],
): Promise<ReadonlyMap<string, { reason: SuppressionReason }>> {
  if (rows.length === 0) return new Map()
  const suppressions = await db
    .selectFrom('suppressions')
    .select(['address', 'reason'])
    .where('key_id', '=', keyId)
    .where(
      'address',
      'in',
      rows.map(({ email }) => email),
    )
    .execute()
  return new Map(suppressions.map((one) => [one.address, one]))
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

export async function conditionOf(db: Kysely<Schema>, query: RecipientsQuery) {
  const expression = await expressionOf(db, query)
  if (expression === undefined) return undefined
  return segmentCondition(db, { keyId: query.keyId, expression, now: query.now })
}

/** The formula that chooses; undefined for the whole list. Throws `Refused` when there is no such segment. */
export async function expressionOf(
  db: Kysely<Schema>,
  { keyId, segment }: Pick<RecipientsQuery, 'keyId' | 'segment'>,
): Promise<string | undefined> {
  if (segment === undefined || 'expression' in segment) return segment?.expression
  const [stored] = await listSegments(db, { keyId, id: segment.id }, { limit: 1 })
  if (stored === undefined) throw new Refused('not-found', `there is no segment ${segment.id}`)
  return stored.expression
}

function exclusionOf(
  { isUnsubscribed, isPending }: Row,
  suppression: { reason: SuppressionReason } | undefined,
): Exclusion | undefined {
  if (suppression !== undefined && suppression.reason !== 'unsubscribe') {
    return { kind: 'suppressed', reason: suppression.reason }
  }
  if (suppression !== undefined) return { kind: 'excluded-from-campaigns' }
  if (isUnsubscribed === 1) return { kind: 'unsubscribed' }
  return isPending === 1 ? { kind: 'opt-in-pending' } : undefined
}
