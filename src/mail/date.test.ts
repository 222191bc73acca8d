import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDate } from './date.ts'

const cases: [value: string, time: string][] = [
  ['Wed, 29 May 2024 18:26:40 +0200', '2024-05-29T16:26:40Z'],
  ['Wed, 29 May 2024 18:26:40 +0200 (CEST)', '2024-05-29T16:26:40Z'],
  ['29 May 2024 18:26 -0130', '2024-05-29T19:56:00Z'],
  ['Wed,  1 May 2024 08:06:40 GMT', '2024-05-01T08:06:40Z'],
  ['Wed, 29 May 2024 18:26:40', '2024-05-29T18:26:40Z'],
  ['Wed, 29 May 2024 18:26:40 EST', '2024-05-29T23:26:40Z'],
  ['Wed, 29 May 2024 18:26:40 Z', '2024-05-29T18:26:40Z'],
  ['Thu, 29 Feb 24 23:59:60 UT', '2024-03-01T00:00:00Z'],
  ['Sun, 06 Nov 94 08:49:37 GMT', '1994-11-06T08:49:37Z'],
  ['2024-05-29T18:26:40Z', '2024-05-29T18:26:40Z'],
  ['2024-05-29 18:26:40.123 +02:00', '2024-05-29T16:26:40Z'],
]

for (const [value, time] of cases) {
  test(`${value} is ${time}`, () => assert.equal(parseDate(value), Date.parse(time)))
}

test('what is no date, or on no calendar, is none', () => {
  const values = [
    '',
    'garbage',
    'garbage +0000',
    '1',
    '2000',
    'May',
    'Sat, 31 Feb 2024 10:00:00 +0000',
    '29 Feb 2023 10:00:00 +0000',
    '2024-02-31T10:00:00Z',
    '0 May 2024 10:00:00 +0000',
    '1 Foo 2024 10:00:00 +0000',
    '1 May 2024 24:00:00 +0000',
    '1 May 2024 10:60:00 +0000',
    '1 May 2024 10:00:00 +0060',
    '1 May 2024',
    'Wed, 29 May 2024 18:26:40 +0200 and more',
  ]
  for (const value of values) assert.equal(parseDate(value), undefined, value)
})
