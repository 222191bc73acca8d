import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PropertyType } from '../storage/tables/contacts.ts'
import { formatValue, plainValue, readInstant, readValue } from './values.ts'

const at = Date.parse('2024-03-05T09:12:44Z')

/** What comes in, what the wire shows of it, what a template gets. */
const accepted: [PropertyType, unknown, string, string | number | boolean][] = [
  ['str', 'Lyon', 'Lyon', 'Lyon'],
  ['str', '', '', ''],
  ['str', 7, '7', '7'],
  ['int', 34, '34', 34],
  ['int', ' -34 ', '-34', -34],
  ['int', '34.0', '34', 34],
  ['int', '-0', '0', 0],
  ['int', 9007199254740991, '9007199254740991', 9007199254740991],
  ['float', '3.50', '3.5', 3.5],
  ['float', '.5', '0.5', 0.5],
  ['float', '1e3', '1000', 1000],
  ['bool', true, 'true', true],
  ['bool', 'FALSE', 'false', false],
  ['bool', 1, 'true', true],
  ['datetime', at / 1000, '2024-03-05T09:12:44Z', '2024-03-05T09:12:44Z'],
  ['datetime', '2024-03-05T10:12:44+01:00', '2024-03-05T09:12:44Z', '2024-03-05T09:12:44Z'],
  ['datetime', '2024-03-05 09:12', '2024-03-05T09:12:00Z', '2024-03-05T09:12:00Z'],
  ['datetime', '1960-01-01', '1960-01-01T00:00:00Z', '1960-01-01T00:00:00Z'],
]

const refused: [PropertyType, unknown][] = [
  ['str', { a: 1 }],
  ['str', 'a\0b'],
  ['str', 'x'.repeat(10_001)],
  ['int', '3.5'],
  ['int', ''],
  ['int', '9007199254740993'],
  ['int', '0x10'],
  ['float', 'Infinity'],
  ['float', '1e999'],
  ['float', '1,5'],
  ['bool', 'yes'],
  ['bool', 2],
  ['datetime', 'yesterday'],
  ['datetime', '2024-02-31'],
  ['datetime', '12024-01-01'],
  ['datetime', '999999999999'],
]

test('values are taken when they are of their type, in every spelling', () => {
  for (const [type, given, shown, plain] of accepted) {
    const value = readValue(type, given)
    assert.ok(value, `${type} ${given}`)
    assert.deepEqual([formatValue(type, value), plainValue(type, value)], [shown, plain], `${type} ${given}`)
  }
})

test('values of another type are refused', () => {
  for (const [type, given] of refused) assert.equal(readValue(type, given), undefined, `${type} ${given}`)
})

test('times have a zone or are UTC', () => {
  assert.equal(readInstant('2024-03-05T09:12:44'), at)
  assert.equal(readInstant('2024-03-05T04:12:44-0500'), at)
  assert.equal(readInstant('2024-03-05t09:12:44z'), at)
})
