/** People: one row for each address of an API key. */
import { type Kysely, sql } from 'kysely'
import { normaliseAddress, parseAddress } from '../mail/address.ts'
import type { CampaignId, ContactId, ContactListId, KeyId, MailingId } from '../mail/ids.ts'
import type { Flag, Instant, Schema } from '../storage/schema.ts'
import type { SuppressionReason } from '../storage/tables/suppressions.ts'

export type Contact = {
  id: ContactId
  keyId: KeyId
  email: string
  name: string
  isOptInPending: Flag
  deliveredCount: number
  createdAt: Instant
  updatedAt: Instant | null
  exclusionChangedAt: Instant | null
  lastActivityAt: Instant | null
  unsubscribedAt: Instant | null
  /** Present when the address is on the suppression list. */
  suppressedBecause: SuppressionReason | null
  /** Excluded from campaigns since then. */
  optedOutAt: Instant | null
  /** When they left the list of the filter; null for who is in it, and where no list was asked for. */
  leftListAt: Instant | null
}

export type ContactFilters = {
  keyId: KeyId
  id?: ContactId
  email?: string
  listId?: ContactListId
  isExcluded?: boolean
  /** From the list of the filter, or from any list. */
  isUnsubscribed?: boolean
  activeSince?: Instant
  /** Mail of this campaign was for them; its own number, or that of what was written and sent. */
  campaign?: number
  /** The beginning of an address, or `@domain`. */
  search?: string
  /** For paging in the order of ids. */
  after?: ContactId
}

export type ContactSort = {
  by: 'id' | 'email' | 'deliveredCount' | 'createdAt'
  descending: boolean
}

/** Undefined when it is none. */
export function contactEmail(text: string): string | undefined {
  const address = parseAddress(text.trim())
  return address && normaliseAddress(address)
}

export async function findContact(
  db: Kysely<Schema>,
  by: { keyId: KeyId } & ({ id: ContactId } | { email: string }),
): Promise<Contact | undefined> {
  const [found] = await listContacts(db, by, { limit: 1 })
  return found
}

/** Who has these addresses, by the address as it was given. */
export async function contactIdsOf(
  db: Kysely<Schema>,
  { keyId, addresses }: { keyId: KeyId; addresses: readonly string[] },
): Promise<ReadonlyMap<string, ContactId>> {
  const emails = new Map(addresses.map((address) => [address, contactEmail(address) ?? address]))
  if (emails.size === 0) return new Map()
  const rows = await db
    .selectFrom('contacts')
    .select(['id', 'email'])
    .where('key_id', '=', keyId)
    .where('email', 'in', [...new Set(emails.values())])
    .execute()
  const ids = new Map(rows.map(({ id, email }) => [email, id]))
  return new Map(
    [...emails].flatMap(([address, email]) => {
      const id = ids.get(email)
      return id === undefined ? [] : [[address, id] as const]
    }),
  )
}

export async function listContacts(
  db: Kysely<Schema>,
  filters: ContactFilters,
  {
    limit,
    offset = 0,
    sort = { by: 'id', descending: false },
  }: { limit: number; offset?: number; sort?: ContactSort },
): Promise<Contact[]> {
  const direction = sort.descending ? ('desc' as const) : ('asc' as const)
  const page = filtered(db, filters)
    .leftJoin('suppressions', (join) =>
      join
        .onRef('suppressions.key_id', '=', 'contacts.key_id')
        .onRef('suppressions.address', '=', 'contacts.email'),
    )
    .select([
      'contacts.id',
      'contacts.key_id as keyId',
      'contacts.email',
      'contacts.name',
      'contacts.is_opt_in_pending as isOptInPending',
      'contacts.delivered_count as deliveredCount',
      'contacts.created_at as createdAt',
      'contacts.updated_at as updatedAt',
      'contacts.exclusion_changed_at as exclusionChangedAt',
      'contacts.last_activity_at as lastActivityAt',
      'contacts.unsubscribed_at as unsubscribedAt',
      'suppressions.reason as suppressedBecause',
      'suppressions.opted_out_at as optedOutAt',
      (filters.listId === undefined
        ? sql<Instant | null>`NULL`
        : sql<Instant | null>`CASE WHEN list_members.is_unsubscribed = 1 THEN list_members.unsubscribed_at END`
      ).as('leftListAt'),
    ])
    .limit(limit)
    .offset(offset)
  switch (sort.by) {
    case 'email':
      return page.orderBy('contacts.email', direction).execute()
    case 'deliveredCount':
      return page.orderBy('contacts.delivered_count', direction).orderBy('contacts.id', direction).execute()
    // Ids are given in the order of creation, and are indexed.
    case 'createdAt':
    case 'id':
      // The same number; of a list, the index of its members has it in order.
      if (filters.isExcluded && filters.listId === undefined) {
        // The plus keeps a database from walking all contacts in their order to find the few.
        return page.orderBy(sql`${sql.ref('contacts.id')} + 0`, direction).execute()
      }
      return filters.listId === undefined
        ? page.orderBy('contacts.id', direction).execute()
        : page.orderBy(sql.ref('list_members.contact_id'), direction).execute()
  }
}

export async function countContacts(db: Kysely<Schema>, filters: ContactFilters): Promise<number> {
  const { count } = await filtered(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Erased people are nobody's business any more. */
function filtered(db: Kysely<Schema>, filters: ContactFilters) {
  const { keyId, id, email, listId, isExcluded, isUnsubscribed, activeSince, campaign, search, after } =
    filters
  let query = db
    .selectFrom('contacts')
    .where('contacts.key_id', '=', keyId)
    .where('contacts.erased_at', 'is', null)
  if (id !== undefined) query = query.where('contacts.id', '=', id)
  if (after !== undefined) query = query.where('contacts.id', '>', after)
  if (email !== undefined) query = query.where('contacts.email', '=', email)
  if (activeSince !== undefined) query = query.where('contacts.last_activity_at', '>=', activeSince)
  if (campaign !== undefined) {
    query = query.where('contacts.email', 'in', ({ selectFrom }) =>
      selectFrom('messages')
        .innerJoin('deliveries', 'deliveries.message_id', 'messages.id')
        .select(sql<string>`lower(deliveries.recipient)`.as('address'))
        .where('messages.key_id', '=', keyId)
        .where('messages.campaign_id', 'in', (eb) =>
          eb
            .selectFrom('campaigns')
            .select('campaigns.id')
            .where('campaigns.key_id', '=', keyId)
            .where((is) =>
              is.or([
                is('campaigns.id', '=', campaign as CampaignId),
                is('campaigns.mailing_id', '=', campaign as MailingId),
              ]),
            ),
        ),
    )
  }
  const text = search?.trim().toLowerCase() ?? ''
  if (text.startsWith('@')) {
    query = query.where('contacts.email', 'like', `%${text.replaceAll(/[\\%_]/g, '')}`)
  } else if (text !== '') {
    // Between bounds, so that the index of addresses serves it.
    query = query.where('contacts.email', '>=', text).where('contacts.email', '<', `${text}\u{10ffff}`)
  }
  if (isExcluded === true) {
    // They are few: found in their own list.
    query = query.where('contacts.email', 'in', ({ selectFrom }) =>
      selectFrom('suppressions as excluded')
        .select('excluded.address')
        .where('excluded.key_id', '=', keyId)
        .where('excluded.opted_out_at', 'is not', null),
    )
  } else if (isExcluded === false) {
    query = query.where(({ exists, not, selectFrom }) =>
      not(
        exists(
          selectFrom('suppressions as excluded')
            .select('excluded.address')
            .whereRef('excluded.key_id', '=', 'contacts.key_id')
            .whereRef('excluded.address', '=', 'contacts.email')
            .where('excluded.opted_out_at', 'is not', null),
        ),
      ),
    )
  }
  if (listId === undefined && isUnsubscribed !== undefined) {
    query = query.where((where) => {
      const hasLeft = where.exists(
        where
          .selectFrom('list_members')
          .select('list_members.id')
          .whereRef('list_members.contact_id', '=', 'contacts.id')
          .where('list_members.is_unsubscribed', '=', 1),
      )
      return isUnsubscribed ? hasLeft : where.not(hasLeft)
    })
  }
  return query.$if(listId !== undefined, (all) => {
    const members = all
      .innerJoin('list_members', 'list_members.contact_id', 'contacts.id')
      .where('list_members.list_id', '=', listId ?? (0 as ContactListId))
    return isUnsubscribed === undefined
      ? members
      : members.where('list_members.is_unsubscribed', '=', isUnsubscribed ? 1 : 0)
  })
}
