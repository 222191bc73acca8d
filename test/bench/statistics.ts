/**
 * How long it takes to read statistics when there were ten million events, and how fast events are counted.
 * `node bin/with-node24.js test/bench/statistics.ts`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Insertable } from 'kysely'
import { recordEvent } from '../../src/events/record.ts'
import type { DeliveryId, KeyId, MessageId } from '../../src/mail/ids.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { silentLog } from '../../src/runtime/log.ts'
import { foldEvents } from '../../src/stats/fold.ts'
import { noMetrics, resolutions, sliceMs, sliceOf } from '../../src/stats/metrics.ts'
import { readCounters, readTotal } from '../../src/stats/read.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { Schema } from '../../src/storage/schema.ts'
import type { Storage } from '../../src/storage/storage.ts'

const events = 10_000_000
const keys = 5
const campaignsPerKey = 100
const day = 86_400_000
/** As long as they are kept (stats/forget.ts). */
const keptDays = { 'five-minutes': 60, hour: 400, day: 730, lifetime: 1 }
const now = sliceOf(Date.now(), 'day')

/** A year of busy keys: something happened in every slice that is kept. */
async function fillCounters(storage: Storage): Promise<number> {
  const rows: Insertable<Schema['stat_counters']>[] = []
  const perKey = events / keys
  const add = (source: 'key' | 'campaign', id: number, from: number, days: number) => {
    for (const resolution of resolutions) {
      const length = resolution === 'lifetime' ? day : sliceMs[resolution]
      const span = Math.min(days, keptDays[resolution]) * day
      for (let at = 0; at < span; at += length) {
        const share = Math.ceil((perKey * length) / (days * day))
        for (const timing of ['message', 'event'] as const) {
          const metrics = { ...noMetrics(), processed: share, sent: share, opens: share }
          const slice = resolution === 'lifetime' ? 0 : from + at
          rows.push({ ...metrics, source, source_id: id, detail: '', timing, resolution, slice, last_at: at })
          if (resolution === 'lifetime') return
        }
      }
    }
  }
  for (let key = 1; key <= keys; key++) {
    add('key', key, now - 60 * day, 730)
    for (let i = 0; i < campaignsPerKey; i++) add('campaign', key * 1_000 + i, now - 3 * day, 3)
  }
  for (let at = 0; at < rows.length; at += 1_000) {
    await storage.db
      .insertInto('stat_counters')
      .values(rows.slice(at, at + 1_000))
      .execute()
  }
  return rows.length
}

async function fillLinks(storage: Storage): Promise<number> {
  const count = 200_000
  for (let at = 0; at < count; at += 2_000) {
    const rows = Array.from({ length: 2_000 }, (_, i) => ({
      source: 'key' as const,
      source_id: 1 + ((at + i) % keys),
      link: String(at + i).padStart(32, '0'),
      id: at + i,
      position: 1,
      url: `https://shop.example/product/${at + i}?utm_source=mail&utm_campaign=spring`,
      clicked_messages: (at + i) % 977,
      clicked_events: (at + i) % 1_009,
    }))
    await storage.db.insertInto('stat_links').values(rows).execute()
  }
  return count
}

async function time(name: string, work: () => Promise<unknown>): Promise<void> {
  const times: number[] = []
  for (let i = 0; i < 21; i++) {
    const began = performance.now()
    await work()
    times.push(performance.now() - began)
  }
  const [first = 0] = times
  const sorted = times.toSorted((a, b) => a - b)
  console.log(
    `${name}: first ${first.toFixed(1)} ms, median ${sorted[10]?.toFixed(1)} ms, worst ${sorted[20]?.toFixed(1)} ms`,
  )
}

/** Two events a message, as mail leaves them. */
async function fillEvents(storage: Storage, count: number): Promise<void> {
  for (let at = 0; at < count; at += 2_000) {
    const writes = Array.from({ length: 2_000 }, (_, i) => {
      const id = 1_000_000 + at + i - (i % 2)
      return recordEvent({
        message_id: id as MessageId,
        delivery_id: i % 2 === 0 ? null : ((id + 1) as DeliveryId),
        key_id: (1 + (id % keys)) as KeyId,
        kind: i % 2 === 0 ? 'accepted' : 'delivered',
        at: now,
        attempt_id: null,
        class: null,
        detail: null,
      })
    })
    await storage.commit({ writes })
  }
}

const folder = mkdtempSync(join(tmpdir(), 'paravion-bench-'))
const storage = await openStorage({ kind: 'sqlite', folder, log: silentLog, clock: systemClock })
try {
  const counters = await fillCounters(storage)
  const links = await fillLinks(storage)
  console.log(`${counters} counters and ${links} links, for ${events} events`)
  const { db } = storage
  await time('totals of a key', () => readTotal(db, { source: 'key', sourceId: 3 }))
  const series = { source: 'key', sourceIds: [3], timing: 'message' } as const
  await time('30 days', () => readCounters(db, { ...series, resolution: 'day', from: now - 30 * day }))
  await time('1,000 hours', () =>
    readCounters(db, { ...series, resolution: 'hour', from: now - 60 * day, limit: 1_000 }),
  )
  await time('totals of 100 campaigns', () =>
    readCounters(db, {
      source: 'campaign',
      sourceIds: Array.from({ length: campaignsPerKey }, (_, i) => 3_000 + i),
    }),
  )
  await time('the 100 links followed most', () =>
    db
      .selectFrom('stat_links')
      .selectAll()
      .where('source', '=', 'key')
      .where('source_id', '=', 3)
      .orderBy('clicked_events', 'desc')
      .limit(100)
      .execute(),
  )
  const toCount = 200_000
  await fillEvents(storage, toCount)
  const lookups = { senderOf: async () => undefined, hasList: async () => false }
  const began = performance.now()
  let counted = 0
  for (;;) {
    const step = await foldEvents(storage, { lookups })
    counted += step.counted
    if (!step.isMore) break
  }
  const seconds = (performance.now() - began) / 1000
  console.log(
    `${counted} events counted in ${seconds.toFixed(1)} s: ${Math.round(counted / seconds)} a second`,
  )
} finally {
  await storage.stop()
  rmSync(folder, { recursive: true, force: true })
}
