import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLine } from './lines.ts'

const read = (text: string, inAuth = false) => readLine(Buffer.from(text, 'latin1'), 0, inAuth)

test('a line ends with CRLF', () => {
  assert.deepEqual(read('NOOP\r\nQUIT\r\n'), { kind: 'line', text: 'NOOP', next: 6 })
  assert.deepEqual(read('\r\n'), { kind: 'line', text: '', next: 2 })
  assert.deepEqual(readLine(Buffer.from('NOOP\r\nQUIT\r\n'), 6, false), {
    kind: 'line',
    text: 'QUIT',
    next: 12,
  })
})

test('a line without its end waits for it', () => {
  for (const text of ['', 'N', 'NOOP', 'NOOP\r', 'x'.repeat(512)]) assert.equal(read(text).kind, 'partial')
})

test('CR, LF and NUL anywhere else are bad endings, as soon as they show', () => {
  const cases = [
    '\n',
    'NOOP\n',
    'NOOP\n\r',
    'NO\rOP',
    'NO\rOP\r\n',
    'NOOP\r\r\n',
    '\r\r',
    'NO\0OP',
    'NOOP\0\r\n',
  ]
  for (const text of cases) assert.equal(read(text).kind, 'bad-ending', JSON.stringify(text))
})

test('lines have the length their command may have', () => {
  const ofLength = (start: string, length: number) => `${start}${'x'.repeat(length - start.length - 2)}\r\n`
  const cases = [
    ['NOOP ', 512],
    ['MAIL FROM:', 1180],
    ['rcpt to:', 1040],
    ['auth ', 12_288],
  ] as const
  for (const [start, most] of cases) {
    assert.equal(read(ofLength(start, most)).kind, 'line', start)
    assert.equal(read(ofLength(start, most + 1)).kind, 'too-long', start)
    assert.equal(read(ofLength(start, most + 3).slice(0, -2)).kind, 'too-long', `${start} without its end`)
  }
  assert.equal(read(ofLength('', 12_288), true).kind, 'line')
  assert.equal(read(ofLength('', 12_289), true).kind, 'too-long')
})

test('text above ASCII has to be UTF-8', () => {
  const utf8 = readLine(Buffer.from('VRFY é\r\n'), 0, false)
  assert.deepEqual(utf8, { kind: 'line', text: 'VRFY é', next: 9 })
  assert.deepEqual(read('VRFY \xe9\r\n'), { kind: 'not-utf8', next: 8 })
})
