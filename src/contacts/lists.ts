/** Contact lists of a key (reference: contacts.md §3). */
import { randomInt } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { ContactListId, KeyId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { tidyName } from './tidy-text.ts'

export type ContactList = {
  id: ContactListId
  name: string
  address: string
  createdAt: Instant
  deletedAt: Instant | null
  memberCount: number
}

export type ListFilters = {
  keyId: KeyId
  id?: ContactListId
  ids?: readonly ContactListId[]
  address?: string
  name?: string
  excludeId?: ContactListId
  isDeleted?: boolean
}

export type ListSort = { by: 'id' | 'name' | 'createdAt' | 'isDeleted'; descending: boolean }

export async function listContactLists(
  db: Kysely<Schema>,
  filters: ListFilters,
  {
    limit,
    offset = 0,
    sort = { by: 'id', descending: false },
  }: { limit: number; offset?: number; sort?: ListSort },
): Promise<ContactList[]> {
  const direction = sort.descending ? 'desc' : 'asc'
  let query = filtered(db, filters).select([
    'id',
    'name',
    'address',
    'created_at as createdAt',
    'deleted_at as deletedAt',
    'member_count as memberCount',
  ])
  if (sort.by === 'name') query = query.orderBy('name', direction)
  if (sort.by === 'isDeleted') {
    query = query.orderBy(sql`case when deleted_at is null then 0 else 1 end`, direction)
  }
  return query.orderBy('id', direction).limit(limit).offset(offset).execute()
}

export async function countContactLists(db: Kysely<Schema>, filters: ListFilters): Promise<number> {
  const { count } = await filtered(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

export async function findContactList(
  db: Kysely<Schema>,
  by: { keyId: KeyId } & ({ id: ContactListId } | { address: string } | { name: string }),
): Promise<ContactList | undefined> {
  const [found] = await listContactLists(db, by, { limit: 1 })
  return found
}

function filtered(db: Kysely<Schema>, filters: ListFilters) {
  const { keyId, id, ids, address, name, excludeId, isDeleted } = filters
  let query = db.selectFrom('contact_lists').where('key_id', '=', keyId)
  if (id !== undefined) query = query.where('id', '=', id)
  if (ids !== undefined) query = query.where('id', 'in', ids)
  if (address !== undefined) query = query.where('address', '=', address.toLowerCase())
  if (name !== undefined) query = query.where('name', '=', name)
  if (excludeId !== undefined) query = query.where('id', '!=', excludeId)
  if (isDeleted !== undefined) query = query.where('deleted_at', isDeleted ? 'is not' : 'is', null)
  return query
}

export async function createContactList(
  { db, reserveIds }: Pick<Storage, 'db' | 'reserveIds'>,
  { keyId, now, ...wish }: { keyId: KeyId; name: string; now: Instant },
): Promise<ContactList> {
  const name = tidyName(wish.name)
  const row = {
    id: (await reserveIds(1)) as ContactListId,
    name,
    address: makeAddress(),
    created_at: now,
    deleted_at: null,
  }
  const added = await db
    .insertInto('contact_lists')
    .values({ ...row, key_id: keyId })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (added === undefined) throw nameIsTaken(name)
  return { id: row.id, name, address: row.address, createdAt: now, deletedAt: null, memberCount: 0 }
}

export async function changeContactList(
  db: Kysely<Schema>,
  list: ContactList & { keyId: KeyId },
  changes: { name?: string; isDeleted?: boolean; now: Instant },
): Promise<ContactList> {
  const name = changes.name === undefined ? list.name : tidyName(changes.name)
  const deletedAt =
    changes.isDeleted === undefined
      ? list.deletedAt
      : changes.isDeleted
        ? (list.deletedAt ?? changes.now)
        : null
  if (deletedAt === null && (name !== list.name || list.deletedAt !== null)) {
    const [other] = await listContactLists(
      db,
      { keyId: list.keyId, name, excludeId: list.id, isDeleted: false },
      { limit: 1 },
    )
    if (other !== undefined) throw nameIsTaken(name)
  }
  if (deletedAt !== null && list.deletedAt === null) await refuseWhileUsed(db, list)
  await db
    .updateTable('contact_lists')
    .set({ name, deleted_at: deletedAt })
    .where('id', '=', list.id)
    .execute()
  const { keyId: _keyId, ...rest } = list
  return { ...rest, name, deletedAt }
}

/** A campaign that is on its way would lose whom it goes to (reference/mass-mailing.md §3). */
async function refuseWhileUsed(
  db: Kysely<Schema>,
  { id, keyId, name }: Pick<ContactList, 'id' | 'name'> & { keyId: KeyId },
): Promise<void> {
  const campaign = await db
    .selectFrom('mailings')
    .select(['id', 'state'])
    .where('key_id', '=', keyId)
    .where('list_id', '=', id)
    .where('state', 'in', ['scheduled', 'sending', 'paused'])
    .orderBy('id')
    .executeTakeFirst()
  if (campaign === undefined) return
  throw new Refused(
    'conflict',
    `campaign ${campaign.id} is ${campaign.state} and goes to the list '${name.slice(0, 200)}'; cancel it, or wait until it is sent, and then delete the list`,
  )
}

export class NameIsTaken extends Refused {
  readonly taken: string

  constructor(message: string, taken: string) {
    super('conflict', message)
    this.taken = taken
  }
}

function nameIsTaken(name: string): NameIsTaken {
  return new NameIsTaken(`there is a contact list '${name.slice(0, 200)}' already; take another name`, name)
}

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'

function makeAddress(): string {
  return Array.from({ length: 9 }, () => letters[randomInt(letters.length)]).join('')
}
