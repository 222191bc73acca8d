/** A webhook is changed, and what it is owed with it: in one transaction. */
import type { Kysely } from 'kysely'
import type { WebhookId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { WebhooksContext } from './context.ts'
import { handOn, lockWithBackup } from './hand-on.ts'
import { noSuchWebhook, toWebhook, unlessTaken, type Webhook, type WebhookRow, workOf } from './webhooks.ts'

export type WebhookChanges = Partial<
  Pick<Webhook, 'topic' | 'address' | 'isBackup' | 'url' | 'version' | 'state'>
>

/**
 * A new URL revives a dead webhook, unless it is to be dead. Who is revived is called at once, and what waits for one that
 * is suspended is handed on at once. Throws Refused when it is gone, or `taken`.
 */
export async function changeWebhook(
  ctx: WebhooksContext,
  { webhook, changes, taken }: { webhook: Webhook; changes: WebhookChanges; taken: string },
): Promise<Webhook> {
  const { storage, seal, clock, wakeCalls } = ctx
  const { id } = webhook
  const now = clock.now()
  const row = await unlessTaken(taken, () =>
    storage.db.transaction().execute(async (db) => {
      const before = await lockWithBackup(db, id, now)
      if (before === undefined) return undefined
      const columns = columnsFor(ctx, { before, changes, now })
      await db.updateTable('webhooks').set(columns).where('id', '=', id).execute()
      if (columns.state === 'alive') {
        await callAtOnce(db, id, now)
      } else if (columns.state === 'dead') {
        const suspended = { ...before, missed_since: columns.missed_since ?? before.missed_since }
        await handOn(db, suspended, { now, isRunning: !(await freeWork(db, id, now)) })
      }
      return db.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirst()
    }),
  )
  if (row === undefined) throw noSuchWebhook(id)
  wakeCalls()
  return toWebhook(row, seal)
}

function columnsFor(
  { seal }: Pick<WebhooksContext, 'seal'>,
  { before, changes, now }: { before: WebhookRow; changes: WebhookChanges; now: Instant },
): Partial<WebhookRow> {
  const { topic, address, isBackup, url, version } = changes
  const isNewUrl = url !== undefined && url !== seal.open(before.url_sealed)
  const state = changes.state ?? (isNewUrl ? 'alive' : undefined)
  return {
    ...(topic !== undefined && { topic }),
    // What came for the new address before may have been for somebody else (replay.ts).
    ...(before.kind === 'mail' && topic !== undefined && topic !== before.topic && { created_at: now }),
    ...(address !== undefined && { address }),
    ...(isBackup !== undefined && { is_backup: isBackup ? (1 as const) : (0 as const) }),
    ...(isNewUrl && { url_sealed: seal.seal(url) }),
    ...(version !== undefined && { version }),
    ...(state === 'alive' && revived),
    ...(state === 'dead' &&
      before.state === 'alive' && {
        state,
        dead_since: now,
        missed_since: before.missed_since ?? before.failing_since ?? now,
      }),
    touched_at: now,
  }
}

/** What it may have missed stays written down until that is sent again. */
const revived = {
  state: 'alive',
  dead_since: null,
  failing_since: null,
  failed_runs: 0,
  last_problem: '',
} as const

/** As if it had never failed. What is on its way just now is left to whoever sent it. */
async function callAtOnce(db: Kysely<Schema>, id: WebhookId, now: Instant): Promise<void> {
  const isFree = await freeWork(db, id, now)
  await db
    .updateTable('webhook_calls')
    .set({ due_at: now, ...(isFree && { attempts: 0, first_failed_at: null }) })
    .where('webhook_id', '=', id)
    .execute()
}

/** True: its work is due now, nobody makes calls to it, and nobody begins to before this transaction ends. */
async function freeWork(db: Kysely<Schema>, id: WebhookId, now: Instant): Promise<boolean> {
  const freed = await db
    .updateTable('work')
    .set({ due_at: now })
    .where('id', '=', workOf(id))
    .where('owner', 'is', null)
    .executeTakeFirst()
  return Number(freed.numUpdatedRows) > 0
}
