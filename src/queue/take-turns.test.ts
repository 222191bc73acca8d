import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WorkId } from '../mail/ids.ts'
import { takeTurns } from './take-turns.ts'

const due = (keys: string) => [...keys].map((key, at) => ({ id: (at + 1) as WorkId, key }))

const cases: {
  name: string
  due: string
  after?: string
  maxItems?: number
  maxPerKey?: number
  skip?: string
  taken: string
  ids: number[]
  lastKey: string | undefined
}[] = [
  { name: 'nothing is due', due: '', taken: '', ids: [], lastKey: undefined },
  {
    name: 'one of each key, then a second of each',
    due: 'aaabbc',
    taken: 'abcaba',
    ids: [1, 4, 6, 2, 5, 3],
    lastKey: 'a',
  },
  {
    name: 'the ring goes on after the last key',
    due: 'abcd',
    after: 'b',
    taken: 'cdab',
    ids: [3, 4, 1, 2],
    lastKey: 'b',
  },
  { name: 'a last key that is gone', due: 'ad', after: 'b', taken: 'da', ids: [2, 1], lastKey: 'a' },
  { name: 'the limit ends the turn', due: 'abcabc', maxItems: 2, taken: 'ab', ids: [1, 2], lastKey: 'b' },
  { name: 'the limit per key', due: 'aaaab', maxPerKey: 2, taken: 'aba', ids: [1, 5, 2], lastKey: 'a' },
  { name: 'keys to skip', due: 'abab', skip: 'a', taken: 'bb', ids: [2, 4], lastKey: 'b' },
  {
    name: 'all keys are to be skipped',
    due: 'aab',
    skip: 'ab',
    after: 'x',
    taken: '',
    ids: [],
    lastKey: 'x',
  },
]

for (const { name, after, maxItems = 100, maxPerKey = 100, skip = '', ...given } of cases) {
  test(`turns: ${name}`, () => {
    const turns = takeTurns(due(given.due), { after, maxItems, maxPerKey, skipKeys: new Set(skip) })

    assert.equal(turns.taken.map(({ key }) => key).join(''), given.taken)
    assert.deepEqual(
      turns.taken.map(({ id }) => id),
      given.ids,
    )
    assert.equal(turns.lastKey, given.lastKey)
  })
}
