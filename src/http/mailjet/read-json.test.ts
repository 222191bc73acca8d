import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readJson } from './read-json.ts'

test('JSON is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value)
      assert.deepEqual(readJson(Buffer.from(text)), { value: JSON.parse(text) })
    }),
  )
})

test('what is no JSON is told apart, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      readJson(Buffer.from(bytes))
    }),
  )
  for (const text of ['', ' ', '{', '"', '"\\', '"\\"', '[1,]', "{'a':1}", 'undefined', '{"a":1}x']) {
    assert.equal(readJson(Buffer.from(text)), undefined, text)
  }
})

test('a byte order mark is passed over, bytes that are no UTF-8 are not', () => {
  assert.deepEqual(readJson(Buffer.from('\ufeff{"a":1}')), { value: { a: 1 } })
  assert.equal(readJson(Buffer.from([0x22, 0xff, 0x22])), undefined)
})

test('brackets count outside strings only', () => {
  const inString = JSON.stringify({ a: '[{"'.repeat(1000), b: '\\"[['.repeat(1000), c: '\\' })
  assert.ok(readJson(Buffer.from(inString)))
  const nested = (depth: number) => readJson(Buffer.from('['.repeat(depth) + ']'.repeat(depth)))
  assert.ok(nested(100))
  assert.equal(nested(101), undefined)
})

test('more values than a call could need are not built', () => {
  assert.equal(readJson(Buffer.from(`[${'0,'.repeat(1_000_001)}0]`)), undefined)
  assert.equal(readJson(Buffer.from(`[${'[],'.repeat(500_001)}0]`)), undefined)
})
