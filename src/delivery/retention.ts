/**
 * Forgets what is old enough: bodies some days after the last delivery of their message, and much later the messages
 * with all that is known of them. In small steps, so that mail never waits for housekeeping.
 */
import { sql } from 'kysely'
import type { MessageId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'

const dayMs = 86_400_000
const rowsPerStep = 500

export type RetentionSettings = { bodiesDays: number; messagesDays: number }

/** True for a message that was accepted, and finished with, before `before`. */
const finished = (before: number) =>
  sql<boolean>`messages.accepted_at < ${before} AND NOT EXISTS (
    SELECT 1 FROM deliveries
    WHERE deliveries.message_id = messages.id
      AND (deliveries.state IN ('queued', 'deferred', 'held') OR deliveries.updated_at >= ${before}))`

/** One pass; returns how many bodies and messages were dropped. */
export async function forgetOld(
  storage: Storage,
  { now, bodiesDays, messagesDays }: RetentionSettings & { now: number },
): Promise<{ bodies: number; messages: number }> {
  const dropped = { bodies: 0, messages: 0 }
  for (;;) {
    const rows = await storage.db
      .selectFrom('bodies')
      .innerJoin('messages', 'messages.id', 'bodies.message_id')
      .select('messages.id')
      .where(finished(now - bodiesDays * dayMs))
      .orderBy('bodies.message_id')
      .limit(rowsPerStep)
      .execute()
    if (rows.length === 0) break
    const ids = rows.map((row) => row.id)
    await storage.db.deleteFrom('bodies').where('message_id', 'in', ids).execute()
    dropped.bodies += ids.length
  }
  for (;;) {
    const rows = await storage.db
      .selectFrom('messages')
      .select(['messages.id', 'messages.recipient_count'])
      .where(finished(now - messagesDays * dayMs))
      .orderBy('messages.id')
      .limit(rowsPerStep)
      .execute()
    if (rows.length === 0) break
    const ids = rows.map((row) => row.id)
    for (const { id, recipient_count } of rows) {
      if (recipient_count > rowsPerStep) await forgetMostDeliveries(storage, id)
    }
    await storage.db.transaction().execute(async (tx) => {
      for (const table of [
        'bodies',
        'deliveries',
        'attempts',
        'events',
        'visits',
        'stat_deliveries',
        'stat_clicked',
      ] as const) {
        await tx.deleteFrom(table).where('message_id', 'in', ids).execute()
      }
      await tx.deleteFrom('messages').where('id', 'in', ids).execute()
    })
    dropped.messages += ids.length
  }
  await storage.db
    .deleteFrom('idempotency')
    .where('created_at', '<', now - dayMs)
    .execute()
  return dropped
}

/** Of a message to very many, what is known of each recipient goes first, so that the rest is a small step. */
async function forgetMostDeliveries({ db }: Storage, messageId: MessageId): Promise<void> {
  for (;;) {
    const rows = await db
      .selectFrom('deliveries')
      .select(['id', 'work_id'])
      .where('message_id', '=', messageId)
      .limit(rowsPerStep)
      .execute()
    if (rows.length < rowsPerStep) return
    const ids = rows.map((row) => row.id)
    const workIds = rows.map((row) => row.work_id)
    await db.transaction().execute(async (tx) => {
      for (const table of ['events', 'stat_deliveries', 'stat_clicked'] as const) {
        await tx
          .deleteFrom(table)
          .where('message_id', '=', messageId)
          .where('delivery_id', 'in', ids)
          .execute()
      }
      await tx.deleteFrom('visits').where('delivery_id', 'in', ids).execute()
      await tx
        .deleteFrom('attempts')
        .where('message_id', '=', messageId)
        .where('work_id', 'in', workIds)
        .execute()
      await tx.deleteFrom('deliveries').where('id', 'in', ids).execute()
    })
  }
}

/** Once at the start, then every hour. */
export function startRetention({
  storage,
  clock,
  log,
  settings,
  forgetMore,
}: {
  storage: Storage
  clock: Clock
  log: Log
  settings: RetentionSettings
  /** What other parts keep by the same ages. */
  forgetMore?(settings: RetentionSettings & { now: number }): Promise<unknown>
}): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const dropped = await forgetOld(storage, { ...settings, now: clock.now() })
        await forgetMore?.({ ...settings, now: clock.now() })
        if (dropped.bodies + dropped.messages > 0) log.info(dropped, 'old messages forgotten')
      } catch (error) {
        log.error({ err: error }, 'old messages could not be forgotten')
      }
      await clock.sleep(3_600_000, stopping.signal)
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
