import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseTestSender } from './test-sender.ts'

const senders: [
  name: string,
  filter: string | null,
  defaultFrom: string | undefined,
  own: string | undefined,
  expected: string | undefined,
][] = [
  [
    'the first whole address',
    'shop.example, a@b.example, c@d.example',
    'n@shop.example',
    'me@x.example',
    'a@b.example',
  ],
  ['the default From where it fits', 'shop.example', 'n@shop.example', 'me@x.example', 'n@shop.example'],
  [
    'noreply@ the first domain',
    'shop.example,b.example',
    'n@else.example',
    'me@x.example',
    'noreply@shop.example',
  ],
  ['without filter: oneself', null, 'n@shop.example', 'me@x.example', 'me@x.example'],
  ['blanks are no filter', ' , ', undefined, 'me@x.example', 'me@x.example'],
  ['without filter and oneself: the default From', null, 'n@shop.example', undefined, 'n@shop.example'],
  ['nobody', '', undefined, undefined, undefined],
]
for (const [name, fromFilter, defaultFrom, ownAddress, expected] of senders) {
  test(`test sender: ${name}`, () => {
    const chosen = chooseTestSender({
      fromFilter,
      ...(defaultFrom !== undefined && { defaultFrom }),
      ...(ownAddress !== undefined && { ownAddress }),
    })
    assert.equal(chosen, expected)
  })
}
