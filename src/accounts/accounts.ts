import type { AccountId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'

export type Account = { id: AccountId; name: string; createdAt: Instant }

/** The instance's first account, made when there is none: one is all that most instances ever have. */
export async function ensureAccount(
  storage: Storage,
  { name = 'main', now }: { name?: string; now: Instant },
): Promise<Account> {
  const existing = await firstAccount(storage)
  if (existing !== undefined) return existing

  const made = await createAccount(storage, { name, now })
  // Of two processes that start at once each may have made one: both go on with the first.
  return (await firstAccount(storage)) ?? made
}

export async function createAccount(
  storage: Storage,
  { name, now }: { name: string; now: Instant },
): Promise<Account> {
  const id = (await storage.reserveIds(1)) as AccountId
  await storage.db.insertInto('accounts').values({ id, name, created_at: now }).execute()
  return { id, name, createdAt: now }
}

export async function findAccount(storage: Storage, id: AccountId): Promise<Account> {
  const row = await storage.db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new Refused('not-found', `there is no account ${id}`)
  return { id: row.id, name: row.name, createdAt: row.created_at }
}

async function firstAccount(storage: Storage): Promise<Account | undefined> {
  const row = await storage.db.selectFrom('accounts').selectAll().orderBy('id').limit(1).executeTakeFirst()
  return row && { id: row.id, name: row.name, createdAt: row.created_at }
}
