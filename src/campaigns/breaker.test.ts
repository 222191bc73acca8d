import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BreakerLimits, type Harm, judgeHarm } from './breaker.ts'

const limits: BreakerLimits = {
  hardBouncePercent: 5,
  complaintPercent: 0.2,
  refusedPercent: 20,
  unmadePercent: 50,
  leastResults: 200,
}
const harmless: Harm = {
  delivered: 1_000,
  hardBounced: 0,
  complained: 0,
  results: 1_000,
  recent: { results: 1_000, refused: 0, unmade: 0 },
}

const cases: [name: string, harm: Partial<Harm>, tripped: RegExp | undefined][] = [
  ['nothing', {}, undefined],
  ['just below the rate of hard bounces', { hardBounced: 49 }, undefined],
  ['at the rate of hard bounces', { hardBounced: 50 }, /^5 % of the addresses do not exist/],
  ['before there are enough results', { hardBounced: 150, results: 199 }, undefined],
  ['below the rate of complaints', { complained: 3, delivered: 1_501 }, undefined],
  ['at the rate of complaints', { complained: 3, delivered: 1_500 }, /^0\.2 % of the readers complained/],
  ['two complaints are chance', { complained: 2, delivered: 300 }, undefined],
  [
    'refused by hosts of late',
    { recent: { results: 500, refused: 100, unmade: 0 } },
    /refused 20 % of the latest/,
  ],
  [
    'nothing could be made for half of the first hundred',
    { results: 0, recent: { results: 100, refused: 0, unmade: 50 } },
    /^nothing could be made for 50 % of the latest recipients/,
  ],
  ['it could be made for most', { recent: { results: 500, refused: 0, unmade: 249 } }, undefined],
  ['before there are a hundred', { recent: { results: 99, refused: 0, unmade: 99 } }, undefined],
]

for (const [name, harm, tripped] of cases) {
  test(`the breaker: ${name}`, () => {
    const trip = judgeHarm({ ...harmless, ...harm }, limits, {})
    if (tripped === undefined) assert.equal(trip, undefined)
    else assert.match(trip?.reason ?? '', tripped)
  })
}

test('what somebody has set aside stops it again when it is twice as bad', () => {
  const trip = judgeHarm({ ...harmless, hardBounced: 60 }, limits, {})
  assert.deepEqual(trip?.marks, { hardBounce: 12 })
  assert.equal(judgeHarm({ ...harmless, hardBounced: 119 }, limits, trip.marks), undefined)
  assert.match(
    judgeHarm({ ...harmless, hardBounced: 120 }, limits, trip.marks)?.reason ?? '',
    /the limit is 12 %/,
  )
  assert.match(
    judgeHarm({ ...harmless, hardBounced: 60, complained: 30 }, limits, trip.marks)?.reason ?? '',
    /complained/,
  )
})

test('0 switches a rule off', () => {
  const off = { ...limits, hardBouncePercent: 0 }
  assert.equal(judgeHarm({ ...harmless, hardBounced: 900 }, off, {}), undefined)
})
