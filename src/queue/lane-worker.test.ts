import assert from 'node:assert/strict'
import { cleanUp, storageTest } from '../../test/storage.ts'
import type { WorkId } from '../mail/ids.ts'
import { systemClock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import { type Storage, StorageUnavailable } from '../storage/storage.ts'
import { createLaneWorker } from './lane-worker.ts'
import { createQueue } from './queue.ts'
import { guardLease, insertWork } from './writes.ts'

storageTest('work that failed while nothing could be stored is done in the end', async (t, storage) => {
  let later = 0
  const clock = { ...systemClock, now: () => systemClock.now() + later }
  const queue = createQueue({ storage, clock, log: silentLog })
  const id = 1 as WorkId
  const times = { due_at: 1, created_at: 1, attempts: 0, owner: null, held_at: null }
  await storage.commit({ writes: [insertWork({ ...times, id, lane: 'webhook', key: 'k', ref: 7 })] })
  let refusals = 0
  const full: Pick<Storage, 'commit' | 'nodeId'> = {
    nodeId: storage.nodeId,
    async commit(commit) {
      if (++refusals <= 2) throw new StorageUnavailable('The disk is full.')
      return storage.commit(commit)
    },
  }
  const tries: number[] = []
  const worker = createLaneWorker({
    ...{ storage: full, queue, clock, log: silentLog, lane: 'webhook', atOnce: 2 },
    async handle(work) {
      tries.push(work.attempts)
      await full.commit({ guards: [guardLease({ id: work.id, owner: storage.nodeId })], writes: [] })
    },
  })
  cleanUp(t, () => worker.stop())
  const left = () => storage.db.selectFrom('work').select(['owner', 'due_at']).executeTakeFirst()
  // The work itself, then putting it back: both are refused once.
  while (refusals < 3 || (await left())?.owner !== null) await turn()
  assert.ok(Number((await left())?.due_at) > clock.now())
  later = 61_000
  worker.wake()
  while ((await left()) !== undefined) await turn()
  assert.deepEqual(tries, [1, 2])
})

const turn = () => new Promise((resolve) => setImmediate(resolve))
