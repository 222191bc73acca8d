/** When the records of a domain are looked at again. */
import type { Kysely } from 'kysely'
import type { DomainId, KeyId, WorkId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'

export const checkLane = 'dns-check'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Often while somebody is likely to sit before the provider's form, then now and then, for as long as it is ours. */
export function nextCheckDelay({ isRight, ageMs }: { isRight: boolean; ageMs: number }): number {
  if (isRight) return 6 * hour
  if (ageMs < hour) return 2 * minute
  if (ageMs < day) return 15 * minute
  return ageMs < 30 * day ? 6 * hour : day
}

/** One unit of work for the life of the domain: each check puts it back. */
export async function scheduleCheck(
  db: Kysely<Schema>,
  { id, domainId, keyId, now }: { id: number; domainId: DomainId; keyId: KeyId; now: Instant },
): Promise<void> {
  await db
    .insertInto('work')
    .values({
      id: id as WorkId,
      lane: checkLane,
      key: String(keyId),
      due_at: now + nextCheckDelay({ isRight: false, ageMs: 0 }),
      owner: null,
      attempts: 0,
      held_at: null,
      ref: domainId,
      created_at: now,
    })
    .execute()
}
