import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  findHeaderValue,
  foldHeader,
  headerValue,
  isHeaderName,
  maxHeaderFields,
  readHeaderBlock,
  unfold,
} from './headers.ts'

const read = (text: string) => {
  const raw = Buffer.from(text)
  const block = readHeaderBlock(raw)
  return { ...block, raw, values: block.fields.map((field) => [field.name, headerValue(raw, field)]) }
}

test('fields are found with their names, values and bytes', () => {
  const { fields, raw, values, bodyStart, malformed, oversized } = read(
    'Subject: a\r\n b\r\n\tc\r\nX-Empty:\r\nTO:lea@shop.example\r\n\r\nBody: no\r\n',
  )

  assert.deepEqual(values, [
    ['Subject', 'a b\tc'],
    ['X-Empty', ''],
    ['TO', 'lea@shop.example'],
  ])
  assert.deepEqual(fields[0], {
    name: 'Subject',
    lower: 'subject',
    start: 0,
    valueStart: 8,
    end: 20,
  })
  assert.equal(raw.toString('latin1', 0, 20), 'Subject: a\r\n b\r\n\tc\r\n')
  assert.equal(raw.toString('latin1', bodyStart), 'Body: no\r\n')
  assert.equal(malformed, undefined)
  assert.equal(oversized, false)
})

const shapes: readonly (readonly [text: string, names: string[], bodyStart: number, malformed?: number])[] = [
  ['', [], 0],
  ['\r\n', [], 2],
  ['\r\nbody', [], 2],
  ['A: b\r\n', ['A'], 6],
  ['A: b\r\n\r\n', ['A'], 8],
  ['A: b', [], 4, 0],
  ['A: b\n\r\nbody', [], 7, 0],
  ['no colon\r\nA: b\r\n\r\n', ['A'], 18, 0],
  ['A: b\r\nFrom lea\r\n\r\n', ['A'], 18, 6],
  [' folded first\r\nA: b\r\n\r\n', ['A'], 23, 0],
  [': x\r\n\r\n', [], 7, 0],
  ['A b: x\r\n\r\n', [], 10, 0],
  ['Ä: x\r\n\r\n', [], 9, 0],
  ['From : x\r\n\r\n', ['From'], 12],
  ['A: b\r\n \r\nB: c\r\n\r\n', ['A', 'B'], 17],
  ['A: b\rc\r\n\r\n', ['A'], 10],
]

for (const [text, names, bodyStart, malformed] of shapes) {
  test(`header block ${JSON.stringify(text)}`, () => {
    const block = read(text)

    assert.deepEqual(
      block.fields.map(({ name }) => name),
      names,
    )
    assert.equal(block.bodyStart, bodyStart)
    assert.equal(block.malformed, malformed)
  })
}

test('reading can start inside a message', () => {
  const raw = Buffer.from('A: b\r\n\r\nC: d\r\n\r\nbody')

  const block = readHeaderBlock(raw, 8)

  assert.equal(findHeaderValue(raw, block, 'c'), 'd')
  assert.equal(findHeaderValue(raw, block, 'a'), undefined)
  assert.equal(raw.toString('latin1', block.bodyStart), 'body')
})

test('a header block that is too big is told, and read no further', { timeout: 60_000 }, () => {
  const long = Buffer.concat([Buffer.from('Subject: x\r\nX-Long: '), Buffer.alloc(10 * 1024 * 1024, 'a')])
  const many = Buffer.from('a:\r\n'.repeat(1_000_000))
  const longBlock = readHeaderBlock(long)
  const manyBlock = readHeaderBlock(many)

  assert.deepEqual(
    { ...longBlock, fields: longBlock.fields.length },
    { fields: 1, bodyStart: long.length, malformed: 12, oversized: true },
  )
  assert.deepEqual(
    { ...manyBlock, fields: manyBlock.fields.length },
    { fields: maxHeaderFields, bodyStart: many.length, malformed: 4 * maxHeaderFields, oversized: true },
  )
})

test('no bytes make the reader throw, and fields never overlap', () => {
  const bytes = fc.oneof(fc.uint8Array(), fc.stringMatching(/^[a: \t\r\n]{0,60}$/).map(Buffer.from))
  fc.assert(
    fc.property(bytes, (input) => {
      const raw = Buffer.from(input)
      const { fields, bodyStart } = readHeaderBlock(raw)
      let end = 0
      for (const field of fields) {
        assert.ok(field.start >= end && field.valueStart <= field.end)
        end = field.end
      }
      assert.ok(end <= bodyStart && bodyStart <= raw.length)
    }),
  )
})

test('folding', () => {
  assert.equal(foldHeader('Subject', 'short'), 'Subject: short\r\n')
  assert.equal(foldHeader('Subject', ''), 'Subject: \r\n')
  assert.equal(foldHeader('X', `a ${'b'.repeat(990)}`), `X: a\r\n ${'b'.repeat(990)}\r\n`)
  const words = `${'word '.repeat(40)}end`
  const lines = foldHeader('Subject', words).split('\r\n')
  assert.ok(lines.every((line) => line.length <= 78))
  assert.equal(unfold(lines.join('\r\n').slice('Subject:'.length)), words)
})

test('what would break a header is refused', () => {
  for (const value of ['a\r\nBcc: x@y.example', 'a\nb', 'a\rb', 'a\0b', '\r\n']) {
    assert.throws(() => foldHeader('Subject', value), /must not contain CR, LF or NUL/)
  }
  for (const name of ['', 'a b', 'a:', 'a\r\nb', 'ä', 'x'.repeat(201)]) {
    assert.equal(isHeaderName(name), false)
    assert.throws(() => foldHeader(name, 'x'), /not a header name/)
  }
  assert.throws(() => foldHeader('X', 'b'.repeat(999)), /a word in X is too long for a header line/)
})

test('any folded value unfolds to itself, in lines that are neither too long nor blank', () => {
  const value = fc.stringMatching(/^[a-zé \t]{0,300}$/).map((text) => text.trim())
  fc.assert(
    fc.property(value, (text) => {
      const header = foldHeader('X-Test', text)
      const raw = Buffer.from(`${header}\r\n`)
      const block = readHeaderBlock(raw)

      assert.equal(findHeaderValue(raw, block, 'x-test'), text)
      assert.equal(block.fields.length, 1)
      for (const line of header.trimEnd().split('\r\n')) {
        assert.ok(Buffer.byteLength(line) <= 998)
        assert.match(line, /\S/)
      }
    }),
  )
})
