/** What follows from a run of calls: the health of the webhook, its suspension, and when it is called again. */
import type { Kysely } from 'kysely'
import type { WebhookId } from '../mail/ids.ts'
import type { Work } from '../queue/work.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { WebhooksContext } from './context.ts'
import { handOn, lockWithBackup } from './hand-on.ts'
import { isHopeless, retryDelayMs } from './schedule.ts'
import type { WebhookRow } from './webhooks.ts'

export type Tally = {
  delivered: number
  failed: number
  problem: string
  /** Of the first failure. */
  failedAt: Instant | undefined
}

type Db = Kysely<Schema>

/** Health, calls and lease in one transaction. */
export async function settleRun(
  { storage, clock, log }: Pick<WebhooksContext, 'storage' | 'clock' | 'log'>,
  work: Work,
  tally: Tally,
): Promise<void> {
  const id = work.ref as WebhookId
  const now = clock.now()
  const owner = storage.nodeId
  const suspended = await storage.db.transaction().execute(async (db) => {
    const row = await lockWithBackup(db, id, now)
    if (row === undefined) {
      await db.deleteFrom('webhook_calls').where('webhook_id', '=', id).execute()
      await endWork(db, { work, owner })
      return undefined
    }
    const health = row.state === 'dead' ? {} : healthAfter(row, tally, now)
    if (Object.keys(health).length > 0) {
      await db.updateTable('webhooks').set(health).where('id', '=', id).execute()
    }
    const after = { ...row, ...health }
    if (after.state === 'dead') await handOn(db, after, { now })
    await goOn(db, { work, owner, after, now })
    return row.state === 'alive' && after.state === 'dead' ? after : undefined
  })
  if (suspended !== undefined) {
    log.warn(
      { webhookId: id, keyId: suspended.key_id, problem: tally.problem },
      'webhook suspended after a day',
    )
  }
}

function healthAfter(
  row: WebhookRow,
  { delivered, failed, problem, failedAt }: Tally,
  now: Instant,
): Partial<WebhookRow> {
  if (delivered > 0) {
    return { failing_since: null, failed_runs: 0, last_success_at: now, last_problem: problem }
  }
  if (failed === 0) return {}
  const failingSince = row.failing_since ?? failedAt ?? now
  const failing = { failing_since: failingSince, failed_runs: row.failed_runs + 1, last_problem: problem }
  if (!isHopeless(failingSince, now)) return failing
  return { ...failing, state: 'dead', dead_since: now, missed_since: row.missed_since ?? failingSince }
}

/** The work ends with the last call; else it is due with the next one, and not while the receiver needs a rest. */
async function goOn(
  db: Db,
  { work, owner, after, now }: { work: Work; owner: string; after: WebhookRow; now: Instant },
): Promise<void> {
  const next = await db
    .selectFrom('webhook_calls')
    .select(({ fn }) => fn.min('due_at').as('at'))
    .where('webhook_id', '=', after.id)
    .executeTakeFirst()
  if (next === undefined || next.at === null) return endWork(db, { work, owner })
  const rest = after.failed_runs === 0 ? 0 : now + retryDelayMs(after.failed_runs)
  await db
    .updateTable('work')
    .set({ owner: null, due_at: Math.max(Number(next.at), rest) })
    .where('id', '=', work.id)
    .where('owner', '=', owner)
    .execute()
}

async function endWork(db: Db, { work, owner }: { work: Work; owner: string }): Promise<void> {
  await db.deleteFrom('work').where('id', '=', work.id).where('owner', '=', owner).execute()
}
