import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer } from '../../test/smtp-server.ts'

const start = 'MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@lab.test>\r\n'

test('BDAT in several chunks, pipelined, makes one message', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  wire.write(`${start}BDAT 6\r\nx: y\r\nBDAT 4\r\n\r\n.\rBDAT 9 last\r\n\nQUIT\r\n\r\nNOOP\r\n`)
  assert.deepEqual((await wire.read(6)).slice(2), [
    '250 2.0.0 6 octets received',
    '250 2.0.0 4 octets received',
    '250 2.0.0 Ok: message 1',
    '250 2.0.0 Ok',
  ])
  assert.equal(app.messages[0]?.raw.toString(), 'x: y\r\n\r\n.\r\nQUIT\r\n\r\n')
})

test('BDAT cut at every position', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  const text = `${start}BDAT 13\r\nx: y\r\n\r\n.\r\n..BDAT 0 LAST\r\nNOOP\r\n`
  for (let cut = 1; cut < text.length; cut++) {
    wire.write(text.slice(0, cut))
    // One turn of the event loop lets the first part go out by itself.
    await new Promise((resolve) => setImmediate(resolve))
    wire.write(text.slice(cut))
    const answers = await wire.read(5)
    assert.equal(answers[3], `250 2.0.0 Ok: message ${cut}`)
    assert.equal(app.messages.at(-1)?.raw.toString(), 'x: y\r\n\r\n.\r\n..\r\n')
  }
})

test('an empty last chunk ends the message', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  wire.write(`${start}BDAT 8\r\nx: y\r\n\r\nBDAT 0 LAST\r\n`)
  assert.equal((await wire.read(4)).at(-1), '250 2.0.0 Ok: message 1')
  assert.equal(app.messages[0]?.raw.toString(), 'x: y\r\n\r\n')
})

test('after BDAT neither DATA nor another envelope command, until RSET', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  wire.write(`${start}BDAT 6\r\nx: y\r\nRCPT TO:<c@lab.test>\r\nMAIL FROM:<>\r\nDATA\r\n`)
  assert.deepEqual((await wire.read(6)).slice(3), [
    '503 5.5.1 Only BDAT or RSET may follow BDAT',
    '503 5.5.1 Sender already given',
    '503 5.5.1 Only BDAT or RSET may follow BDAT',
  ])
  wire.write('RSET\r\n')
  await wire.read()
  assert.equal(app.server.stats().heldBytes, 0)
  wire.write('BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n')
  assert.deepEqual(await wire.read(2), ['503 5.5.1 MAIL first', '250 2.0.0 Ok'])
  assert.equal(app.messages.length, 0)
})

test('the octets of a refused chunk are never commands', async () => {
  await using app = await startTestServer({ limits: { maxMessageBytes: 10 } })
  using wire = await app.open()
  wire.write(`${start}BDAT 12\r\nx: y\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n`)
  assert.deepEqual((await wire.read(5)).slice(2), [
    '552 5.3.4 Message is too large',
    '503 5.5.1 MAIL first',
    '250 2.0.0 Ok',
  ])
})

test('bad line endings and NUL in a chunk refuse the message; the session stays in step', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  for (const [text, reply] of [
    ['a\nb\r\n', '554 5.6.0 Bare CR or LF in message: lines end with CRLF'],
    ['a\rb\r\n', '554 5.6.0 Bare CR or LF in message: lines end with CRLF'],
    ['abc\r\n\r', '554 5.6.0 Bare CR or LF in message: lines end with CRLF'],
    ['a\0b\r\n', '554 5.6.0 NUL in message'],
  ] as const) {
    wire.write(`${start}BDAT ${text.length} LAST\r\n${text}NOOP\r\n`)
    assert.deepEqual((await wire.read(4)).slice(2), [reply, '250 2.0.0 Ok'])
  }
  assert.equal(app.messages.length, 0)
})

test('BDAT without a size closes, because nobody knows where commands go on', async () => {
  await using app = await startTestServer()
  for (const argument of ['', 'x', '-1', '5 FIRST', '123456789012345678901']) {
    using wire = await app.open()
    wire.write(`BDAT ${argument}\r\nMAIL FROM:<>\r\n`)
    assert.equal(await wire.readToEnd(), '501 5.5.4 Syntax: BDAT size [LAST]\r\n')
  }
})
