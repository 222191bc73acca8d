import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defaultSchedule, nextAttemptAt } from './schedule.ts'

const minute = 60_000
const middle = { now: 1_000, random: 0.5 }
const deferral = { class: 'transient' }

describe('nextAttemptAt', () => {
  const steps: [attempts: number, minutes: number][] = [
    [1, 1],
    [2, 5],
    [3, 15],
    [4, 30],
    [5, 60],
    [6, 120],
    [7, 240],
    [8, 300],
    [30, 300],
  ]
  for (const [attempts, minutes] of steps) {
    test(`after attempt ${attempts}: ${minutes} minutes`, () => {
      const at = nextAttemptAt(defaultSchedule, { attempts, deferral, ...middle })
      assert.equal(at, 1_000 + minutes * minute)
    })
  }

  test('spread by a fifth to both sides', () => {
    const at = (random: number) => nextAttemptAt(defaultSchedule, { attempts: 8, now: 0, deferral, random })
    assert.equal(at(0), 240 * minute)
    assert.equal(at(1), 360 * minute)
  })

  const wishes: [
    name: string,
    deferral: { class: string; retryAfterMs?: number },
    attempts: number,
    minutes: number,
  ][] = [
    ['what the remote asks for, when it is longer', { class: 'throttled', retryAfterMs: 20 * minute }, 1, 20],
    ['not sooner than planned', { class: 'throttled', retryAfterMs: 1_000 }, 3, 15],
    ['not beyond a day', { class: 'throttled', retryAfterMs: 100 * 24 * 60 * minute }, 1, 24 * 60],
    ['greylisting: five minutes at the least', { class: 'greylisted', retryAfterMs: minute }, 1, 7.5],
    [
      'greylisting: just after the time it names',
      { class: 'greylisted', retryAfterMs: 10 * minute },
      1,
      10.5,
    ],
    ['greylisting that never ends', { class: 'greylisted' }, 5, 60],
  ]
  for (const [name, wish, attempts, minutes] of wishes) {
    test(name, () => {
      const at = nextAttemptAt(defaultSchedule, { attempts, now: 0, deferral: wish, random: 0.5 })
      assert.equal(at, minutes * minute)
    })
  }
})
