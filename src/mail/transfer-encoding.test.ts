import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decodeQuotedPrintable,
  decodeTransfer,
  encodeQuotedPrintable,
  encodeText,
  toBase64Lines,
  toCrlf,
} from './transfer-encoding.ts'

test('text goes out as it is, as quoted-printable or as base64, whichever is shortest and safe', () => {
  const cases: readonly (readonly [text: string, encoding: string, body: string])[] = [
    ['', '7bit', ''],
    ['Hello', '7bit', 'Hello\r\n'],
    ['a\nb\rc\r\nd\n', '7bit', 'a\r\nb\r\nc\r\nd\r\n'],
    ['.\n..\n', '7bit', '.\r\n..\r\n'],
    ['x'.repeat(998), '7bit', `${'x'.repeat(998)}\r\n`],
    ['Un café, merci beaucoup', 'quoted-printable', 'Un caf=C3=A9, merci beaucoup\r\n'],
    ['1 + 1 = 2 étoiles, encore', 'quoted-printable', '1 + 1 =3D 2 =C3=A9toiles, encore\r\n'],
    ['日本語', 'base64', '5pel5pys6Kqe\r\n'],
    ['nul \0 in a longer text', 'quoted-printable', 'nul =00 in a longer text\r\n'],
  ]
  for (const [text, encoding, body] of cases) {
    const encoded = encodeText(text)

    assert.deepEqual([encoded.encoding, encoded.body.toString()], [encoding, body])
  }
  assert.equal(encodeText('x'.repeat(999)).encoding, 'quoted-printable')
  assert.equal(encodeText('a --boundary b', ['--boundary']).encoding, 'base64')
})

test('every line break becomes CRLF, once', () => {
  assert.equal(toCrlf('a\r\nb\nc\rd\r\r\n\n\r'), 'a\r\nb\r\nc\r\nd\r\n\r\n\r\n\r\n')
})

test('quoted-printable as RFC 2045 has it', () => {
  const cases: readonly (readonly [text: string, encoded: string])[] = [
    ['', ''],
    ['a\r\nb', 'a\r\nb\r\n'],
    ['a \r\nb\t', 'a=20\r\nb=09\r\n'],
    ['a\nb\rc', 'a=0Ab=0Dc\r\n'],
    ['x'.repeat(76), `${'x'.repeat(76)}\r\n`],
    ['x'.repeat(77), `${'x'.repeat(75)}=\r\nxx\r\n`],
    [`${'x'.repeat(74)}é`, `${'x'.repeat(74)}=\r\n=C3=A9\r\n`],
    [`${'x'.repeat(75)}\r\ny`, `${'x'.repeat(75)}\r\ny\r\n`],
    [`${'x'.repeat(75)} \r\ny`, `${'x'.repeat(75)}=\r\n=20\r\ny\r\n`],
  ]
  for (const [text, encoded] of cases) {
    assert.equal(encodeQuotedPrintable(Buffer.from(text)).toString('latin1'), encoded)
  }
})

test('quoted-printable comes back from any bytes, in short lines', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const encoded = encodeQuotedPrintable(bytes)
      const decoded = decodeQuotedPrintable(encoded)

      // A last line without line break gets one.
      assert.deepEqual(decoded.subarray(0, bytes.length), Buffer.from(bytes))
      for (const line of encoded.toString('latin1').split('\r\n')) {
        assert.match(line, /^[\t -~]{0,76}$/)
        assert.doesNotMatch(line, /[ \t]$/)
      }
    }),
  )
})

test('damaged quoted-printable is read as far as it goes', () => {
  const cases: readonly (readonly [encoded: string, text: string])[] = [
    ['a=3', 'a=3'],
    ['a=', 'a'],
    ['a=XYb', 'a=XYb'],
    ['a=c3=a9', 'aé'],
    ['a= \t\r\nb', 'ab'],
    ['a=\nb', 'ab'],
    ['a  \t\r\nb \n', 'a\r\nb\n'],
  ]
  for (const [encoded, text] of cases) {
    assert.equal(decodeQuotedPrintable(Buffer.from(encoded)).toString(), text)
  }
})

test('hostile bodies are decoded in linear time', { timeout: 60_000 }, () => {
  for (const piece of ['= ', '=', ' ', '=\r\n', `=${' '.repeat(100)}`]) {
    const body = Buffer.from(piece.repeat(1e6 / piece.length))
    assert.ok(decodeQuotedPrintable(body).length <= body.length)
  }
})

test('any text comes back through its encoding', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[aé=. \t\r\n]{0,200}$/))
  fc.assert(
    fc.property(text, (input) => {
      const { encoding, body } = encodeText(input)
      const decoded = decodeTransfer(Buffer.from(body), encoding)?.toString() ?? ''
      const expected = toCrlf(input.toWellFormed())

      assert.ok(decoded === expected || decoded === `${expected}\r\n`)
      assert.doesNotMatch(Buffer.from(body).toString('latin1'), /\r(?!\n)|(?<!\r)\n|[\x80-\xff]/)
    }),
  )
})

test('base64 in lines of 76', () => {
  const bytes = Buffer.alloc(200, 'ab')

  const lines = toBase64Lines(bytes).split('\r\n')

  assert.deepEqual(
    lines.map((line) => line.length),
    [76, 76, 76, 40, 0],
  )
  assert.deepEqual(decodeTransfer(Buffer.from(lines.join('\r\n')), ' BASE64 '), bytes)
  assert.equal(toBase64Lines(new Uint8Array()), '')
  assert.equal(decodeTransfer(bytes, 'x-uuencode'), undefined)
})
