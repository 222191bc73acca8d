import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatFilename, isContentType, parseContentValue, withUtf8 } from './content-type.ts'

const values: readonly (readonly [header: string, value: string, parameters: Record<string, string>])[] = [
  ['text/plain', 'text/plain', {}],
  ['Text/HTML; Charset=UTF-8', 'text/html', { charset: 'UTF-8' }],
  [
    'text/plain; charset="iso-8859-1"; format=flowed',
    'text/plain',
    { charset: 'iso-8859-1', format: 'flowed' },
  ],
  ['multipart/mixed; boundary="a;b\\"c"', 'multipart/mixed', { boundary: 'a;b"c' }],
  ['multipart/mixed;boundary = x ; boundary=y', 'multipart/mixed', { boundary: 'x' }],
  ['text/plain; broken; charset=utf-8', 'text/plain', { charset: 'utf-8' }],
  ["attachment; filename*=UTF-8''a%20b", 'attachment', { 'filename*': "UTF-8''a%20b" }],
  ['', '', {}],
]

for (const [header, value, parameters] of values) {
  test(`content value ${JSON.stringify(header)}`, () => {
    const parsed = parseContentValue(header)

    assert.equal(parsed.value, value)
    assert.deepEqual(Object.fromEntries(parsed.parameters), parameters)
  })
}

test('hostile values are parsed in linear time', { timeout: 60_000 }, () => {
  for (const piece of [';', '; a', '; a="', '; a=\\', ';"', '; =', 'a/b;', '; a=" ;']) {
    assert.doesNotThrow(() => parseContentValue(`text/plain${piece.repeat(1e6 / piece.length)}`), piece)
  }
})

test('what is a content type', () => {
  for (const text of ['a/b', 'application/pdf', 'text/csv; charset=x', 'image/svg+xml', 'a/b; x="y;z"']) {
    assert.equal(isContentType(text), true, text)
  }
  for (const text of [
    '',
    'a',
    'a/',
    '/b',
    'a/b c',
    'a/b\r\nX: y',
    'a/b; x=é',
    'a/b;\n',
    `a/${'b'.repeat(1000)}`,
  ]) {
    assert.equal(isContentType(text), false, text)
  }
})

test('the charset becomes utf-8', () => {
  assert.equal(withUtf8('text/csv'), 'text/csv; charset=utf-8')
  assert.equal(withUtf8('text/csv; Charset="latin1"; header=yes'), 'text/csv; header=yes; charset=utf-8')
  assert.equal(withUtf8('text/csv;charset=latin1;'), 'text/csv; charset=utf-8')
})

test('file names', () => {
  assert.equal(formatFilename('a b.pdf'), '; filename="a b.pdf"')
  assert.equal(formatFilename('a"b\\.pdf'), '; filename="a\\"b\\\\.pdf"')
  assert.equal(formatFilename("é'(1).pdf"), `; filename="_'(1).pdf"; filename*=UTF-8''%C3%A9%27%281%29.pdf`)
  assert.equal(formatFilename('a\r\nBcc: b'), '; filename="a__Bcc: b"')
  const long = formatFilename('é'.repeat(300))
  assert.match(long, /; filename\*0\*=UTF-8''(?:%C3%A9){30}; filename\*1\*=(?:%C3%A9){30};/)
})
