import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIncoming } from './incoming-message.ts'
import { readReport } from './read-report.ts'

const folder = new URL('../../test/corpus/reports/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.eml'))
const corpus = files.map((name) => readFileSync(new URL(name, folder)))

function read(raw: Buffer) {
  return readReport(parseIncoming(raw), raw)
}

for (const name of files) {
  test(`${name} becomes what its JSON says`, () => {
    const expected: unknown = JSON.parse(readFileSync(new URL(name.replace(/eml$/, 'json'), folder), 'utf8'))
    const found = read(readFileSync(new URL(name, folder))) ?? null
    assert.deepEqual(JSON.parse(JSON.stringify(found)), expected)
  })
}

test('a report with bare line feeds is read like one with CRLF', () => {
  for (const raw of corpus) {
    const bare = Buffer.from(raw.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
    assert.deepEqual(read(bare), read(raw))
  }
})

const anyMail = fc.constantFrom(...corpus)

test('no mutation of a report makes the parser throw', () => {
  const edits = fc.array(
    fc.record({ at: fc.nat(8_000), take: fc.nat(40), put: fc.uint8Array({ maxLength: 40 }) }),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  fc.assert(
    fc.property(anyMail, edits, (raw, changes) => {
      let mutated = raw
      for (const { at, take, put } of changes) {
        const start = at % (mutated.length + 1)
        mutated = Buffer.concat([mutated.subarray(0, start), put, mutated.subarray(start + take)])
      }
      read(mutated)
    }),
    { numRuns: 1_500 },
  )
})

test('no truncation of a report makes the parser throw', () => {
  fc.assert(
    fc.property(anyMail, fc.nat(8_000), (raw, length) => void read(raw.subarray(0, length))),
    { numRuns: 1_000 },
  )
})

const mega = 1024 * 1024
const head =
  'From: mailer-daemon@x.example\r\nSubject: failure\r\nContent-Type: multipart/report; boundary=b\r\n\r\n'

const hostile: [name: string, make: () => Buffer][] = [
  ['a million parts', () => Buffer.from(`${head}${'--b\r\n\r\n'.repeat(1_000_000)}`)],
  ['a million boundary lookalikes', () => Buffer.from(`${head}${'\r\n--bx'.repeat(1_000_000)}`)],
  [
    'nested multiparts without end',
    () =>
      Buffer.from(
        `${head}${Array.from({ length: 20_000 }, (_, i) => `--b\r\nContent-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`).join('')}`,
      ),
  ],
  ['a header of 20 MB', () => Buffer.from(`X: ${'a'.repeat(20 * mega)}\r\n\r\n`)],
  ['two million header fields', () => Buffer.from('X: a\r\n'.repeat(2_000_000))],
  [
    '20 MB of addresses',
    () =>
      Buffer.from(`${head}--b\r\n\r\nundeliverable\r\n${'<a@b.example>:\r\n550 no\r\n\r\n'.repeat(700_000)}`),
  ],
  ['one line of at signs', () => Buffer.from(`${head}--b\r\n\r\nHi. This is the ${'a@'.repeat(5 * mega)}`)],
  [
    'one line of angle brackets',
    () =>
      Buffer.from(
        `${head.replace('report', 'x')}--b\r\nContent-Type: text/html\r\n\r\n${'<'.repeat(10 * mega)}`,
      ),
  ],
  ['one line of blanks', () => Buffer.from(`${head}--b\r\n\r\n${' '.repeat(10 * mega)}`)],
  ['10 MB of dashes', () => Buffer.from(`${head}--b\r\n\r\n${'-'.repeat(10 * mega)}`)],
  ['To without end', () => Buffer.from(`To: ${'<a@b.example>,x '.repeat(12_000)}\r\n${head}`)],
  [
    'a thousand failed recipients',
    () =>
      Buffer.from(
        `X-Failed-Recipients: ${Array.from({ length: 8_000 }, (_, i) => `u${i}@b.example`).join(',')}\r\n${head}--b\r\n\r\n${'undeliverable '.repeat(70_000)}`,
      ),
  ],
  ['References without end', () => Buffer.from(`References: ${'<a@b>'.repeat(40_000)}\r\n${head}`)],
  [
    'a status of a million recipients',
    () =>
      Buffer.from(
        `${head}--b\r\nContent-Type: message/delivery-status\r\n\r\n${'Final-Recipient: rfc822;a@b.example\r\n\r\n'.repeat(500_000)}`,
      ),
  ],
]

for (const [name, make] of hostile) {
  test(`${name}: read within bounds`, () => {
    const raw = make()
    const before = process.memoryUsage()
    const began = performance.now()
    read(raw)
    const tookMs = performance.now() - began
    const after = process.memoryUsage()
    assert.ok(tookMs < 3_000, `took ${Math.round(tookMs)} ms`)
    const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
    assert.ok(grown < 12 * raw.length + 64 * mega, `grew by ${Math.round(grown / mega)} MB`)
  })
}
