import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  freeSpan,
  possibleSteps,
  spanBack,
  spanBefore,
  stepMs,
  usualStep,
  withoutGaps,
} from '../../web/pages/statistics/time-span.ts'

const now = Date.UTC(2026, 4, 10, 13, 37)
const iso = (at: number) => new Date(at).toISOString().slice(0, 16)

test('a period goes back from now in whole steps, and the one before it ends where it begins', () => {
  const month = spanBack('month', 'day', now)
  assert.deepEqual([iso(month.from), iso(month.to)], ['2026-04-11T00:00', '2026-05-10T23:59'])
  const before = spanBefore(month)
  assert.deepEqual([iso(before.from), iso(before.to)], ['2026-03-12T00:00', '2026-04-10T23:59'])
  const day = spanBack('day', 'hour', now)
  assert.deepEqual([iso(day.from), iso(day.to)], ['2026-05-09T14:00', '2026-05-10T13:59'])
  for (const span of [month, before]) assert.equal((span.to + 1 - span.from) / stepMs.day, 30)
})

test('a free period is of whole days, in order', () => {
  const span = freeSpan('2026-01-31', '2026-02-01')
  assert.deepEqual(span && [iso(span.from), iso(span.to)], ['2026-01-31T00:00', '2026-02-01T23:59'])
  assert.equal(freeSpan('2026-02-01', '2026-01-31'), undefined)
  assert.equal(freeSpan('', '2026-01-31'), undefined)
})

test('only steps are offered that are kept and not too many', () => {
  const cases = [
    ['2026-05-10', '2026-05-10', ['five-minutes', 'hour', 'day'], 'hour'],
    ['2026-05-01', '2026-05-10', ['hour', 'day'], 'day'],
    // Kept for sixty days only.
    ['2026-01-01', '2026-01-01', ['hour', 'day'], 'hour'],
    ['2024-01-01', '2024-01-01', ['day'], 'day'],
    ['2025-06-01', '2026-05-10', ['day'], 'day'],
  ] as const
  for (const [first, last, steps, usual] of cases) {
    const span = freeSpan(first, last)
    assert.ok(span !== undefined)
    assert.deepEqual(possibleSteps(span, now), steps, `${first} to ${last}`)
    assert.equal(usualStep(span, now), usual, `${first} to ${last}`)
  }
})

test('slices in which nothing happened are filled in', () => {
  const span = spanBack('week', 'day', now)
  const rows = withoutGaps([{ at: Date.UTC(2026, 4, 6), sent: 5 }], {
    ...{ span, resolution: 'day', nothing: (at: number) => ({ at, sent: 0 }) },
  })
  assert.deepEqual(
    rows.map(({ sent }) => sent),
    [0, 0, 5, 0, 0, 0, 0],
  )
})
