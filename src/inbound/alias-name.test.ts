import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sanitiseAliasName } from './alias-name.ts'

const cases: [given: string, kept: string][] = [
  ['info', 'info'],
  ['Info@shop.example', 'info'],
  ['Équipe Ventes', 'equipe-ventes'],
  ['..a..b..', 'a.b'],
  ['a  b', 'a-b'],
  ['jobs+2026', 'jobs+2026'],
  ['漢字', '-'],
  ['@shop.example', ''],
]

for (const [given, kept] of cases) {
  test(`"${given}" becomes "${kept}"`, () => assert.equal(sanitiseAliasName(given), kept))
}
