import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBatched } from './batched.ts'

function counting({ maxKeys }: { maxKeys?: number } = {}) {
  const calls: string[][] = []
  const load = createBatched(
    async (keys) => {
      calls.push([...keys])
      if (keys.includes('broken')) throw new Error('no')
      return new Map(keys.filter((key) => key !== 'absent').map((key) => [key, key.toUpperCase()]))
    },
    maxKeys === undefined ? {} : { maxKeys },
  )
  return { calls, load }
}

test('questions of one turn share an answer, each gets its own', async () => {
  const { calls, load } = counting()
  assert.deepEqual(await Promise.all([load('a'), load('b'), load('a'), load('absent')]), [
    'A',
    'B',
    'A',
    undefined,
  ])
  assert.equal(await load('c'), 'C')
  assert.deepEqual(calls, [['a', 'b', 'absent'], ['c']])
})

test('a share has a largest size', async () => {
  const { calls, load } = counting({ maxKeys: 2 })
  await Promise.all(['a', 'b', 'c'].map(load))
  assert.deepEqual(calls, [['a', 'b'], ['c']])
})

test('a failure reaches those who asked, and nobody after them', async () => {
  const { load } = counting()
  const results = await Promise.allSettled([load('a'), load('broken')])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(await load('a'), 'A')
})
