import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createReplyReader, describeReply, formatReply, parseReplyLines } from './reply.ts'

const single: readonly (readonly [line: string, code: number, enhanced: string | undefined, text: string])[] =
  [
    ['250 2.0.0 Ok: queued', 250, '2.0.0', 'Ok: queued'],
    ['250 Ok', 250, undefined, 'Ok'],
    ['250', 250, undefined, ''],
    ['250 ', 250, undefined, ''],
    ['550 5.1.1', 550, '5.1.1', ''],
    ['550 5.7.606 Access denied', 550, '5.7.606', 'Access denied'],
    ['550 5.1.1: gone', 550, '5.1.1', 'gone'],
    ['550 5.1.1000 x', 550, undefined, '5.1.1000 x'],
    ['220 2.0.0.1 mx ready', 220, undefined, '2.0.0.1 mx ready'],
  ]

for (const [line, code, enhanced, text] of single) {
  test(`reply ${JSON.stringify(line)}`, () => {
    const reply = parseReplyLines([line])

    assert.deepEqual([reply?.code, reply?.enhanced, reply?.text], [code, enhanced, text])
  })
}

test('lines that are no reply', () => {
  const cases = [
    [],
    ['25'],
    ['abc hello'],
    ['150 x'],
    ['650 x'],
    ['250x'],
    ['250-a'],
    ['250 a', '250 b'],
    [''],
  ]
  for (const lines of cases) assert.equal(parseReplyLines(lines), undefined)
})

test('the lines of a reply are joined without their codes', () => {
  const reply = parseReplyLines([
    '550-5.1.1 The account does not exist.',
    '550-5.1.1  Please try again',
    '550 5.1.1 - gsmtp',
  ])

  assert.deepEqual(reply, {
    code: 550,
    enhanced: '5.1.1',
    text: 'The account does not exist. Please try again - gsmtp',
    lines: ['5.1.1 The account does not exist.', '5.1.1  Please try again', '5.1.1 - gsmtp'],
  })
  assert.equal(
    reply && describeReply(reply),
    '550 5.1.1 The account does not exist. Please try again - gsmtp',
  )
})

test('replies arrive whole, however the network cuts them', () => {
  const wire = Buffer.from('220 mx\r\n250-mx\r\n250-SIZE 100\r\n250 HELP\r\n550 5.1.1 é\n')
  const whole = createReplyReader().read(wire).replies
  for (let cut = 0; cut <= wire.length; cut++) {
    const reader = createReplyReader()

    const replies = [
      ...reader.read(wire.subarray(0, cut)).replies,
      ...reader.read(wire.subarray(cut)).replies,
    ]

    assert.deepEqual(replies, whole)
    assert.equal(reader.buffered(), 0)
  }
  assert.deepEqual(
    whole.map(({ code }) => code),
    [220, 250, 550],
  )
})

test('what waits is counted, so that nothing slips past STARTTLS', () => {
  const reader = createReplyReader()

  assert.deepEqual(reader.read('220 go ahead\r\n250-x\r\n25').replies.length, 1)
  assert.equal(reader.buffered(), 7)
})

test('control characters of the other side do not get through', () => {
  const { replies } = createReplyReader().read('550 a\x1b[2Jb\0c\rd\r\n')

  assert.equal(replies[0]?.text, 'a [2Jb c d')
})

test('endless and senseless replies end in a problem', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['a'.repeat(5000), /an SMTP reply line without end/],
    [`250 ${'a'.repeat(5000)}\r\n`, /an SMTP reply line without end/],
    ['250-a\r\n'.repeat(201), /an SMTP reply without end/],
    [`250-${'a'.repeat(4000)}\r\n`.repeat(20), /an SMTP reply without end/],
    ['HTTP/1.1 400 Bad Request\r\n', /^not an SMTP reply: "HTTP\/1\.1 400 Bad Request"$/],
  ]
  for (const [wire, problem] of cases) {
    const reader = createReplyReader()
    let found: string | undefined
    for (let i = 0; i < wire.length && found === undefined; i += 1000) {
      found = reader.read(wire.slice(i, i + 1000)).problem
    }

    assert.match(found ?? '', problem)
    assert.deepEqual(reader.read('250 ok\r\n').replies, [])
  }
})

test('good replies before a bad line are still given', () => {
  const { replies, problem } = createReplyReader().read('250 ok\r\nnonsense\r\n250 no\r\n')

  assert.equal(replies.length, 1)
  assert.equal(problem, 'not an SMTP reply: "nonsense"')
})

test('no bytes make the reader throw', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array(), { maxLength: 5 }), (chunks) => {
      const reader = createReplyReader()
      for (const chunk of chunks) reader.read(Buffer.from(chunk))
      assert.ok(reader.buffered() <= 5 * 4096)
    }),
  )
})

test('written replies', () => {
  assert.equal(formatReply(250, '2.0.0', 'Ok'), '250 2.0.0 Ok\r\n')
  assert.equal(formatReply(354, undefined, 'Go ahead'), '354 Go ahead\r\n')
  assert.equal(
    formatReply(250, undefined, ['mx', 'SIZE 100', 'HELP']),
    '250-mx\r\n250-SIZE 100\r\n250 HELP\r\n',
  )
  assert.equal(formatReply(550, '5.1.1', ['one', 'two']), '550-5.1.1 one\r\n550 5.1.1 two\r\n')
  assert.equal(formatReply(550, '5.1.1', 'a\r\n250 b\0\x1bé'), '550 5.1.1 a 250 b ?\r\n')
  assert.equal(formatReply(250, undefined, []), '250 \r\n')
})

test('long replies go on in further lines of at most 512 octets', () => {
  for (const text of ['word '.repeat(300).trim(), 'x'.repeat(2000)]) {
    const wire = formatReply(550, '5.7.1', text)
    const lines = wire.split('\r\n').slice(0, -1)

    assert.ok(lines.length > 2 && lines.every((line) => line.length <= 510))
    assert.equal(
      createReplyReader().read(wire).replies[0]?.text.replaceAll(' ', ''),
      text.replaceAll(' ', ''),
    )
  }
})
