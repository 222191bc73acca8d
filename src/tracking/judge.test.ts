import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBurst, judge, type Machine } from './judge.ts'

const browser =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36'
const gmail = 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)'

const cases: [name: string, Partial<Parameters<typeof judge>[0]>, Machine | undefined][] = [
  ['a person', {}, undefined],
  ['Gmail, for a person', { agent: gmail }, undefined],
  ['Apple, for nobody', { agent: 'Mozilla/5.0' }, 'bot'],
  ['a crawler', { agent: 'curl/8.5.0' }, 'bot'],
  ['without a name', { agent: '' }, 'bot'],
  ['asks for the head', { method: 'HEAD' }, 'head-only'],
  ['right after the delivery', { sinceDeliveryMs: 4_999 }, 'too-soon'],
  ['before we know of the delivery', { sinceDeliveryMs: undefined }, 'too-soon'],
  ['Gmail right after the delivery', { agent: gmail, sinceDeliveryMs: 10 }, 'too-soon'],
  ['where that does not count', { sinceDeliveryMs: 0, scannerMs: 0 }, undefined],
]

for (const [name, change, expected] of cases) {
  test(`judged: ${name}`, () => {
    const visit = { method: 'GET', agent: browser, sinceDeliveryMs: 60_000, scannerMs: 5_000, ...change }
    assert.equal(judge(visit), expected)
  })
}

test('a machine follows every link; a person may press one three times', () => {
  const at = (position: number, seconds: number) => ({ position, at: seconds * 1000 })
  assert.equal(isBurst([at(1, 0), at(2, 1), at(3, 2)]), true)
  assert.equal(isBurst([at(1, 0), at(1, 1), at(1, 2)]), false)
  assert.equal(isBurst([at(1, 0), at(2, 1), at(3, 4)]), false)
  assert.equal(isBurst([]), false)
})
