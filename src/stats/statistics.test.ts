import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import { recordEvent } from '../events/record.ts'
import type { AccountId, KeyId, MessageId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'
import { eventsPerStep, readProgress } from './fold.ts'
import { noMetrics } from './metrics.ts'
import { readSumOfKeys } from './read.ts'
import { startStatistics } from './statistics.ts'

const hour = 3_600_000
const now = Date.UTC(2026, 0, 2, 12)

/** `patience`: whether whoever waits for a time waits for ever, or not at all. */
function clockWith(patience: 'endless' | 'none'): Clock {
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        signal?.addEventListener('abort', () => resolve(), { once: true })
        // The pauses between steps last a second: only readers are impatient here.
        if (patience === 'none' && ms < 1_000) resolve()
      }),
  }
}

async function accepted(storage: Storage, keyId: number, at: number): Promise<void> {
  const row = recordEvent({
    message_id: (keyId * 1_000) as MessageId,
    delivery_id: null,
    key_id: keyId as KeyId,
    kind: 'accepted',
    at,
    attempt_id: null,
    class: null,
    detail: null,
  })
  await storage.commit({ writes: [row] })
}

storageTest('whoever is about to read is told whether all is counted', async (t, storage) => {
  await accepted(storage, 7, now)
  const hasty = startStatistics({ storage, clock: clockWith('none'), log: silentLog })
  t.after(() => hasty.stop())
  assert.equal(await hasty.fresh(), false)
  const patient = startStatistics({ storage, clock: clockWith('endless'), log: silentLog })
  t.after(() => patient.stop())
  assert.equal(await patient.fresh(), true)
})

storageTest('who reads and does not wait any more leaves the time to mail again', async (t, storage) => {
  for (let n = 0; n < 3 * eventsPerStep; n++) await accepted(storage, 7, now)
  let pauses = 0
  const pausing: Clock = {
    now: () => now,
    async sleep(ms, signal) {
      // The reader's patience, at once at its end; a second between rounds, which never ends; and the pauses.
      if (ms === 50) return
      if (ms < 1_000) pauses += 1
      else await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
    },
  }
  const statistics = startStatistics({ storage, clock: pausing, log: silentLog })
  t.after(() => statistics.stop())
  assert.equal(await statistics.fresh(), false)
  while ((await readProgress(storage)) < 3 * eventsPerStep)
    await new Promise((resolve) => setImmediate(resolve))
  assert.ok(pauses >= 2, `${pauses} pauses`)
})

storageTest('what all keys sent is summed by slices', async (_t, storage) => {
  for (const id of [1, 2]) {
    await storage.db
      .insertInto('api_keys')
      .values({
        id: id as KeyId,
        account_id: 1 as AccountId,
        name: '',
        public_key: `key ${id}`,
        secret_hash: '',
        is_master: 0,
        is_active: 1,
        created_at: now,
        rotated_at: null,
      })
      .execute()
  }
  const counter = (keyId: number, slice: number, sent: number, timing: 'message' | 'event' = 'event') => ({
    ...{ ...noMetrics(), source: 'key' as const, source_id: keyId, detail: '', timing, slice, sent },
    ...{ resolution: 'hour' as const, last_at: slice },
  })
  await storage.db
    .insertInto('stat_counters')
    .values([
      counter(1, now, 2),
      counter(2, now, 3),
      counter(2, now, 100, 'message'),
      counter(2, now - hour, 5),
      counter(2, now - 2 * hour, 7),
      counter(2, now + hour, 9),
    ])
    .execute()
  const rows = await readSumOfKeys(storage.db, { resolution: 'hour', from: now - hour, to: now })
  assert.deepEqual(
    rows.map(({ slice, sent, opened }) => [slice, sent, opened]),
    [
      [now - hour, 5, 0],
      [now, 5, 0],
    ],
  )
})
