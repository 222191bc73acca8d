import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import type { WorkId } from '../mail/ids.ts'
import { systemClock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import { createLanePoller } from './lane-poller.ts'
import { createQueue } from './queue.ts'
import { insertWork } from './writes.ts'

storageTest('a poller takes what is due, what becomes due, and what it is woken for', async (_t, storage) => {
  const queue = createQueue({ storage, clock: systemClock, log: silentLog })
  const add = (id: number, dueAt: number) =>
    storage.commit({
      writes: [
        insertWork({
          id: id as WorkId,
          lane: 'webhook',
          key: 'k',
          due_at: dueAt,
          owner: null,
          attempts: 0,
          held_at: null,
          ref: id,
          created_at: 1,
        }),
      ],
    })
  const waiting = new Map<number, () => void>()
  const taken = new Set<number>()
  const arrival = (id: number) =>
    new Promise<void>((resolve) => {
      if (taken.has(id)) resolve()
      else waiting.set(id, resolve)
    })
  let maxItems = 10
  await add(1, 1)
  const poller = createLanePoller({
    queue,
    clock: systemClock,
    log: silentLog,
    lane: 'webhook',
    room: () => ({ maxItems, maxPerKey: 10 }),
    take(works) {
      for (const { id } of works) {
        taken.add(id)
        waiting.get(id)?.()
      }
    },
  })

  await arrival(1)
  await add(2, systemClock.now() + 150)
  poller.wake()
  await arrival(2)
  maxItems = 0
  await add(3, 1)
  poller.wake()
  maxItems = 10
  poller.wake()
  await arrival(3)
  await poller.stop()
  await add(4, 1)
  poller.wake()

  assert.deepEqual([...taken], [1, 2, 3])
})
