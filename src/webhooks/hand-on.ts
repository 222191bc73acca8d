/** What is owed to a webhook that is not called any more: its backup gets it, or it is marked as missed. */
import type { Kysely } from 'kysely'
import type { WebhookId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { callSoon, putWork } from './calls.ts'
import { isEventTopic, kindsOf } from './topics.ts'
import { selectWebhooks, type WebhookRow } from './webhooks.ts'

type Db = Kysely<Schema>

/** Whoever owes calls to the webhook waits for us, or we for them (calls.ts); and so for its backup. */
export async function lockWithBackup(db: Db, id: WebhookId, now: Instant): Promise<WebhookRow | undefined> {
  const [row] = await selectWebhooks(db, { id }).execute()
  if (row === undefined) return undefined
  const backup = await backupOf(db, row)
  const ids = [id, ...(backup === undefined ? [] : [backup.id])].toSorted((a, b) => a - b)
  const rows: WebhookRow[] = []
  for (const one of ids) {
    const locked = await db
      .updateTable('webhooks')
      .set({ touched_at: now })
      .where('id', '=', one)
      .returningAll()
      .executeTakeFirst()
    if (locked !== undefined) rows.push(locked)
  }
  return rows.find((locked) => locked.id === id)
}

async function backupOf(
  db: Db,
  { key_id, kind, topic, is_backup }: WebhookRow,
): Promise<WebhookRow | undefined> {
  if (is_backup === 1) return undefined
  const [row] = await selectWebhooks(db, {
    keyId: key_id,
    kind,
    topic,
    isBackup: true,
    state: 'alive',
  }).execute()
  return row
}

/**
 * The rows must be locked. `isRunning`: calls are made just now; what is on its way stays where it is, and is handed on
 * when they end (settle-run.ts).
 */
export async function handOn(
  db: Db,
  row: WebhookRow,
  { now, isRunning = false }: { now: Instant; isRunning?: boolean },
): Promise<void> {
  const mostAttempts = isRunning ? 0 : Number.MAX_SAFE_INTEGER
  const backup = await backupOf(db, row)
  if (backup === undefined) {
    await markMissed(db, row)
    await db
      .deleteFrom('webhook_calls')
      .where('webhook_id', '=', row.id)
      .where('attempts', '<=', mostAttempts)
      .execute()
    return
  }
  const moved = await db
    .updateTable('webhook_calls')
    .set({ webhook_id: backup.id, due_at: now, attempts: 0, first_failed_at: null })
    .where('webhook_id', '=', row.id)
    .where('attempts', '<=', mostAttempts)
    .executeTakeFirst()
  if (Number(moved.numUpdatedRows) === 0) return
  await putWork(db, backup.id, now)
  await callSoon(db, [backup.id], now)
}

/** Since the first of what it is not told: so that it can be sent again by hand (replay.ts). */
async function markMissed(db: Db, row: WebhookRow): Promise<void> {
  const { since } = await db
    .selectFrom('webhook_calls')
    .select(({ fn }) => fn.min('created_at').as('since'))
    .where('webhook_id', '=', row.id)
    .executeTakeFirstOrThrow()
  const times = [row.missed_since, since, await firstUntold(db, row)].filter((time) => time !== null)
  if (times.length === 0) return
  await db
    .updateTable('webhooks')
    .set({ missed_since: Math.min(...times.map(Number)) })
    .where('id', '=', row.id)
    .execute()
}

/** What has happened, and is not a call yet (tell-events.ts), becomes none. */
async function firstUntold(
  db: Db,
  { kind, topic, key_id, after_event_id }: WebhookRow,
): Promise<Instant | null> {
  if (kind !== 'events' || !isEventTopic(topic)) return null
  const { last_id } = await db
    .selectFrom('webhook_progress')
    .select('last_id')
    .where('name', '=', 'events')
    .executeTakeFirstOrThrow()
  const { at } = await db
    .selectFrom('events')
    .select(({ fn }) => fn.min('at').as('at'))
    .where('id', '>', Math.max(Number(last_id), after_event_id))
    .where('key_id', '=', key_id)
    .where('kind', 'in', kindsOf(new Set([topic])))
    .executeTakeFirstOrThrow()
  return at
}
