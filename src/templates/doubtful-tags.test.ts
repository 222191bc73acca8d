import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findDoubtfulTags } from './index.ts'

const cases: [source: string, found: [text: string, advice: RegExp][]][] = [
  ['[[data:first:"friend"]] [[UNSUB_LINK_EN]] [[permalink]] {{data:first}} [1] {a}', []],
  [
    'Dear [[data:first:"friend"]',
    [['[[data:first:"friend"]', /write \[\[data:first\]\], with two brackets/]],
  ],
  ['Dear [data:first]]', [['[data:first]]', /two brackets on either side/]]],
  ['Dear [[firstname]]', [['[[firstname]]', /^a property is written \[\[data:firstname\]\]/]]],
  ['[[data:first\nand more', [['[[data:first', /two brackets/]]],
  [
    '[[SHARE_FACEBOOK]] [[DELIVERY_INFO]] [[SHARE_MYSPACE]] [[see below]]',
    [
      ['[[DELIVERY_INFO]]', /^write those words instead$/],
      ['[[SHARE_MYSPACE]]', /known/],
      ['[[see below]]', /^these are known/],
    ],
  ],
  ['[[[data:first]]]', []],
  ['{data:first}', [['{data:first}', /^write \{\{data:first\}\}$/]]],
]

for (const [source, found] of cases) {
  test(`${JSON.stringify(source)} has ${found.length} of what only looks like a placeholder`, () => {
    const tags = findDoubtfulTags(source, { usesLanguage: true, limit: 10 })
    assert.deepEqual(
      tags.map(({ text }) => text),
      found.map(([text]) => text),
    )
    for (const [place, [, advice]] of found.entries()) assert.match(tags[place]?.advice ?? '', advice)
    for (const { text, start } of tags) assert.ok(source.startsWith(text, start))
  })
}

test('without the language braces are text, and no more are told than asked for', () => {
  assert.deepEqual(findDoubtfulTags('{data:first}', { usesLanguage: false, limit: 10 }), [])
  assert.equal(findDoubtfulTags('[[a]] '.repeat(50), { usesLanguage: true, limit: 3 }).length, 3)
})
