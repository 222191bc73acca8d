/** How many calls are owed, by webhook. */
import type { WebhookId } from '../mail/ids.ts'
import type { Storage } from '../storage/storage.ts'

export async function countWaiting(
  { db }: Pick<Storage, 'db'>,
  ids: readonly WebhookId[],
): Promise<ReadonlyMap<WebhookId, number>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('webhook_calls')
    .select(({ fn }) => ['webhook_id', fn.countAll<number | string>().as('count')])
    .where('webhook_id', 'in', ids)
    .groupBy('webhook_id')
    .execute()
  return new Map(rows.map((row) => [row.webhook_id, Number(row.count)]))
}
