/** Who did what, when and from where. What was sent with a call is not kept: it may hold secrets. */
import type { UserId } from '../mail/ids.ts'
import type { Instant } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'

const keptMs = 400 * 86_400_000

export type AuditEntry = {
  id: number
  at: Instant
  userId: UserId | null
  actor: string
  address: string
  action: string
  object: string
  outcome: string
}

export async function recordAction(
  { db }: Pick<Storage, 'db'>,
  { at, userId, actor, address, action, object, outcome }: Omit<AuditEntry, 'id'>,
): Promise<void> {
  await db
    .insertInto('audit_log')
    .values({ at, user_id: userId, actor, address, action, object: object.slice(0, 500), outcome })
    .execute()
}

/** Newest first. */
export async function listActions(
  { db }: Pick<Storage, 'db'>,
  { userId, before, limit = 50 }: { userId?: UserId; before?: number; limit?: number } = {},
): Promise<AuditEntry[]> {
  let query = db.selectFrom('audit_log').selectAll().orderBy('id', 'desc').limit(limit)
  if (userId !== undefined) query = query.where('user_id', '=', userId)
  if (before !== undefined) query = query.where('id', '<', before)
  const rows = await query.execute()
  return rows.map(({ user_id, ...row }) => ({ ...row, userId: user_id }))
}

export async function forgetOldActions({ db }: Pick<Storage, 'db'>, now: Instant): Promise<void> {
  await db
    .deleteFrom('audit_log')
    .where('at', '<', now - keptMs)
    .execute()
}
