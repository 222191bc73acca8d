import assert from 'node:assert/strict'
import test from 'node:test'
import { createGroupCommit } from './group-commit.ts'
import type { Commit } from './storage.ts'

/** A database that answers at once, and remembers how many commits each batch had. */
function createCounted() {
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

test('a patient commit waits for the next turn of others, and leaves with the first that is not patient', async () => {
  const { commit, batches } = createCounted()

  const first = commit(patient)
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  assert.deepEqual(batches, [])
  await Promise.all([first, commit(urgent)])

  assert.deepEqual(batches, [2])
})

test('a patient commit that stays alone leaves by itself', async () => {
  const { commit, batches } = createCounted()

  assert.equal(await commit(patient), 'applied')

  assert.deepEqual(batches, [1])
})

test('who waits for idleness does not wait for patience', async () => {
  const { commit, idle, batches } = createCounted()

  const answers = Promise.all([commit(patient), commit(patient)])
  const timer = new Promise((resolve) => setImmediate(() => setImmediate(() => resolve('not yet'))))
  assert.equal(await Promise.race([idle().then(() => 'idle'), timer]), 'idle')

  assert.deepEqual([await answers, batches], [['applied', 'applied'], [2]])
})

test('a full batch of patient commits leaves at once', async () => {
  const { commit, batches } = createCounted()

  const answers = Promise.all(Array.from({ length: 500 }, () => commit(patient)))
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

  assert.deepEqual(batches, [500])
  await answers
})
