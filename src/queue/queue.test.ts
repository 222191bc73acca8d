import assert from 'node:assert/strict'
import { openTestStorage, storageTest } from '../../test/storage.ts'
import type { WorkId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'
import { dropWork } from './operate.ts'
import { createQueue } from './queue.ts'
import { never } from './work.ts'
import { guardLease, guardReschedule, insertWork } from './writes.ts'

type NewWork = { id: number; key?: string; lane?: string; dueAt?: number; owner?: string }

async function add(storage: Storage, works: readonly NewWork[]) {
  await storage.commit({
    writes: works.map(({ id, key = 'a', lane = 'bulk', dueAt = 1, owner = null }) =>
      insertWork({
        id: id as WorkId,
        lane,
        key,
        due_at: owner === null ? dueAt : never,
        owner,
        attempts: owner === null ? 0 : 1,
        held_at: null,
        ref: id * 10,
        created_at: 1,
      }),
    ),
  })
}

function queueAt(storage: Storage, now: number) {
  const clock: Clock & { time: number } = { time: now, now: () => clock.time, sleep: async () => {} }
  return { clock, queue: createQueue({ storage, clock, log: silentLog }) }
}

const all = { lane: 'bulk', maxItems: 100, maxPerKey: 100 }
const ids = (works: readonly { id: WorkId }[]) => works.map((work) => Number(work.id))
const asIds = (numbers: number[]) => numbers as WorkId[]

storageTest('work is claimed once, when it is due, and its attempt is counted', async (_t, storage) => {
  const { clock, queue } = queueAt(storage, 100)
  await add(storage, [
    { id: 1, dueAt: 100 },
    { id: 2, dueAt: 101 },
    { id: 3, dueAt: 50, lane: 'transactional' },
    { id: 4, owner: 'somebody' },
  ])

  assert.deepEqual(await queue.claim(all), [
    { id: 1, lane: 'bulk', key: 'a', ref: 10, attempts: 1, createdAt: 1 },
  ])
  assert.deepEqual(await queue.claim(all), [])
  clock.time = 101
  assert.deepEqual(ids(await queue.claim(all)), [2])
})

storageTest('claims at the same moment never take the same work', async (t, storage, place) => {
  const other = place.kind === 'postgres' ? await openTestStorage(t, place) : storage
  const queues = [storage, other, storage, other].map((one) => queueAt(one, 10).queue)
  await add(
    storage,
    Array.from({ length: 200 }, (_, n) => ({ id: n + 1, key: `key ${n % 7}` })),
  )

  const taken: number[] = []
  for (let round = 0; round < 20 && taken.length < 200; round++) {
    const claimed = await Promise.all(queues.map((queue) => queue.claim({ ...all, maxItems: 20 })))
    taken.push(...claimed.flatMap(ids))
  }

  assert.equal(taken.length, 200)
  assert.equal(new Set(taken).size, 200)
})

storageTest('keys are served in turns, whoever came first', async (_t, storage) => {
  const { queue } = queueAt(storage, 10)
  await add(storage, [
    ...Array.from({ length: 20 }, (_, n) => ({ id: n + 1, key: 'many', dueAt: 1 })),
    { id: 101, key: 'few', dueAt: 5 },
    { id: 102, key: 'some', dueAt: 5 },
    { id: 103, key: 'some', dueAt: 5 },
  ])

  const claims: number[][] = []
  for (let n = 0; n < 3; n++) claims.push(ids(await queue.claim({ ...all, maxItems: 2 })))

  assert.deepEqual(claims, [
    [101, 1],
    [102, 2],
    [103, 3],
  ])
})

storageTest('limits per key and keys to skip hold', async (_t, storage) => {
  const { queue } = queueAt(storage, 10)
  await add(
    storage,
    ['a', 'b', 'c'].flatMap((key, k) => [1, 2, 3].map((n) => ({ id: 10 * k + n, key }))),
  )

  const claimed = await queue.claim({ ...all, maxPerKey: 2, skipKeys: ['b'] })

  assert.deepEqual(ids(claimed), [1, 21, 2, 22])
})

storageTest(
  'behind a hundred thousand due items of one key the others still get their turn',
  async (_t, storage) => {
    const { queue } = queueAt(storage, 10_000)
    const total = 100_000
    for (let start = 0; start < total; start += 5_000) {
      await add(
        storage,
        Array.from({ length: 5_000 }, (_, n) => ({ id: start + n + 1, key: 'heavy', dueAt: 1 })),
      )
    }
    await add(
      storage,
      Array.from({ length: 1_000 }, (_, n) => ({ id: total + n + 1, key: `idle ${n}`, dueAt: 99_999 })),
    )
    await add(storage, [
      { id: 200_001, key: 'aaa', dueAt: 9_000 },
      { id: 200_002, key: 'zzz', dueAt: 9_000 },
      { id: 200_003, key: 'idle 500 x', dueAt: 9_000 },
    ])

    const seen = new Set<number>()
    let skipping: number[] = []
    for (let n = 0; n < 8; n++)
      for (const id of ids(await queue.claim({ ...all, maxItems: 10 }))) seen.add(id)
    await add(storage, [{ id: 200_004, key: 'zzz', dueAt: 9_000 }])
    for (let n = 0; n < 8 && skipping.length === 0; n++) {
      skipping = ids(await queue.claim({ ...all, maxItems: 10, skipKeys: ['heavy'] }))
    }

    assert.deepEqual(
      [200_001, 200_002, 200_003].filter((id) => !seen.has(id)),
      [],
    )
    assert.ok(seen.has(1))
    assert.deepEqual(skipping, [200_004])
  },
)

storageTest('a lease ends by finishing, by rescheduling, and only for its owner', async (_t, storage) => {
  const { clock, queue } = queueAt(storage, 10)
  await add(storage, [{ id: 1 }, { id: 2 }, { id: 3, owner: 'other' }])
  const owner = storage.nodeId
  const [one, two] = await queue.claim(all)
  assert.ok(one && two)

  const settled = await Promise.all([
    storage.commit({ guards: [guardLease({ id: one.id, owner })], writes: [] }),
    storage.commit({ guards: [guardReschedule({ id: two.id, owner, due_at: 500 })], writes: [] }),
    storage.commit({ guards: [guardLease({ id: 3 as WorkId, owner })], writes: [] }),
    storage.commit({ guards: [guardReschedule({ id: 3 as WorkId, owner, due_at: 500 })], writes: [] }),
  ])

  assert.deepEqual(settled, ['applied', 'applied', 'lost', 'lost'])
  assert.equal(await queue.nextDueAt('bulk'), 500)
  assert.deepEqual(await queue.claim(all), [])
  clock.time = 500
  const [again] = await queue.claim(all)
  assert.deepEqual({ id: again?.id, attempts: again?.attempts }, { id: 2, attempts: 2 })
  assert.equal(await queue.nextDueAt('bulk'), undefined)
})

storageTest('work can be held, released, retried and dropped while nobody has it', async (_t, storage) => {
  const { queue } = queueAt(storage, 10)
  await add(storage, [{ id: 1 }, { id: 2, dueAt: 900 }, { id: 3, owner: 'other' }, { id: 4, dueAt: 900 }])

  assert.deepEqual((await queue.hold(asIds([1, 2, 3, 77]))).sort(), [1, 2])
  assert.deepEqual(await queue.hold(asIds([1])), [])
  assert.deepEqual(await queue.claim(all), [])
  assert.deepEqual(await queue.retryNow(asIds([2, 3])), [])
  assert.deepEqual(await queue.release(asIds([2, 3, 4])), [2])
  assert.deepEqual(await queue.retryNow(asIds([4])), [4])
  assert.deepEqual(ids(await queue.claim({ ...all, maxItems: 1 })), [2])
  assert.deepEqual((await dropWork(storage.db, { ids: asIds([1, 2, 3]) })).sort(), [1])

  const left = await queue.list({ limit: 10 })
  assert.deepEqual(
    left.map(({ id, state, dueAt, owner }) => ({ id, state, dueAt, owner })),
    [
      { id: 2, state: 'leased', dueAt: undefined, owner: storage.nodeId },
      { id: 3, state: 'leased', dueAt: undefined, owner: 'other' },
      { id: 4, state: 'due', dueAt: 10, owner: undefined },
    ],
  )
})

storageTest('work is listed in pages and counted by lane and state', async (_t, storage) => {
  const { queue } = queueAt(storage, 10)
  await add(storage, [
    { id: 1, key: 'x' },
    { id: 2, dueAt: 11 },
    { id: 3, owner: 'other' },
    { id: 4 },
    { id: 5, lane: 'transactional', dueAt: 10 },
  ])
  await queue.hold(asIds([4]))

  assert.deepEqual(await queue.counts(), [
    { lane: 'bulk', due: 1, waiting: 1, leased: 1, held: 1 },
    { lane: 'transactional', due: 1, waiting: 0, leased: 0, held: 0 },
  ])
  const listed = async (filter: Omit<Parameters<typeof queue.list>[0], 'limit'>, limit = 10) =>
    ids(await queue.list({ ...filter, limit }))
  assert.deepEqual(await listed({}, 2), [1, 2])
  assert.deepEqual(await listed({ after: 2 as WorkId }, 2), [3, 4])
  assert.deepEqual(await listed({ key: 'x' }), [1])
  assert.deepEqual(await listed({ lane: 'transactional' }), [5])
  assert.deepEqual(await listed({ state: 'due' }), [1, 5])
  assert.deepEqual(await listed({ state: 'waiting' }), [2])
  assert.deepEqual(await listed({ state: 'leased' }), [3])
  assert.deepEqual(await listed({ state: 'held' }), [4])
})
