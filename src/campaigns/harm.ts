/** What the breaker judges by, read at the same cost however large the mailing is. */

import type { MessageId, WorkId } from '../mail/ids.ts'
import { classRules, type ReplyClass } from '../mail/reply-classes.ts'
import type { Storage } from '../storage/storage.ts'
import type { Harm } from './breaker.ts'
import type { CampaignCounts } from './context.ts'

/** Whose refusal is about the mail or its sender, not about the address or the moment. */
const refusals = new Set(
  Object.entries(classRules)
    .filter(([, { kind }]) => kind === 'block' || kind === 'policy')
    .map(([name]) => name as ReplyClass),
)

/** So many of the latest deliveries are looked at. */
const looked = 2_000

export async function readHarm(
  { db }: Pick<Storage, 'db'>,
  { messageId, counts }: { messageId: MessageId; counts: CampaignCounts },
): Promise<Harm> {
  const latest = await db
    .selectFrom('deliveries')
    .select(['state', 'class'])
    .where('message_id', '=', messageId)
    .where('work_id', '>', 0 as WorkId)
    .orderBy('work_id', 'desc')
    .limit(looked)
    .execute()
  const recent = { results: 0, refused: 0, unmade: 0 }
  for (const { state, class: outcome } of latest) {
    if (state === 'queued' || state === 'held') continue
    recent.results += 1
    if (state === 'blocked' && outcome === 'template-error') recent.unmade += 1
    if (state !== 'delivered' && refusals.has(outcome as ReplyClass)) recent.refused += 1
  }
  const { delivered, hardBounced, softBounced, deferred, complained } = counts
  return {
    ...{ delivered, hardBounced, complained, recent },
    results: delivered + hardBounced + softBounced + deferred,
  }
}
