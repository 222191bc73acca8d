/** Taking due work: in turns over the keys, leased to this node, the attempt counted before anything is done. */
import { sql } from 'kysely'
import type { WorkId } from '../mail/ids.ts'
import type { Instant } from '../storage/schema.ts'
import { skipLocked } from '../storage/skip-locked.ts'
import type { Storage } from '../storage/storage.ts'
import { type Due, dueKeys, dueOfKeys, oldestDue } from './due.ts'
import { takeTurns } from './take-turns.ts'
import { never, type Work } from './work.ts'

export type Wish = {
  lane: string
  maxItems: number
  maxPerKey: number
  /** Keys that cannot be served now. */
  skipKeys?: readonly string[]
}

// If no more than this many are due, one short read of the index finds all of them, and turns are taken exactly.
const sampleSize = 500
// Else keys are visited around the ring, and where they have nothing due, no further than this in one claim.
const keysVisited = 500
const keysServed = 100

/** `after` is the key served last; the returned `lastKey` is the one for the next claim. */
export async function claim(
  storage: Storage,
  { lane, maxItems, maxPerKey, skipKeys = [] }: Wish,
  { after, now }: { after: string | undefined; now: Instant },
): Promise<{ work: Work[]; lastKey: string | undefined }> {
  const { db } = storage
  const skip = new Set(skipKeys)
  const limits = { after, maxItems, maxPerKey, skipKeys: skip }
  const sample = await oldestDue(db, { lane, now, limit: sampleSize })
  if (sample.length === 0) return { work: [], lastKey: after }
  if (sample.length < sampleSize) {
    const { taken, lastKey } = takeTurns(sample, limits)
    return { work: await lease(storage, taken, now), lastKey }
  }

  const around = await keysAround(storage, { lane, now, after, skip })
  const keys = around.keys.slice(0, Math.min(keysServed, maxItems))
  const ofKeys = await dueOfKeys(db, { lane, now, keys, perKey: Math.min(maxPerKey, maxItems) })
  const { taken, lastKey } = takeTurns(ofKeys, limits)
  if (taken.length > 0) {
    fillUp(taken, sample, { ...limits, after: undefined })
    return { work: await lease(storage, taken, now), lastKey }
  }
  // A long stretch of keys with nothing due: serve the oldest, and look further along the ring the next time.
  const oldest = takeTurns(sample, limits)
  return { work: await lease(storage, oldest.taken, now), lastKey: around.last }
}

/** Due keys from `after` on and, past the end of the lane, from its start; `last` is where the looking ended. */
async function keysAround(
  { db }: Storage,
  {
    lane,
    now,
    after,
    skip,
  }: { lane: string; now: Instant; after: string | undefined; skip: ReadonlySet<string> },
): Promise<{ keys: string[]; last: string | undefined }> {
  const ahead = await dueKeys(db, { lane, now, after, limit: keysVisited })
  const wanted = (key: string) => !skip.has(key)
  const keys = ahead.keys.filter(wanted)
  if (after === undefined || ahead.last !== undefined) return { keys, last: ahead.last }
  const fromStart = await dueKeys(db, { lane, now, after: undefined, limit: keysVisited })
  return {
    keys: [...keys, ...fromStart.keys.filter((key) => key <= after && wanted(key))],
    last: fromStart.last,
  }
}

/** When the visited keys had little: the longest due of all keys, within the same limits. */
function fillUp(taken: Due[], sample: readonly Due[], limits: Parameters<typeof takeTurns>[1]) {
  if (taken.length >= limits.maxItems) return
  const ids = new Set(taken.map(({ id }) => id))
  const perKey = new Map<string, number>()
  for (const { key } of taken) perKey.set(key, (perKey.get(key) ?? 0) + 1)
  for (const item of sample) {
    const count = perKey.get(item.key) ?? 0
    if (ids.has(item.id) || count >= limits.maxPerKey || limits.skipKeys.has(item.key)) continue
    perKey.set(item.key, count + 1)
    if (taken.push(item) >= limits.maxItems) return
  }
}

/** Those of them that are still free, in the same order: another node may have been faster. */
async function lease(storage: Storage, items: readonly Due[], now: Instant): Promise<Work[]> {
  if (items.length === 0) return []
  const stillFree = sql`due_at <= ${now} AND owner IS NULL AND held_at IS NULL`
  const ids = sql.join(items.map(({ id }) => sql`${id}`))
  const { rows } = await sql<Work>`
    UPDATE work SET owner = ${storage.nodeId}, due_at = ${never}, attempts = attempts + 1
    WHERE id IN (SELECT id FROM work WHERE id IN (${ids}) AND ${stillFree} ${skipLocked(storage)})
    RETURNING id, lane, key, ref, attempts, created_at AS "createdAt"`.execute(storage.db)
  const byId = new Map<WorkId, Work>(rows.map((row) => [row.id, row]))
  return items.flatMap(({ id }) => byId.get(id) ?? [])
}
