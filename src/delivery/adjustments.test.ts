import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Adjustments, adjust, dropSpent, effectiveLimits, noAdjustments } from './adjustments.ts'
import { defaultSiteLimits } from './site-limits.ts'

const minute = 60_000
const hour = 60 * minute

function heard(
  action: Parameters<typeof adjust>[1]['action'],
  times: readonly number[],
  from = noAdjustments,
) {
  return times.reduce<Adjustments>((all, now) => adjust(all, { action, reason: 'said so', now }), from)
}

describe('adjustments', () => {
  test('too many connections: one for an hour, then one more every ten minutes', () => {
    const adjusted = heard('one-connection', [0])
    const connections = (now: number) => effectiveLimits(defaultSiteLimits, adjusted, now).connections
    assert.deepEqual(
      [0, hour - 1, hour, hour + 10 * minute, hour + 75 * minute, hour + 200 * minute].map(connections),
      [1, 1, 2, 3, 9, 10],
    )
    assert.equal(dropSpent(adjusted, defaultSiteLimits, hour + 75 * minute).active.length, 1)
    assert.equal(dropSpent(adjusted, defaultSiteLimits, hour + 90 * minute).active.length, 0)
  })

  test('slowing down takes two complaints in an hour, and doubles back every half hour', () => {
    assert.equal(heard('slow-site', [0]).active.length, 0)
    assert.equal(heard('slow-site', [0, 2 * hour]).active.length, 0)
    const adjusted = heard('slow-site', [0, minute])
    const perMinute = (now: number) =>
      effectiveLimits(defaultSiteLimits, adjusted, now).messagesPerSecond * 60
    assert.deepEqual([minute, 30 * minute, 31 * minute, 61 * minute].map(perMinute), [10, 10, 20, 40])
  })

  test('complaints at the slow rate halve it, but not those about what was already under way', () => {
    const once = heard('slow-site', [0, minute])
    assert.equal(heard('slow-site', [minute + 1_000], once).active[0]?.value, 10)
    assert.equal(heard('slow-site', [3 * minute], once).active[0]?.value, 5)
    const often = heard(
      'slow-site',
      [1, 2, 3, 4, 5, 6].map((n) => n * 3 * minute),
      once,
    )
    assert.equal(often.active[0]?.value, 1)
  })

  test('blocked twice: nothing for two hours', () => {
    const adjusted = heard('suspend-site', [0, 1_000])
    const until = (now: number) => effectiveLimits(defaultSiteLimits, adjusted, now).suspendedUntil
    assert.equal(heard('suspend-site', [0]).active.length, 0)
    assert.equal(until(2_000), 1_000 + 2 * hour)
    assert.equal(until(1_000 + 2 * hour), 0)
  })

  test('what is no business of a site changes nothing', () => {
    assert.equal(heard('alert-operator', [0, 1]), noAdjustments)
  })
})
