import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createGroupCommit } from './group-commit.ts'
import type { Commit, Write } from './storage.ts'

/** A database that answers at once, and remembers how many commits each batch had; patience ends when time is told to go on. */
function createCounted(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const batches: number[] = []
  const group = createGroupCommit({
    maxInFlight: 1,
    async apply(batch) {
      batches.push(batch.length)
      return batch.map(() => 'applied' as const)
    },
  })
  return { ...group, batches }
}

const urgent: Commit = { writes: [] }
const patient: Commit = { writes: [], isPatient: true }

test('a patient commit waits for the next turn of others, and leaves with the first that is not patient', async (t) => {
  const { commit, batches } = createCounted(t)

  const first = commit(patient)
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  assert.deepEqual(batches, [])
  await Promise.all([first, commit(urgent)])

  assert.deepEqual(batches, [2])
})

test('a patient commit that stays alone leaves by itself', async (t) => {
  const { commit, batches } = createCounted(t)

  const answer = commit(patient)
  t.mock.timers.tick(4)
  assert.deepEqual(batches, [])
  t.mock.timers.tick(1)
  assert.equal(await answer, 'applied')

  assert.deepEqual(batches, [1])
})

test('who waits for idleness does not wait for patience', async (t) => {
  const { commit, idle, batches } = createCounted(t)

  const answers = Promise.all([commit(patient), commit(patient)])
  const timer = new Promise((resolve) => setImmediate(() => setImmediate(() => resolve('not yet'))))
  assert.equal(await Promise.race([idle().then(() => 'idle'), timer]), 'idle')

  assert.deepEqual([await answers, batches], [['applied', 'applied'], [2]])
})

test('a full batch of patient commits leaves at once', async (t) => {
  const { commit, batches } = createCounted(t)

  const answers = Promise.all(Array.from({ length: 500 }, () => commit(patient)))
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

  assert.deepEqual(batches, [500])
  await answers
})

test('a batch ends before it has too many rows, whatever its commits are', async (t) => {
  const { commit, batches } = createCounted(t)
  const write: Write = {
    statement: { index: 0, kind: 'delete', table: 'work', set: [], where: [] },
    values: [],
  }
  const many: Commit = { writes: Array.from({ length: 2_000 }, () => write) }
  const tooMany: Commit = { writes: Array.from({ length: 20_000 }, () => write) }

  await Promise.all([many, many, many, tooMany, many].map(commit))

  assert.deepEqual(batches, [2, 1, 1, 1])
})
