/** Who is signed in, and where. A session ends by itself when it is not used, and in any case after two weeks. */
import { hash, randomBytes } from 'node:crypto'
import type { SessionId, UserId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { toUser, type User } from './users.ts'

export const sessionIdleMs = 12 * 3_600_000
export const sessionLifetimeMs = 14 * 86_400_000
/** `seen_at` costs a write: not more often than this. */
const noteSeenEveryMs = 60_000

/** Where a request comes from. */
export type Origin = { address: string; userAgent: string }

export type Session = {
  id: SessionId
  createdAt: Instant
  seenAt: Instant
  address: string
  userAgent: string
}

export type SignedIn = { user: User; session: Session; csrf: string }

/** Ends with the session, and cannot be guessed from anything but the token. */
export function csrfTokenOf(token: string): string {
  return hash('sha256', `csrf ${token}`, 'base64url')
}

export async function startSession(
  storage: Pick<Storage, 'db' | 'reserveIds'>,
  { userId, now, address, userAgent }: { userId: UserId; now: Instant } & Origin,
): Promise<{ token: string; id: SessionId }> {
  const token = randomBytes(32).toString('base64url')
  const id = (await storage.reserveIds(1)) as SessionId
  await storage.db
    .insertInto('sessions')
    .values({
      id,
      user_id: userId,
      token_hash: hashToken(token),
      created_at: now,
      seen_at: now,
      address,
      user_agent: userAgent.slice(0, 300),
    })
    .execute()
  await storage.db.updateTable('users').set({ signed_in_at: now }).where('id', '=', userId).execute()
  return { token, id }
}

export async function readSession(
  { db }: Pick<Storage, 'db'>,
  { token, now, address }: { token: string; now: Instant; address: string },
): Promise<SignedIn | undefined> {
  if (!/^[\w-]{43}$/.test(token)) return undefined
  const row = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .selectAll('users')
    .select([
      'sessions.id as session_id',
      'sessions.created_at as session_created_at',
      'sessions.seen_at as session_seen_at',
      'sessions.user_agent as session_user_agent',
    ])
    .where('token_hash', '=', hashToken(token))
    .where('sessions.seen_at', '>', now - sessionIdleMs)
    .where('sessions.created_at', '>', now - sessionLifetimeMs)
    .executeTakeFirst()
  if (row === undefined) return undefined
  let seenAt = row.session_seen_at
  if (now - seenAt >= noteSeenEveryMs) {
    seenAt = now
    await db.updateTable('sessions').set({ seen_at: now, address }).where('id', '=', row.session_id).execute()
  }
  return {
    user: toUser(row),
    session: {
      id: row.session_id,
      createdAt: row.session_created_at,
      seenAt,
      address,
      userAgent: row.session_user_agent,
    },
    csrf: csrfTokenOf(token),
  }
}

export async function listSessions(
  { db }: Pick<Storage, 'db'>,
  { userId, now }: { userId: UserId; now: Instant },
): Promise<Session[]> {
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('seen_at', '>', now - sessionIdleMs)
    .where('created_at', '>', now - sessionLifetimeMs)
    .orderBy('seen_at', 'desc')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    createdAt: row.created_at,
    seenAt: row.seen_at,
    address: row.address,
    userAgent: row.user_agent,
  }))
}

export async function endSession(
  { db }: Pick<Storage, 'db'>,
  { userId, id }: { userId: UserId; id: SessionId },
): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom('sessions')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  if (numDeletedRows === 0n) throw new Refused('not-found', `you have no session ${id}`)
}

/** All of a person, but for the one they sit at. */
export async function endSessions(
  { db }: Pick<Storage, 'db'>,
  { userId, except }: { userId: UserId; except?: SessionId },
): Promise<void> {
  const all = db.deleteFrom('sessions').where('user_id', '=', userId)
  await (except === undefined ? all : all.where('id', '!=', except)).execute()
}

export async function forgetEndedSessions({ db }: Pick<Storage, 'db'>, now: Instant): Promise<void> {
  await db
    .deleteFrom('sessions')
    .where((where) =>
      where.or([
        where('seen_at', '<=', now - sessionIdleMs),
        where('created_at', '<=', now - sessionLifetimeMs),
      ]),
    )
    .execute()
  await db.deleteFrom('user_links').where('expires_at', '<=', now).execute()
}

/** 256 random bits: a plain hash is enough, as with API keys. */
function hashToken(token: string): string {
  return hash('sha256', token, 'hex')
}
