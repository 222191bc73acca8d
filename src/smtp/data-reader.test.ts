import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  createMessageReader,
  endCounted,
  type MessageReader,
  readCounted,
  readDotted,
  release,
  takeMessage,
} from './data-reader.ts'

const limits = { maxMessageBytes: 1_000_000, maxHeaderBytes: 262_144 }

function newReader(overrides: Partial<typeof limits> = {}, maxHeldBytes = 10_000_000) {
  return createMessageReader({ ...limits, ...overrides }, { bytes: 0, maxBytes: maxHeldBytes })
}

/** What came of the input, fed in these pieces: the message, the problem, and what was left for commands. */
function feed(pieces: readonly Buffer[], reader = newReader()) {
  for (const [i, piece] of pieces.entries()) {
    const end = readDotted(reader, piece, 0)
    if (end === -1 && (reader.problem === 'bare-line-ending' || reader.problem === 'nul')) {
      return { problem: reader.problem }
    }
    if (end === -1) continue
    const rest = Buffer.concat([piece.subarray(end), ...pieces.slice(i + 1)]).toString('latin1')
    if (reader.problem !== undefined) return { problem: reader.problem, rest }
    return { message: takeMessage(reader).toString('latin1'), rest }
  }
  return 'unfinished'
}

/** In one piece, in single bytes, and cut in two at every position: all have to come out alike. */
function feedEveryWay(input: string) {
  const bytes = Buffer.from(input, 'latin1')
  const whole = feed([bytes])
  assert.deepEqual(feed([...bytes].map((byte) => Buffer.from([byte]))), whole, 'single bytes')
  for (let cut = 1; cut < bytes.length; cut++) {
    assert.deepEqual(feed([bytes.subarray(0, cut), bytes.subarray(cut)]), whole, `cut at ${cut}`)
  }
  return whole
}

const taken = [
  ['.\r\n', '', ''],
  ['\r\n.\r\n', '\r\n', ''],
  ['a\r\n.\r\n', 'a\r\n', ''],
  ['a: b\r\n\r\nc\r\n.\r\nQUIT\r\n', 'a: b\r\n\r\nc\r\n', 'QUIT\r\n'],
  ['a\r\n..\r\n.\r\n', 'a\r\n.\r\n', ''],
  ['a\r\n...\r\n.\r\n', 'a\r\n..\r\n', ''],
  ['..a\r\n.b\r\n.\r\nNOOP\r\n', '.a\r\nb\r\n', 'NOOP\r\n'],
  ['a\r\n. \r\n.\r\n', 'a\r\n \r\n', ''],
  ['a.\r\n.\r\n', 'a.\r\n', ''],
  ['a\r\n.\r\n.\r\n', 'a\r\n', '.\r\n'],
] as const

for (const [input, message, rest] of taken) {
  test(`DATA ${JSON.stringify(input)} is a message wherever it is cut`, () => {
    assert.deepEqual(feedEveryWay(input), { message, rest })
  })
}

const smuggled = 'MAIL FROM:<a@b.example>\r\n.\r\n'
const bareEndings = [
  '\n.\n',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\r',
  '\r\n.\r',
  '\r.\r\n',
  '\n.\r',
  '\r.\n',
  '\r\r\n.\r\r\n',
  '\r\n.\r\r\n',
  '\n\n.\r\n',
]

for (const ending of bareEndings) {
  test(`${JSON.stringify(ending)} does not end DATA, wherever it is cut`, () => {
    assert.deepEqual(feedEveryWay(`a: b\r\n\r\nbody${ending}${smuggled}`), { problem: 'bare-line-ending' })
  })
}

for (const ending of ['\r\n\0.\r\n', '\r\n.\0\r\n', '\r\n.\r\0\n', '\r\0\n.\r\n', '\0']) {
  test(`${JSON.stringify(ending)} is refused, wherever it is cut`, () => {
    const result = feedEveryWay(`a: b\r\n\r\nbody${ending}${smuggled}`)
    assert.ok(typeof result === 'object' && result.problem !== undefined && !('message' in result))
  })
}

test('any CRLF text comes out as it went in, dots stuffed, in pieces of any size', () => {
  const line = fc.stringMatching(/^[.a-z ]{0,30}$/)
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 60 })),
      (lines, sizes) => {
        const text = lines.map((text) => `${text}\r\n`).join('')
        const stuffed = lines.map((text) => `${text.startsWith('.') ? '.' : ''}${text}\r\n`).join('')
        const bytes = Buffer.from(`${stuffed}.\r\nrest`, 'latin1')
        const pieces: Buffer[] = []
        let at = 0
        for (const size of sizes) {
          pieces.push(bytes.subarray(at, at + size))
          at += size
        }
        pieces.push(bytes.subarray(Math.min(at, bytes.length)))
        assert.deepEqual(feed(pieces), { message: text, rest: 'rest' })
      },
    ),
  )
})

test('a line of 1,000 octets is taken, one of 1,001 is not; the dot of transparency does not count', () => {
  const cases = [
    ['x'.repeat(998), undefined],
    ['x'.repeat(999), 'line-too-long'],
    [`.${'x'.repeat(998)}`, undefined],
    [`.${'x'.repeat(999)}`, 'line-too-long'],
  ] as const
  for (const [line, problem] of cases) {
    const result = feedEveryWay(`a: b\r\n\r\n${line}\r\n.\r\nQUIT\r\n`)
    assert.ok(typeof result === 'object')
    assert.equal(result.problem, problem)
    assert.equal(result.rest, 'QUIT\r\n')
  }
})

test('a header line that steers the relay may be longer, and nothing else', () => {
  const long = 'x'.repeat(1_200)
  const cases: [input: string, isTaken: boolean][] = [
    [`X-MJ-EventPayload: ${long}\r\n\r\nbody\r\n`, true],
    [`a: b\r\nx-mailjet-Campaign: ${long}\r\nc: d\r\n\r\nbody\r\n`, true],
    [`X-MJ-Vars: a\r\n ${long}\r\n\r\nbody\r\n`, false],
    [`X-MJ: ${long}\r\n\r\nbody\r\n`, false],
    [`Subject: ${long}\r\n\r\nbody\r\n`, false],
    [`a: b\r\n\r\nX-MJ-EventPayload: ${long}\r\n`, false],
    [`X-MJ-Vars: ${long}\r\n\r\n${long}\r\n`, false],
  ]
  for (const [input, isTaken] of cases) {
    const expected = isTaken
      ? { message: input, rest: 'QUIT\r\n' }
      : { problem: 'line-too-long', rest: 'QUIT\r\n' }
    assert.deepEqual(feedEveryWay(`${input}.\r\nQUIT\r\n`), expected)
    const bytes = Buffer.from(input)
    for (let cut = 0; cut <= bytes.length; cut += 7) {
      const reader = newReader()
      readCounted(reader, bytes, 0, cut)
      readCounted(reader, bytes, cut, bytes.length)
      endCounted(reader)
      assert.equal(reader.problem, isTaken ? undefined : 'line-too-long', input.slice(0, 30))
    }
  }
  const reader = newReader()
  fill(reader, `X-MJ-Vars: ${'x'.repeat(65_525)}`, 1)
  fill(reader, 'x'.repeat(65_536), 4)
  assert.equal(reader.problem, 'header-too-long')
})

function fill(reader: MessageReader, text: string, times: number) {
  const chunk = Buffer.from(text)
  let mostHeld = 0
  for (let i = 0; i < times; i++) {
    assert.equal(readDotted(reader, chunk, 0), -1)
    mostHeld = Math.max(mostHeld, reader.held.bytes)
  }
  return mostHeld
}

test('a header line of 10 MB is given up at once and read to the true end', () => {
  const reader = newReader()
  const mostHeld = fill(reader, 'x'.repeat(65_536), 160)
  assert.equal(mostHeld, 0)
  assert.equal(readDotted(reader, Buffer.from('\r\n\r\nbody\r\n.\r\nQUIT\r\n'), 0), 13)
  assert.equal(reader.problem, 'line-too-long')
})

test('a header of more than 256 KB is given up, a body of that size is not', () => {
  const reader = newReader()
  const mostHeld = fill(reader, 'x: y\r\n'.repeat(10_000), 100)
  assert.equal(reader.problem, 'header-too-long')
  assert.ok(mostHeld <= 262_144)
  assert.equal(reader.held.bytes, 0)

  const body = newReader()
  fill(body, 'a: b\r\n\r\n', 1)
  fill(body, 'text\r\n'.repeat(10_000), 10)
  assert.equal(body.problem, undefined)
  assert.equal(body.held.bytes, 600_008)
})

test('a header that ends the message is measured too', () => {
  assert.deepEqual(feed([Buffer.from(`${'x: y\r\n'.repeat(50)}.\r\n`)], newReader({ maxHeaderBytes: 299 })), {
    problem: 'header-too-long',
    rest: '',
  })
  assert.ok(
    'message' in
      Object(feed([Buffer.from(`${'x: y\r\n'.repeat(50)}.\r\n`)], newReader({ maxHeaderBytes: 300 }))),
  )
})

test('a message over the size limit, or over what all may hold, is read without keeping it', () => {
  const tooLarge = newReader({ maxMessageBytes: 100 })
  assert.deepEqual(feed([Buffer.from(`a: b\r\n\r\n${'x\r\n'.repeat(100)}.\r\nQUIT`)], tooLarge), {
    problem: 'too-large',
    rest: 'QUIT',
  })
  const noMemory = newReader({}, 100)
  assert.deepEqual(feed([Buffer.from(`a: b\r\n\r\n${'x\r\n'.repeat(100)}.\r\nQUIT`)], noMemory), {
    problem: 'no-memory',
    rest: 'QUIT',
  })
  assert.equal(tooLarge.held.bytes + noMemory.held.bytes, 0)
})

test('what is held is given back once, when the message is released', () => {
  const reader = newReader()
  feed([Buffer.from('a: b\r\n\r\nbody\r\n.\r\n')], reader)
  assert.equal(reader.held.bytes, 14)
  release(reader)
  release(reader)
  assert.equal(reader.held.bytes, 0)
})

test('a message sent in single bytes is kept in few buffers', () => {
  const reader = newReader()
  const byte = Buffer.from('x')
  const crlf = Buffer.from('\r\n')
  for (let i = 0; i < 100_000; i++) readDotted(reader, i % 80 === 79 ? crlf : byte, 0)
  assert.ok(reader.pieces.length < 10, `${reader.pieces.length} pieces`)
})

test('BDAT counts octets: dots are text, line endings are checked, a last line without CRLF gets it', () => {
  const cases: [input: string, message: string | undefined][] = [
    ['a: b\r\n\r\n.\r\n..\r\n', 'a: b\r\n\r\n.\r\n..\r\n'],
    ['a: b\r\n\r\nend', 'a: b\r\n\r\nend\r\n'],
    ['', ''],
    ['a\nb\r\n', undefined],
    ['a\rb\r\n', undefined],
    ['a\r', undefined],
    ['a\0\r\n', undefined],
    [`${'x'.repeat(999)}\r\n`, undefined],
  ]
  for (const [input, message] of cases) {
    const bytes = Buffer.from(input, 'latin1')
    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = newReader()
      readCounted(reader, bytes, 0, cut)
      readCounted(reader, bytes, cut, bytes.length)
      endCounted(reader)
      const result = reader.problem === undefined ? takeMessage(reader).toString('latin1') : undefined
      assert.equal(result, message, `${JSON.stringify(input)} cut at ${cut}`)
    }
  }
})
