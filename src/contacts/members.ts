/** Who is in a list, and what can be done about it (reference: contacts.md §4-5). */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { ContactId, ContactListId, KeyId, MemberId } from '../mail/ids.ts'
import type { Flag, Instant, Schema } from '../storage/schema.ts'

export const listActions = ['addforce', 'addnoforce', 'remove', 'unsub'] as const
export type ListAction = (typeof listActions)[number]
/** `unsub-new` brings people who have left elsewhere, and changes nobody who is in the list. */
export type MemberAction = ListAction | 'unsub-new'
export type ListTarget = { listId: ContactListId; action: MemberAction }

export function readListAction(text: unknown): ListAction | undefined {
  return typeof text === 'string'
    ? listActions.find((action) => action === text.trim().toLowerCase())
    : undefined
}

export type Member = {
  id: MemberId
  listId: ContactListId
  listName: string
  contactId: ContactId
  email: string
  isUnsubscribed: Flag
  subscribedAt: Instant | null
  unsubscribedAt: Instant | null
}

export type MemberFilters = {
  keyId: KeyId
  id?: MemberId
  listId?: ContactListId
  listName?: string
  contactId?: ContactId
  email?: string
  isUnsubscribed?: boolean
  isExcluded?: boolean
  /** On the suppression list for a reason that holds all mail back. */
  isBlocked?: boolean
  activeSince?: Instant
  /** Has opened mail that went to the list. */
  hasOpened?: boolean
  /** True: only of lists that are there. */
  ignoreDeleted?: boolean
  /** For paging in the order of ids. */
  after?: MemberId
}

/** In the order of ids. */
export async function listMembers(
  db: Kysely<Schema>,
  filters: MemberFilters,
  { limit, offset = 0 }: { limit: number; offset?: number },
): Promise<Member[]> {
  // The page first, from the index, and only for it what is known of contacts and lists.
  const page = filtered(db, filters)
    .select('list_members.id')
    .orderBy('list_members.id')
    .limit(limit)
    .offset(offset)
  return db
    .selectFrom('list_members')
    .innerJoin('contacts', 'contacts.id', 'list_members.contact_id')
    .innerJoin('contact_lists', 'contact_lists.id', 'list_members.list_id')
    .select([
      'list_members.id',
      'list_members.list_id as listId',
      'contact_lists.name as listName',
      'list_members.contact_id as contactId',
      'contacts.email',
      'list_members.is_unsubscribed as isUnsubscribed',
      'list_members.subscribed_at as subscribedAt',
      'list_members.unsubscribed_at as unsubscribedAt',
    ])
    .where('list_members.id', 'in', page)
    .orderBy('list_members.id')
    .execute()
}

export async function countMembers(db: Kysely<Schema>, filters: MemberFilters): Promise<number> {
  const { count } = await filtered(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** How many have left each list of a key; a list that nobody has left is not in the map. */
export async function countLeavers(
  db: Kysely<Schema>,
  { keyId, listId }: { keyId: KeyId; listId?: ContactListId },
): Promise<ReadonlyMap<ContactListId, number>> {
  let query = db
    .selectFrom('list_members')
    .select(({ fn }) => ['list_id as listId', fn.countAll<number>().as('count')])
    .where('key_id', '=', keyId)
    // As a literal, so that the index of those who left serves it.
    .where(sql<boolean>`is_unsubscribed = 1`)
  if (listId !== undefined) query = query.where('list_id', '=', listId)
  const rows = await query.groupBy('list_id').execute()
  return new Map(rows.map((row) => [row.listId, Number(row.count)]))
}

function filtered(db: Kysely<Schema>, filters: MemberFilters) {
  const { keyId, id, listId, listName, contactId, email, isUnsubscribed, activeSince, after } = filters
  // Members of a list or of one contact are found by those: the plus keeps a database from walking all of the key.
  const isOfFew = listId !== undefined || contactId !== undefined || email !== undefined
  const ownKey = isOfFew ? sql`+${sql.ref('list_members.key_id')}` : sql.ref('list_members.key_id')
  let query = db.selectFrom('list_members').where(sql<boolean>`${ownKey} = ${keyId}`)
  if (id !== undefined) query = query.where('list_members.id', '=', id)
  if (after !== undefined) query = query.where('list_members.id', '>', after)
  if (listId !== undefined) query = query.where('list_members.list_id', '=', listId)
  if (contactId !== undefined) query = query.where('list_members.contact_id', '=', contactId)
  if (email !== undefined) {
    query = query.where('list_members.contact_id', '=', ({ selectFrom }) =>
      selectFrom('contacts as named')
        .select('named.id')
        .where('named.key_id', '=', keyId)
        .where('named.email', '=', email),
    )
  }
  if (isUnsubscribed !== undefined) {
    query = query.where('list_members.is_unsubscribed', '=', isUnsubscribed ? 1 : 0)
  }
  if (listName !== undefined || filters.ignoreDeleted) {
    query = query.where('list_members.list_id', 'in', ({ selectFrom }) => {
      let lists = selectFrom('contact_lists')
        .select('contact_lists.id')
        .where('contact_lists.key_id', '=', keyId)
      if (listName !== undefined) lists = lists.where('contact_lists.name', '=', listName)
      return filters.ignoreDeleted ? lists.where('contact_lists.deleted_at', 'is', null) : lists
    })
  }
  const { isExcluded, isBlocked, hasOpened } = filters
  if (hasOpened !== undefined) {
    const opened = sql<boolean>`EXISTS (SELECT 1 FROM member_counts AS o WHERE o.contact_id = list_members.contact_id
      AND o.list_id = list_members.list_id AND o.opened > 0)`
    query = query.where(hasOpened ? opened : sql<boolean>`NOT ${opened}`)
  }
  if (activeSince !== undefined) query = query.where(ofContact(sql`c.last_activity_at >= ${activeSince}`))
  if (isExcluded !== undefined) query = query.where(isListed(sql`s.opted_out_at IS NOT NULL`, isExcluded))
  if (isBlocked !== undefined) query = query.where(isListed(sql`s.reason <> 'unsubscribe'`, isBlocked))
  return query
}

function ofContact(condition: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql`EXISTS (SELECT 1 FROM contacts AS c WHERE c.id = list_members.contact_id AND ${condition})`
}

/** On the suppression list in this way, or not. */
function isListed(condition: RawBuilder<unknown>, wanted: boolean): RawBuilder<boolean> {
  const listed = sql`EXISTS (SELECT 1 FROM suppressions AS s
    WHERE s.key_id = c.key_id AND s.address = c.email AND ${condition})`
  return ofContact(wanted ? listed : sql`NOT ${listed}`)
}

/** The lists that a contact is in, without those that are deleted. */
export async function listsOfContact(
  db: Kysely<Schema>,
  { keyId, contactId }: { keyId: KeyId; contactId: ContactId },
): Promise<Member[]> {
  return listMembers(db, { keyId, contactId, ignoreDeleted: true }, { limit: 10_000 })
}

/**
 * Does the actions to all of the contacts, inside a transaction, and says how many memberships that were not there
 * before it made. `firstId` is the first of as many ids as there are
 * contacts times targets. Contacts go in the order of their ids, so that two who do this do not wait for each other.
 */
export async function applyActions(
  tx: Kysely<Schema>,
  change: {
    keyId: KeyId
    contactIds: readonly ContactId[]
    targets: readonly ListTarget[]
    firstId: number
    now: Instant
  },
): Promise<number> {
  const { keyId, targets, firstId, now } = change
  const contactIds = change.contactIds.toSorted((a, b) => a - b)
  let made = 0
  if (contactIds.length === 0) return made
  for (const [number, { listId, action }] of targets.toSorted((a, b) => a.listId - b.listId).entries()) {
    const ofTarget = { keyId, listId, contactIds, firstId: firstId + number * contactIds.length, now }
    const grown =
      action === 'remove'
        ? -(await removeMembers(tx, ofTarget))
        : await ensureMembers(tx, { ...ofTarget, action })
    if (grown === 0) continue
    made += Math.max(grown, 0)
    await tx
      .updateTable('contact_lists')
      .set((column) => ({ member_count: column('member_count', '+', grown) }))
      .where('id', '=', listId)
      .execute()
  }
  return made
}

type OneList = {
  keyId: KeyId
  listId: ContactListId
  contactIds: readonly ContactId[]
  firstId: number
  now: Instant
}

/** How many were not there before. */
async function ensureMembers(
  tx: Kysely<Schema>,
  { keyId, listId, contactIds, firstId, now, action }: OneList & { action: Exclude<MemberAction, 'remove'> },
): Promise<number> {
  const leaves = action === 'unsub' || action === 'unsub-new'
  const rows = await tx
    .insertInto('list_members')
    .values(
      contactIds.map((contactId, place) => ({
        id: (firstId + place) as MemberId,
        key_id: keyId,
        list_id: listId,
        contact_id: contactId,
        is_unsubscribed: leaves ? (1 as const) : (0 as const),
        subscribed_at: leaves ? null : now,
        unsubscribed_at: leaves ? now : null,
      })),
    )
    .onConflict((conflict) => {
      const known = conflict.columns(['list_id', 'contact_id'])
      switch (action) {
        case 'addnoforce':
        case 'unsub-new':
          return known.doNothing()
        case 'addforce':
          return known
            .doUpdateSet({ is_unsubscribed: 0, subscribed_at: now })
            .where('list_members.is_unsubscribed', '=', 1)
        case 'unsub':
          return known
            .doUpdateSet({ is_unsubscribed: 1, unsubscribed_at: now })
            .where('list_members.is_unsubscribed', '=', 0)
      }
    })
    .returning('id')
    .execute()
  return rows.filter(({ id }) => id >= firstId && id < firstId + contactIds.length).length
}

/** How many were there. */
async function removeMembers(
  tx: Kysely<Schema>,
  { listId, contactIds }: Pick<OneList, 'listId' | 'contactIds'>,
): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('list_members')
    .where('list_id', '=', listId)
    .where('contact_id', 'in', contactIds)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
