import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numbersOf } from './campaign-numbers.ts'

test('the numbers of a campaign add up to its recipients, and those to its list', () => {
  const progress = {
    ...{
      total: 30,
      pending: 2,
      queued: 3,
      deferred: 5,
      delivered: 10,
      hardBounced: 2,
      softBounced: 1,
      blocked: 4,
    },
    ...{ opened: 6, clicked: 2, complained: 1, unsubscribed: 0, excluded: { unsubscribed: 3 } },
  }
  assert.deepEqual(numbersOf(progress, { left: 3, tracked: null }), [
    ['recipients', '27'],
    ['delivered', '10'],
    ['waiting', '10 (2 not handed over yet; 8 in the queue, 5 of them put off)'],
    ['bounced', '3 (2 for good; 1 for now)'],
    ['blocked', '4'],
    ['opened', '6'],
    ['clicked', '2'],
    ['unsubscribed', '0'],
    ['complaints', '1'],
    ['left out', '3 of 30 on the list'],
  ])
})
