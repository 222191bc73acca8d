/** People who may sign in to the console. The first is an owner; there is always one. */
import type { Selectable } from 'kysely'
import { formatAddress, parseAddress } from '../mail/address.ts'
import type { UserId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import type { Role } from './roles.ts'

export type User = {
  id: UserId
  email: string
  name: string
  role: Role
  /** false: was invited, and has not chosen a password yet. */
  hasPassword: boolean
  hasTwoFactor: boolean
  createdAt: Instant
  signedInAt: Instant | null
}

type Db = Storage['db']

export async function hasUsers(db: Db): Promise<boolean> {
  return (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined
}

export async function listUsers(db: Db): Promise<User[]> {
  return (await db.selectFrom('users').selectAll().orderBy('id').execute()).map(toUser)
}

/** By id or by address. Throws Refused when there is none. */
export async function findUser(db: Db, reference: string | number): Promise<User> {
  const text = String(reference).trim().toLowerCase()
  const rows = db.selectFrom('users').selectAll()
  const row = /^\d{1,15}$/.test(text)
    ? await rows.where('id', '=', Number(text) as UserId).executeTakeFirst()
    : await rows.where('email', '=', text).executeTakeFirst()
  if (row === undefined) {
    throw new Refused(
      'not-found',
      `there is no user '${text.slice(0, 100)}'; name one by id or e-mail address`,
    )
  }
  return toUser(row)
}

/** Somebody without a password: they choose it themselves, with a one-time link. */
export async function addUser(
  storage: Storage,
  { email, name, role, now }: { email: string; name: string; role: Role; now: Instant },
): Promise<User> {
  const row = newUserRow({ id: (await storage.reserveIds(1)) as UserId, email, name, role, now })
  return storage.db.transaction().execute(async (transaction) => {
    const known = await transaction
      .selectFrom('users')
      .select('id')
      .where('email', '=', row.email)
      .executeTakeFirst()
    if (known !== undefined) throw new Refused('conflict', `there is a user ${row.email} already`)
    await transaction.insertInto('users').values(row).execute()
    return toUser(row)
  })
}

export function newUserRow({
  id,
  email,
  name,
  role,
  now,
}: {
  id: UserId
  email: string
  name: string
  role: Role
  now: Instant
}): Selectable<Schema['users']> {
  return {
    id,
    email: checkEmail(email),
    name: checkName(name),
    role,
    password_hash: null,
    totp_secret_sealed: null,
    totp_confirmed_at: null,
    totp_step: 0,
    created_at: now,
    signed_in_at: null,
  }
}

export async function changeUser(
  { db }: Storage,
  { id, name, role }: { id: UserId; name?: string; role?: Role },
): Promise<User> {
  return db.transaction().execute(async (transaction) => {
    const user = await findUser(transaction, id)
    if (role !== undefined && role !== 'owner') await keepAnOwner(transaction, user)
    const changed = { name: name === undefined ? user.name : checkName(name), role: role ?? user.role }
    await transaction.updateTable('users').set(changed).where('id', '=', id).execute()
    return { ...user, ...changed }
  })
}

/** With everything that lets them in. */
export async function removeUser({ db }: Storage, id: UserId): Promise<User> {
  return db.transaction().execute(async (transaction) => {
    const user = await findUser(transaction, id)
    await keepAnOwner(transaction, user)
    for (const table of ['sessions', 'recovery_codes', 'user_links'] as const) {
      await transaction.deleteFrom(table).where('user_id', '=', id).execute()
    }
    await transaction.deleteFrom('users').where('id', '=', id).execute()
    return user
  })
}

/** Nobody could make a user, a key or a backup any more. */
async function keepAnOwner(db: Db, user: User): Promise<void> {
  if (user.role !== 'owner') return
  // A write first: of two owners who remove each other at once, the second waits here and then finds one left.
  const owners = await db
    .updateTable('users')
    .set({ role: 'owner' })
    .where('role', '=', 'owner')
    .returning('id')
    .execute()
  if (owners.length > 1) return
  throw new Refused('conflict', `${user.email} is the only owner; make somebody else an owner first`)
}

export function toUser(row: Omit<Schema['users'], 'totp_step'>): User {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: row.role,
    hasPassword: row.password_hash !== null,
    hasTwoFactor: row.totp_confirmed_at !== null,
    createdAt: row.created_at,
    signedInAt: row.signed_in_at,
  }
}

function checkEmail(text: string): string {
  const address = parseAddress(text.trim())
  if (address === undefined) {
    throw new Refused(
      'bad-value',
      `'${text.slice(0, 300)}' is not an e-mail address; write it like lea@shop.example`,
    )
  }
  return formatAddress(address).toLowerCase()
}

function checkName(name: string): string {
  const trimmed = name.trim()
  if (trimmed.length > 100 || /\p{Cc}/u.test(trimmed)) {
    throw new Refused('bad-value', 'a name has at most 100 characters, none of them a control character')
  }
  return trimmed
}
