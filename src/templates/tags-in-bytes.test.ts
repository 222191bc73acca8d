import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayHoldTags } from './tags-in-bytes.ts'

for (const [text, expected] of [
  ['Dear [[var:name]]', true],
  ['Dear [[ data:name:"x"]]', true],
  ['[[unsub_link_fr]]', true],
  ['<a href=3D"[[UNSUB_LI=\r\nNK]]">', true],
  ['[=\r\n[EMAIL_TO]]', true],
  ['ends with [[', false],
  ['[[1, 2], [3, 4]] and [[page]]', false],
  ['[var:name]', false],
] as const) {
  test(`${JSON.stringify(text)} ${expected ? 'may hold' : 'holds no'} tags`, () => {
    assert.equal(mayHoldTags(Buffer.from(text)), expected)
  })
}

test('what looks like tags without end is read properly rather than looked at without end', () => {
  assert.equal(mayHoldTags(Buffer.from('[['.repeat(2_000))), true)
})
