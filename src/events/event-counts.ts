/**
 * How many of what happened in each hour of the last days. Hours that are over do not change: they are counted once and
 * kept here, and each call looks only at what is new, and never at more than a bounded number of events.
 */
import { sql } from 'kysely'
import type { Clock } from '../runtime/clock.ts'
import type { EventKind, Instant } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'

export type Counts = Partial<Record<EventKind, number>>

export type EventCounts = {
  /** The hours of the last `days`, oldest first, those without events too. */
  read(): Promise<{
    hours: { at: Instant; counts: Counts }[]
    /** false: there is more than one call counts; call again. */
    isComplete: boolean
  }>
}

const hourMs = 3_600_000
const days = 30
/** Events that one call counts. */
const most = 300_000
/** PostgreSQL may show an event after one that is younger: only what is older than this is settled. */
const settledAfterMs = 10_000

export function createEventCounts({ storage, clock }: { storage: Storage; clock: Clock }): EventCounts {
  const hours = new Map<Instant, Counts>()
  let countedTo: number | undefined
  let running: ReturnType<EventCounts['read']> | undefined

  async function read(): ReturnType<EventCounts['read']> {
    const now = clock.now()
    const first = hourOf(now) - (days * 24 - 1) * hourMs
    for (const hour of hours.keys()) if (hour < first) hours.delete(hour)
    countedTo ??= await lastBefore(first)
    const newest = await newestId()
    const settled = await lastBefore(now - settledAfterMs)
    const to = Math.min(settled, countedTo + most)
    if (to > countedTo) {
      add(hours, await countBetween(countedTo, to))
      countedTo = to
    }
    const isComplete = to >= settled
    // What is not settled yet is counted anew each time.
    const shown = new Map([...hours].map(([hour, counts]) => [hour, { ...counts }]))
    if (isComplete && newest > to) add(shown, await countBetween(to, newest))
    const all: { at: Instant; counts: Counts }[] = []
    for (let at = first; at <= now; at += hourMs) all.push({ at, counts: shown.get(at) ?? {} })
    return { hours: all, isComplete }
  }

  async function newestId(): Promise<number> {
    const row = await storage.db
      .selectFrom('events')
      .select('id')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row === undefined ? 0 : Number(row.id)
  }

  /** The last event before that instant, found by halving: ids grow with time. */
  async function lastBefore(instant: Instant): Promise<number> {
    let low = 0
    let high = await newestId()
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const row = await storage.db
        .selectFrom('events')
        .select(['id', 'at'])
        .where('id', '>=', middle)
        .orderBy('id')
        .limit(1)
        .executeTakeFirst()
      if (row !== undefined && row.at < instant) low = Number(row.id)
      else high = middle - 1
    }
    return low
  }

  function countBetween(after: number, to: number) {
    const hour = sql<number>`at - at % ${sql.lit(hourMs)}`
    return storage.db
      .selectFrom('events')
      .select((of) => [hour.as('hour'), 'kind', of.fn.countAll<number>().as('count')])
      .where('id', '>', after)
      .where('id', '<=', to)
      .groupBy(['hour', 'kind'])
      .execute()
  }

  return {
    read() {
      // Two who look at the same time count once.
      running ??= read().finally(() => {
        running = undefined
      })
      return running
    },
  }
}

function add(
  hours: Map<Instant, Counts>,
  rows: readonly { hour: number; kind: EventKind; count: number }[],
): void {
  for (const { hour, kind, count } of rows) {
    const at = Number(hour)
    const counts = hours.get(at) ?? {}
    counts[kind] = (counts[kind] ?? 0) + Number(count)
    hours.set(at, counts)
  }
}

function hourOf(instant: Instant): Instant {
  return instant - (instant % hourMs)
}
