/** What hostile input gets: the exact answer, bounded memory, and a server that goes on serving. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { envelope, startTestServer } from '../../test/smtp-server.ts'
import { openWire } from '../../test/smtp-wire.ts'

const badLine = '500 5.5.2 Lines end with CRLF; CR, LF and NUL have no other place\r\n'
const bareInMessage = '554 5.6.0 Bare CR or LF in message: lines end with CRLF\r\n'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

type App = Awaited<ReturnType<typeof startTestServer>>

async function assertServes(app: App) {
  using wire = await app.open()
  wire.write('NOOP\r\n')
  assert.deepEqual(await wire.read(), ['250 2.0.0 Ok'])
}

for (const line of ['NOOP\nQUIT\r\n', 'NOOP\rQUIT\r\n', 'NO\0OP\r\n', 'NOOP\n', 'NOOP\r\r\n', '\n', 'x\0']) {
  test(`${JSON.stringify(line)} as a command is refused and closes`, async () => {
    await using app = await startTestServer()
    for (let cut = 0; cut < line.length; cut++) {
      using wire = await app.open()
      if (cut > 0) wire.write(line.slice(0, cut))
      await turn()
      wire.write(`${line.slice(cut)}MAIL FROM:<>\r\n`)
      assert.equal(await wire.readToEnd(), badLine)
    }
  })
}

const smuggled =
  'MAIL FROM:<evil@shop.example>\r\nRCPT TO:<victim@lab.test>\r\nDATA\r\nx: y\r\n\r\nevil\r\n.\r\n'

for (const ending of [
  '\n.\n',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\r',
  '\r\n.\r',
  '\r.\r\n',
  '\n.\r',
  '\r.\n',
  '\r\r\n.\r\r\n',
]) {
  test(`nothing is smuggled past ${JSON.stringify(ending)}, wherever the network cuts it`, async () => {
    await using app = await startTestServer()
    const text = `x: y\r\n\r\nbody${ending}${smuggled}`
    const first = text.indexOf(ending)
    for (let cut = first; cut <= first + ending.length; cut++) {
      using wire = await app.open()
      wire.write(envelope)
      await wire.read(3)
      wire.write(text.slice(0, cut))
      await turn()
      wire.write(text.slice(cut))
      assert.equal(await wire.readToEnd(), bareInMessage)
    }
    assert.equal(app.messages.length, 0)
    assert.equal(app.server.stats().heldBytes, 0)
  })
}

test('NUL in a message is refused and closes', async () => {
  await using app = await startTestServer()
  for (const ending of ['\r\n\0.\r\n', '\r\n.\0\r\n']) {
    using wire = await app.open()
    wire.write(envelope)
    await wire.read(3)
    wire.write(`x: y\r\n\r\nbody${ending}${smuggled}`)
    const answer = await wire.readToEnd()
    assert.ok(answer === '554 5.6.0 NUL in message\r\n' || answer === bareInMessage, answer)
  }
  assert.equal(app.messages.length, 0)
})

test('a whole session in single bytes is understood', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  const say = async (text: string) => {
    for (const byte of text) {
      wire.write(byte)
      await turn()
    }
  }
  await say(envelope)
  await wire.read(3)
  await say('Subject: x\r\n\r\n..\r\n.\r\n')
  await say(envelope)
  assert.deepEqual(await wire.read(4), [
    '250 2.0.0 Ok: message 1',
    '250 2.1.0 Ok',
    '250 2.1.5 Ok',
    '354 End data with <CR><LF>.<CR><LF>',
  ])
  assert.equal(app.messages[0]?.raw.toString(), 'Subject: x\r\n\r\n.\r\n')
})

test('what follows DATA before its reply is neither message nor commands', async () => {
  await using app = await startTestServer()
  const refusal = '554 5.5.0 Input was sent before the reply it has to wait for\r\n'
  using wire = await app.open()
  wire.write(`MAIL FROM:<>\r\nRCPT TO:<b@lab.test>\r\nDATA\r\nx: y\r\n\r\n.\r\n`)
  assert.equal(await wire.readToEnd(), `250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n${refusal}`)
  using refused = await app.open()
  refused.write('data\r\nMAIL FROM:<>\r\n.\r\n')
  assert.equal(await refused.readToEnd(), refusal)
  assert.equal(app.messages.length, 0)
})

test('who talks before the greeting is refused', async () => {
  await using app = await startTestServer({ limits: { greetingDelayMs: 200 } })
  using wire = await openWire(app.port)
  wire.write('EHLO early.example\r\n')
  assert.equal(await wire.readToEnd(), '554 5.5.0 The client spoke before the greeting\r\n')
})

test('a client that speaks HTTP is told so, and its body is not read as commands', async () => {
  await using app = await startTestServer()
  using wire = await app.open({ hello: false })
  wire.write('POST / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<>\r\n')
  assert.equal(await wire.readToEnd(), '554 5.5.1 This is an SMTP server\r\n')
})

test('the tenth error closes', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  wire.write('BOGUS\r\n'.repeat(12))
  const unknown = '500 5.5.1 Command not recognised\r\n'
  const last = '421 4.7.0 Too many errors, closing the connection\r\n'
  assert.equal(await wire.readToEnd(), unknown.repeat(10) + last)
})

test('long lines are refused and skipped to their CRLF', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  const cases = [`NOOP ${'x'.repeat(600)}`, '('.repeat(1_000_000), `MAIL FROM:<${'('.repeat(1_000_000)}`]
  for (const line of cases) {
    wire.write(`${line}\r\nNOOP\r\n`)
    assert.deepEqual(await wire.read(2), ['500 5.5.2 Line too long', '250 2.0.0 Ok'])
  }
  wire.write(`${'x'.repeat(100_000)}\nMAIL FROM:<>\r\n`)
  assert.equal(await wire.readToEnd(), `500 5.5.2 Line too long\r\n${badLine}`)
})

test('text that is not UTF-8 is refused', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  wire.write(Buffer.from('MAIL FROM:<\xff@shop.example> SMTPUTF8\r\n', 'latin1'))
  assert.deepEqual(await wire.read(), ['500 5.5.2 Line is not valid UTF-8'])
})

async function sendMessage(app: App, parts: Iterable<string>): Promise<string> {
  using wire = await app.open()
  wire.write(envelope)
  await wire.read(3)
  for (const part of parts) {
    wire.write(part)
    await turn()
  }
  wire.write('\r\n.\r\nNOOP\r\n')
  const [answer = '', after] = await wire.read(2)
  assert.equal(after, '250 2.0.0 Ok', 'the session goes on')
  return answer
}

test('messages that break a limit are refused at their end, and nothing is kept', async () => {
  await using app = await startTestServer({ limits: { maxMessageBytes: 1_000_000 } })
  const block = 'x'.repeat(65_536)
  const header = 'a: b\r\n\r\n'
  const before = process.memoryUsage().rss

  const longHeaderLine = await sendMessage(app, Array<string>(160).fill(block))
  assert.equal(longHeaderLine, '554 5.6.0 Message has a line longer than 1000 octets')
  const longHeader = await sendMessage(app, Array<string>(100).fill('x: y\r\n'.repeat(1000)))
  assert.equal(longHeader, '554 5.6.0 Message header is too long')
  const large = await sendMessage(app, [header, ...Array<string>(400).fill('some text\r\n'.repeat(5000))])
  assert.equal(large, '552 5.3.4 Message is too large')
  const longLine = await sendMessage(app, [header, 'x'.repeat(999)])
  assert.equal(longLine, '554 5.6.0 Message has a line longer than 1000 octets')

  assert.equal(app.messages.length, 0)
  assert.equal(app.server.stats().heldBytes, 0)
  const grownMb = (process.memoryUsage().rss - before) / 1e6
  assert.ok(grownMb < 100, `${grownMb} MB`)
})

test('all unfinished messages together have a limit', async () => {
  await using app = await startTestServer({ limits: { maxMessageBytes: 50_000, maxHeldBytes: 60_000 } })
  using first = await app.open()
  first.write(envelope)
  await first.read(3)
  first.write(`a: b\r\n\r\n${'text\r\n'.repeat(8000)}`)
  while (app.server.stats().heldBytes < 48_000) await turn()

  const second = await sendMessage(app, [`a: b\r\n\r\n${'text\r\n'.repeat(8000)}`])
  assert.equal(second, '452 4.3.1 Too much mail at once, try again later')
  first.write('.\r\n')
  assert.deepEqual(await first.read(), ['250 2.0.0 Ok: message 1'])
  assert.equal(app.server.stats().heldBytes, 0)
})

test('100,000 recipients: the first thousand are taken, the rest told to come again', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  const count = 100_000
  wire.write(`MAIL FROM:<a@shop.example>\r\n${'RCPT TO:<b@lab.test>\r\n'.repeat(count)}DATA\r\n`)
  const answers = await wire.read(count + 2)
  assert.equal(answers.filter((answer) => answer === '250 2.1.5 Ok').length, 1000)
  assert.equal(answers.filter((answer) => answer === '452 4.5.3 Too many recipients').length, count - 1000)
  wire.write('x: y\r\n\r\n.\r\n')
  assert.deepEqual(await wire.read(), ['250 2.0.0 Ok: message 1'])
  assert.equal(app.messages[0]?.recipients.length, 1000)
})

test('a connection dropped after 354 leaves nothing', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  wire.write(envelope)
  await wire.read(3)
  wire.write('Subject: x\r\n\r\nbody\r\n')
  while (app.server.stats().heldBytes === 0) await turn()
  wire.destroy()
  while (app.server.stats().connections > 0) await turn()
  assert.equal(app.server.stats().heldBytes, 0)
  assert.equal(app.messages.length, 0)
})

test('a client that ends its side in a message is not taken for having finished it', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  wire.write(envelope)
  await wire.read(3)
  wire.write('Subject: x\r\n\r\nbody\r\n')
  wire.end()
  assert.equal(await wire.readToEnd(), '')
  assert.equal(app.messages.length, 0)
})

test('a client that ends its side after the message still gets its replies', async () => {
  await using app = await startTestServer({
    handlers: { data: () => turn().then(() => ({ code: 250, enhanced: '2.0.0', text: 'Late' })) },
  })
  using wire = await app.open()
  wire.write(envelope)
  await wire.read(3)
  wire.write('Subject: x\r\n\r\n.\r\nNOOP\r\n')
  wire.end()
  assert.equal(await wire.readToEnd(), '250 2.0.0 Late\r\n250 2.0.0 Ok\r\n')
})

test('slow-loris: a command and a message have to be finished in time, whatever trickles', async () => {
  const idle = '421 4.4.2 Timeout, closing the connection\r\n'
  await using app = await startTestServer({
    limits: { idleTimeoutMs: 150, dataTimeoutMs: 5000, messageTimeoutMs: 200 },
  })
  using silent = await app.open()
  using trickling = await app.open()
  using inMessage = await app.open()
  inMessage.write(envelope)
  await inMessage.read(3)
  const trickle = setInterval(() => {
    trickling.write('x')
    inMessage.write('x')
  }, 20)
  try {
    assert.equal(await silent.readToEnd(), idle)
    assert.equal(await trickling.readToEnd(), idle)
    assert.equal(await inMessage.readToEnd(), idle)
  } finally {
    clearInterval(trickle)
  }
  assert.equal(app.server.stats().timeouts, 3)
  await assertServes(app)
})

test('a client that never reads is not read, and is dropped', async () => {
  await using app = await startTestServer({ limits: { idleTimeoutMs: 300 } })
  const wire = await openWire(app.port, { neverReads: true })
  const before = process.memoryUsage().rss
  const block = 'EHLO a\r\n'.repeat(100_000)
  for (let i = 0; i < 20; i++) wire.write(block)
  while (app.server.stats().connections > 0) await turn()
  const grownMb = (process.memoryUsage().rss - before) / 1e6
  assert.ok(grownMb < 150, `${grownMb} MB`)
  wire.destroy()
  await assertServes(app)
})

test('input that comes while a handler runs is kept only up to a bound', async () => {
  let finish: (() => void) | undefined
  const waiting = new Promise<void>((resolve) => {
    finish = resolve
  })
  await using app = await startTestServer({
    handlers: { mail: () => waiting.then(() => undefined) },
  })
  using wire = await app.open()
  const count = 64_000
  // 32 MB, more than the buffers of the network take.
  wire.write(`MAIL FROM:<>\r\n${`NOOP ${'x'.repeat(500)}\r\n`.repeat(count)}`)
  let unsentBytes = wire.unsentBytes()
  for (let calm = 0; calm < 200; calm++) {
    await turn()
    if (wire.unsentBytes() < unsentBytes) calm = 0
    unsentBytes = wire.unsentBytes()
  }
  assert.ok(unsentBytes > 1_000_000, `${unsentBytes} bytes unsent`)
  finish?.()
  const answers = await wire.read(count + 1)
  assert.equal(answers[0], '250 2.1.0 Ok')
  assert.ok(answers.slice(1).every((answer) => answer === '250 2.0.0 Ok'))
})

test('a hostile session costs the others nothing: fuzzed bytes, then a message', async () => {
  await using app = await startTestServer()
  const words = [
    'EHLO c',
    'MAIL FROM:<>',
    'RCPT TO:<b@lab.test>',
    'BDAT 5',
    'DATA',
    'RSET',
    '.',
    '\r',
    '\n',
    '\0',
  ]
  const random = mulberry32(20_261_123)
  for (let session = 0; session < 100; session++) {
    using wire = await app.open()
    for (let i = 0; i < 30; i++) {
      const word = words[Math.floor(random() * words.length)] ?? ''
      wire.write(random() < 0.8 ? `${word}\r\n` : word)
      if (random() < 0.3) await turn()
    }
    wire.end()
    await wire.readToEnd()
  }
  assert.equal(await sendMessage(app, ['x: y\r\n']), `250 2.0.0 Ok: message ${app.messages.length}`)
  assert.equal(app.server.stats().heldBytes, 0)
})

/** The same numbers in every run. */
function mulberry32(seed: number) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

test('connections over the limit are told 421', async () => {
  await using app = await startTestServer({ limits: { maxConnectionsPerAddress: 2 } })
  using _first = await app.open()
  const second = await app.open()
  using third = await openWire(app.port)
  assert.equal(await third.readToEnd(), '421 4.7.0 Too many connections, try again later\r\n')
  second.destroy()
  while (app.server.stats().connections > 1) await turn()
  await assertServes(app)
})
