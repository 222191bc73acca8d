/** One-time links: one makes the first owner, the others let somebody choose their password. */
import { hash, randomBytes } from 'node:crypto'
import type { UserId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { endSessions } from './sessions.ts'
import { forgetTwoFactor } from './two-factor.ts'
import { findUser, hasUsers, newUserRow, toUser, type User } from './users.ts'

const setupLifetimeMs = 7 * 86_400_000
const passwordLifetimeMs = 2 * 86_400_000

/** Undefined once there is a user: then the owner invites people. */
export async function makeSetupLink({ db }: Storage, { now }: { now: Instant }): Promise<string | undefined> {
  if (await hasUsers(db)) return undefined
  const token = newToken()
  await db
    .insertInto('user_links')
    .values({
      token_hash: hashToken(token),
      user_id: null,
      created_at: now,
      expires_at: now + setupLifetimeMs,
    })
    .execute()
  return token
}

export type PasswordLink = { token: string; expiresAt: Instant }

/** The links that the person was given before stop working. */
export async function makePasswordLink(
  { db }: Pick<Storage, 'db'>,
  of: { userId: UserId; now: Instant },
): Promise<PasswordLink> {
  return db.transaction().execute((tx) => replaceLinks(tx, of))
}

/** Nothing that let the person in does so any more: password, second factor, sessions, older links. They get a link. */
export async function resetAccess(
  { db }: Pick<Storage, 'db'>,
  { userId, now }: { userId: UserId; now: Instant },
): Promise<PasswordLink> {
  return db.transaction().execute(async (tx) => {
    await tx.updateTable('users').set({ password_hash: null }).where('id', '=', userId).execute()
    await forgetTwoFactor(tx, userId)
    await endSessions({ db: tx }, { userId })
    return replaceLinks(tx, { userId, now })
  })
}

async function replaceLinks(
  tx: Storage['db'],
  { userId, now }: { userId: UserId; now: Instant },
): Promise<PasswordLink> {
  const token = newToken()
  const expiresAt = now + passwordLifetimeMs
  await tx.deleteFrom('user_links').where('user_id', '=', userId).execute()
  await tx
    .insertInto('user_links')
    .values({ token_hash: hashToken(token), user_id: userId, created_at: now, expires_at: expiresAt })
    .execute()
  return { token, expiresAt }
}

/** Whose link it is; 'setup' for the one of the first start. Throws Refused when it leads nowhere. */
export async function readLink(
  db: Storage['db'],
  { token, now }: { token: string; now: Instant },
): Promise<User | 'setup'> {
  const row = await db
    .selectFrom('user_links')
    .selectAll()
    .where('token_hash', '=', hashToken(token))
    .executeTakeFirst()
  if (row === undefined || row.expires_at <= now) {
    throw new Refused(
      'not-found',
      'this link was used, has expired or was cut off on its way; ask for a new one',
    )
  }
  return row.user_id === null ? 'setup' : findUser(db, row.user_id)
}

/** The first owner. Every set-up link is spent with it. */
export async function useSetupLink(
  storage: Storage,
  {
    token,
    email,
    name,
    passwordHash,
    now,
  }: { token: string; email: string; name: string; passwordHash: string; now: Instant },
): Promise<User> {
  const id = (await storage.reserveIds(1)) as UserId
  const row = { ...newUserRow({ id, email, name, role: 'owner', now }), password_hash: passwordHash }
  return storage.db.transaction().execute(async (transaction) => {
    // One row that only one transaction can write: two links used at once make one owner.
    await transaction
      .insertInto('meta')
      .values({ name: 'first_owner', value: String(id) })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: String(id) }))
      .execute()
    if (await hasUsers(transaction)) {
      throw new Refused('conflict', 'this instance has its owner already; sign in, or ask to be invited')
    }
    if ((await readLink(transaction, { token, now })) !== 'setup') throw new Error('not a set-up link')
    await transaction.deleteFrom('user_links').where('user_id', 'is', null).execute()
    await transaction.insertInto('users').values(row).execute()
    return toUser(row)
  })
}

/** Chooses a password; every session of the person ends. */
export async function usePasswordLink(
  { db }: Storage,
  { token, passwordHash, now }: { token: string; passwordHash: string; now: Instant },
): Promise<User> {
  return db.transaction().execute(async (transaction) => {
    const user = await readLink(transaction, { token, now })
    const { numDeletedRows } = await transaction
      .deleteFrom('user_links')
      .where('token_hash', '=', hashToken(token))
      .executeTakeFirstOrThrow()
    if (user === 'setup' || numDeletedRows === 0n) {
      throw new Refused('not-found', 'this link does not choose a password; ask for a new one')
    }
    await transaction.deleteFrom('sessions').where('user_id', '=', user.id).execute()
    await transaction
      .updateTable('users')
      .set({ password_hash: passwordHash })
      .where('id', '=', user.id)
      .execute()
    return { ...user, hasPassword: true }
  })
}

function newToken(): string {
  return randomBytes(32).toString('base64url')
}

function hashToken(token: string): string {
  return hash('sha256', token, 'hex')
}
