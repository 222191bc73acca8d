/** Durable work in lanes: claimed in turns over keys, leased, rescheduled, held. It knows nothing of mail. */
import type { WorkId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Instant } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { claim, type Wish } from './claim.ts'
import { nextDueAt } from './due.ts'
import { countWork, type LaneCounts, type ListedWork, type ListFilter, listWork } from './look.ts'
import { holdWork, releaseWork, retryWork } from './operate.ts'
import type { Work } from './work.ts'

export type Queue = {
  /** Leases due work to this node and counts the attempt. Settle it with guardLease or guardReschedule (writes.ts). */
  claim(wish: Wish): Promise<Work[]>
  /** When the earliest work of the lane is due (it may be now); undefined when none waits. */
  nextDueAt(lane: string): Promise<Instant | undefined>
  list(filter: ListFilter): Promise<ListedWork[]>
  counts(): Promise<LaneCounts[]>
  /** These three return the ids that they changed; work that somebody has is left alone (operate.ts). */
  hold(ids: readonly WorkId[]): Promise<WorkId[]>
  release(ids: readonly WorkId[]): Promise<WorkId[]>
  retryNow(ids: readonly WorkId[]): Promise<WorkId[]>
}

export function createQueue({ storage, clock, log }: { storage: Storage; clock: Clock; log: Log }): Queue {
  const { db } = storage
  /** Per lane: the key served last, and the claim that is under way. */
  const rings = new Map<string, { lastKey: string | undefined; turn: Promise<unknown> }>()

  function ringOf(lane: string) {
    const known = rings.get(lane)
    if (known !== undefined) return known
    const fresh = { lastKey: undefined, turn: Promise.resolve() }
    rings.set(lane, fresh)
    return fresh
  }

  return {
    claim(wish) {
      if (wish.maxItems < 1 || wish.maxPerKey < 1) return Promise.resolve([])
      const ring = ringOf(wish.lane)
      const claimed = ring.turn.then(async () => {
        const { work, lastKey } = await claim(storage, wish, { after: ring.lastKey, now: clock.now() })
        ring.lastKey = lastKey
        if (work.length > 0) log.trace({ lane: wish.lane, count: work.length }, 'claimed work')
        return work
      })
      ring.turn = claimed.catch(() => undefined)
      return claimed
    },
    nextDueAt: (lane) => nextDueAt(db, lane),
    list: (filter) => listWork(db, filter, clock.now()),
    counts: () => countWork(db, clock.now()),
    hold: (ids) => holdWork(db, { ids, now: clock.now() }),
    release: (ids) => releaseWork(db, { ids, now: clock.now() }),
    retryNow: (ids) => retryWork(db, { ids, now: clock.now() }),
  }
}
