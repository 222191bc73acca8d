/** How webhooks do: what they are owed, and which of them do not answer. */
import type { AccountId, WebhookId } from '../mail/ids.ts'
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

export type WebhookTrouble = { id: WebhookId; isDead: boolean; problem: string }

/** One that somebody has switched off has no problem. */
export async function webhookTroubles(
  { db }: Pick<Storage, 'db'>,
  accountId: AccountId,
): Promise<WebhookTrouble[]> {
  const rows = await db
    .selectFrom('webhooks')
    .innerJoin('api_keys', 'api_keys.id', 'webhooks.key_id')
    .select(['webhooks.id', 'webhooks.state', 'webhooks.last_problem'])
    .where('api_keys.account_id', '=', accountId)
    .where('webhooks.failing_since', 'is not', null)
    .orderBy('webhooks.id')
    .limit(20)
    .execute()
  return rows.map((row) => ({ id: row.id, isDead: row.state === 'dead', problem: row.last_problem }))
}
