import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from './clock.ts'
import { createLookups } from './lookups.ts'

function setUp(load: (key: string) => Promise<string>) {
  let now = 1_000
  const loaded: string[] = []
  const clock: Clock = { now: () => now, sleep: async () => {} }
  const lookups = createLookups(
    (key) => {
      loaded.push(key)
      return load(key)
    },
    { clock, maxEntries: 2, maxAgeMs: 5_000 },
  )
  return { lookups, loaded, pass: (ms: number) => (now += ms) }
}

test('an answer is remembered until it is too old', async () => {
  const { lookups, loaded, pass } = setUp(async (key) => key.toUpperCase())
  assert.equal(await lookups.get('a'), 'A')
  pass(4_999)
  assert.equal(await lookups.get('a'), 'A')
  assert.deepEqual(loaded, ['a'])
  pass(1)
  await lookups.get('a')
  assert.deepEqual(loaded, ['a', 'a'])
})

test('callers at the same moment share one load', async () => {
  const { lookups, loaded } = setUp(async (key) => key)
  await Promise.all([lookups.get('a'), lookups.get('a')])
  assert.deepEqual(loaded, ['a'])
})

test('a load that fails is tried again', async () => {
  let broken = true
  const { lookups, loaded } = setUp(async (key) => {
    if (broken) throw new Error('no database')
    return key
  })
  await assert.rejects(lookups.get('a'), /no database/)
  broken = false
  assert.equal(await lookups.get('a'), 'a')
  assert.deepEqual(loaded, ['a', 'a'])
})

test('what is forgotten, or pushed out by others, is loaded again', async () => {
  const { lookups, loaded } = setUp(async (key) => key)
  await lookups.get('a')
  lookups.forget('a')
  await lookups.get('a')
  await lookups.get('b')
  await lookups.get('c')
  await lookups.get('a')
  assert.deepEqual(loaded, ['a', 'a', 'b', 'c', 'a'])
})
