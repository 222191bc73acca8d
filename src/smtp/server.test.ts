import assert from 'node:assert/strict'
import { test } from 'node:test'
import { envelope, startTestServer } from '../../test/smtp-server.ts'
import { openWire } from '../../test/smtp-wire.ts'

test('EHLO tells the extensions, without enhanced codes', async () => {
  await using app = await startTestServer({
    limits: { maxMessageBytes: 1000, maxMessages: 7, maxRecipients: 9 },
  })
  using wire = await openWire(app.port)
  assert.deepEqual(await wire.read(), ['220 mx.lab.test ESMTP'])
  wire.write('EHLO client.example\r\n')
  const [answer = ''] = await wire.read()
  assert.deepEqual(answer.split('\r\n'), [
    '250-mx.lab.test',
    '250-PIPELINING',
    '250-SIZE 1000',
    '250-8BITMIME',
    '250-SMTPUTF8',
    '250-ENHANCEDSTATUSCODES',
    '250-CHUNKING',
    '250-DSN',
    '250-LIMITS MAILMAX=7 RCPTMAX=9',
    '250 HELP',
  ])
})

const dialogues: [name: string, exchanges: [line: string, reply: string][]][] = [
  [
    'a message from first to last',
    [
      ['HELO client.example', '250 mx.lab.test'],
      ['mail from:<a@shop.example>', '250 2.1.0 Ok'],
      ['Rcpt To:<b@lab.test>', '250 2.1.5 Ok'],
      ['DATA', '354 End data with <CR><LF>.<CR><LF>'],
      ['Subject: x\r\n\r\nbody\r\n.', '250 2.0.0 Ok: message 1'],
      ['QUIT', '221 2.0.0 Goodbye'],
    ],
  ],
  [
    'commands out of order',
    [
      ['MAIL FROM:<a@shop.example>', '503 5.5.1 EHLO or HELO first'],
      ['EHLO client.example', '250'],
      ['RCPT TO:<b@lab.test>', '503 5.5.1 MAIL first'],
      ['DATA', '503 5.5.1 MAIL first'],
      ['BDAT 0 LAST', '503 5.5.1 MAIL first'],
      ['MAIL FROM:<>', '250 2.1.0 Ok'],
      ['MAIL FROM:<>', '503 5.5.1 Sender already given'],
      ['DATA', '503 5.5.1 RCPT first'],
      ['RSET', '250 2.0.0 Ok'],
      ['RCPT TO:<b@lab.test>', '503 5.5.1 MAIL first'],
    ],
  ],
  [
    'the small commands',
    [
      ['NOOP', '250 2.0.0 Ok'],
      ['NOOP with words', '250 2.0.0 Ok'],
      ['HELP', '214 2.0.0 EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT (RFC 5321)'],
      ['VRFY postmaster', '252 2.0.0 Cannot verify, but will take the message and attempt delivery'],
      ['EXPN list', '502 5.5.1 Command not implemented'],
      ['STARTTLS', '502 5.5.1 TLS is not available here'],
      ['AUTH PLAIN', '502 5.5.1 Command not implemented'],
      ['RSET now', '501 5.5.4 This command takes no argument'],
      ['QUIT now', '501 5.5.4 This command takes no argument'],
      ['EHLO', '501 5.5.4 A host name or address literal is needed'],
      ['EHLO a b', '501 5.5.4 A host name or address literal is needed'],
      ['EHLO (comment)', '501 5.5.4 A host name or address literal is needed'],
      ['EHLO [IPv6:::1]', '250'],
      ['', '500 5.5.1 Command not recognised'],
    ],
  ],
  [
    'senders',
    [
      ['EHLO client.example', '250'],
      ['MAIL', '501 5.5.2 Syntax: MAIL FROM:<address>'],
      ['MAIL TO:<a@shop.example>', '501 5.5.2 Syntax: MAIL FROM:<address>'],
      ['MAIL FROM:a@shop.example', '501 5.1.7 Invalid sender address'],
      ['MAIL FROM:<a@shop.example', '501 5.1.7 Invalid sender address'],
      ['MAIL FROM:<a@shop.example>SIZE=1', '501 5.1.7 Invalid sender address'],
      ['MAIL FROM:<a@@shop.example>', '501 5.1.7 Invalid sender address'],
      ['MAIL FROM:<a@shop.example> FUTURE=1', '555 5.5.4 Parameter not recognised'],
      ['MAIL FROM:<a@shop.example> SIZE=x', '501 5.5.4 Invalid parameter'],
      ['MAIL FROM:<a@shop.example> SIZE=26214401', '552 5.3.4 Message is too large'],
      ['MAIL FROM:<\u00c3\u00a9@shop.example>', '553 5.6.7 The address needs SMTPUTF8'],
      ['MAIL FROM:<\u00c3\u00a9@shop.example> SMTPUTF8', '250 2.1.0 Ok'],
    ],
  ],
  [
    'recipients',
    [
      ['EHLO client.example', '250'],
      ['MAIL FROM:<"quoted @>"@shop.example> SIZE=26214400 BODY=8BITMIME', '250 2.1.0 Ok'],
      ['RCPT', '501 5.5.2 Syntax: RCPT TO:<address>'],
      ['RCPT TO:<>', '501 5.1.3 Invalid recipient address'],
      ['RCPT TO:<b>', '501 5.1.3 Invalid recipient address'],
      [`RCPT TO:<${'b'.repeat(65)}@lab.test>`, '501 5.1.3 Invalid recipient address'],
      ['RCPT TO:<b@lab.test> NOTIFY=OFTEN', '501 5.5.4 Invalid parameter'],
      ['RCPT TO:<b@lab.test> SIZE=1', '555 5.5.4 Parameter not recognised'],
      ['RCPT TO:<\u00c3\u00a9@lab.test>', '553 5.6.7 The address needs SMTPUTF8'],
      ['DATA', '554 5.5.1 No valid recipients'],
      ['RCPT TO:<Postmaster>', '250 2.1.5 Ok'],
      ['RCPT TO:<@hop.test:b@lab.test> NOTIFY=NEVER ORCPT=rfc822;b@lab.test', '250 2.1.5 Ok'],
    ],
  ],
  [
    'HELO has no parameters',
    [
      ['HELO client.example', '250 mx.lab.test'],
      ['MAIL FROM:<a@shop.example> SIZE=1', '555 5.5.4 Parameter not recognised'],
      ['MAIL FROM:<a@shop.example>', '250 2.1.0 Ok'],
      ['RCPT TO:<b@lab.test> NOTIFY=NEVER', '555 5.5.4 Parameter not recognised'],
    ],
  ],
]

for (const [name, exchanges] of dialogues) {
  test(name, async () => {
    await using app = await startTestServer()
    using wire = await app.open({ hello: false })
    for (const [line, expected] of exchanges) {
      wire.write(Buffer.from(`${line}\r\n`, 'latin1'))
      const [reply = ''] = await wire.read()
      assert.equal(expected === '250' ? reply.slice(0, 3) : reply, expected, line)
    }
  })
}

test('handlers get the envelope, its parameters and the message', async () => {
  await using app = await startTestServer()
  using wire = await app.open()
  wire.write('MAIL FROM:<a@shop.example> RET=HDRS ENVID=e1 SIZE=20\r\n')
  wire.write('RCPT TO:<b@lab.test> NOTIFY=FAILURE ORCPT=rfc822;x@y.test\r\nRCPT TO:<c@lab.test>\r\nDATA\r\n')
  await wire.read(4)
  wire.write('Subject: x\r\n\r\n..dot\r\n.\r\n')
  assert.deepEqual(await wire.read(), ['250 2.0.0 Ok: message 1'])

  const [message] = app.messages
  assert.deepEqual(message?.sender, {
    address: { local: 'a', domain: 'shop.example' },
    params: { ret: 'HDRS', envid: 'e1', sizeBytes: 20 },
  })
  assert.deepEqual(message?.recipients, [
    { address: { local: 'b', domain: 'lab.test' }, params: { notify: 'FAILURE', orcpt: 'rfc822;x@y.test' } },
    { address: { local: 'c', domain: 'lab.test' }, params: {} },
  ])
  assert.equal(message?.raw.toString(), 'Subject: x\r\n\r\n.dot\r\n')
  assert.equal(app.sessions[0]?.helo, 'client.example')
  assert.equal(app.sessions[0]?.remoteAddress, '127.0.0.1')
})

test('message and next envelope in one write: every command is answered, in order', async () => {
  await using app = await startTestServer({
    handlers: { rcpt: async () => undefined },
  })
  using wire = await app.open()
  wire.write(envelope)
  await wire.read(3)
  for (let i = 1; i <= 50; i++) {
    wire.write(`Subject: ${i}\r\n\r\nbody\r\n.\r\n${envelope}`)
    const answers = await wire.read(4)
    assert.deepEqual(
      answers.map((answer) => answer.slice(0, 9)),
      ['250 2.0.0', '250 2.1.0', '250 2.1.5', '354 End d'],
    )
  }
  wire.write('Subject: last\r\n\r\n.\r\nRSET\r\nNOOP\r\nQUIT\r\n')
  assert.equal((await wire.read(4)).length, 4)
  assert.equal(app.messages.length, 51)
})

test('handlers that answer late are waited for, in order', async () => {
  const later = (text: string) =>
    new Promise<{ code: number; enhanced: string; text: string }>((resolve) =>
      setImmediate(() => resolve({ code: 250, enhanced: '2.9.9', text })),
    )
  await using app = await startTestServer({
    handlers: {
      connect: async () => ({ code: 220, text: 'late.test hello' }),
      mail: () => later('mail'),
      rcpt: async (_session, { address }) =>
        address.local === 'missing' ? { code: 550, enhanced: '5.1.1', text: 'No\nsuch user' } : later('rcpt'),
      data: () => later('data'),
    },
  })
  using wire = await openWire(app.port)
  assert.deepEqual(await wire.read(), ['220 late.test hello'])
  wire.write('EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<missing@lab.test>\r\nRCPT TO:<b@lab.test>\r\nDATA\r\n')
  assert.deepEqual((await wire.read(5)).slice(1), [
    '250 2.9.9 mail',
    '550-5.1.1 No\r\n550 5.1.1 such user',
    '250 2.9.9 rcpt',
    '354 End data with <CR><LF>.<CR><LF>',
  ])
  wire.write('x: y\r\n\r\n.\r\nNOOP\r\n')
  assert.deepEqual(await wire.read(2), ['250 2.9.9 data', '250 2.0.0 Ok'])
})

test('a handler that fails is answered 451 and the session goes on', async () => {
  await using app = await startTestServer({
    handlers: {
      rcpt: () => {
        throw new Error('broken')
      },
      mail: async (_session, { address }) => {
        if (address === null) throw new Error('broken later')
        return undefined
      },
    },
  })
  using wire = await app.open()
  wire.write('MAIL FROM:<>\r\nMAIL FROM:<a@shop.example>\r\nRCPT TO:<b@lab.test>\r\nNOOP\r\n')
  assert.deepEqual(await wire.read(4), [
    '451 4.3.0 Temporary failure on our side, try again later',
    '250 2.1.0 Ok',
    '451 4.3.0 Temporary failure on our side, try again later',
    '250 2.0.0 Ok',
  ])
})

test('a handler can close the connection with its reply', async () => {
  await using app = await startTestServer({
    handlers: { mail: () => ({ code: 421, enhanced: '4.3.2', text: 'Busy' }) },
  })
  using wire = await app.open()
  wire.write('MAIL FROM:<>\r\nNOOP\r\n')
  assert.equal(await wire.readToEnd(), '421 4.3.2 Busy\r\n')

  await using refusing = await startTestServer({ handlers: { connect: () => ({ code: 554, text: 'No' }) } })
  using refused = await openWire(refusing.port)
  assert.equal(await refused.readToEnd(), '554 No\r\n')
})

test('more messages than MAILMAX end the connection', async () => {
  await using app = await startTestServer({ limits: { maxMessages: 1 } })
  using wire = await app.open()
  wire.write(envelope)
  await wire.read(3)
  wire.write('x: y\r\n\r\n.\r\nMAIL FROM:<>\r\n')
  assert.equal(
    await wire.readToEnd(),
    '250 2.0.0 Ok: message 1\r\n421 4.7.0 Too many messages on one connection, open another\r\n',
  )
})

test('stopping: idle sessions are told 421, a message being received is finished', async () => {
  const app = await startTestServer()
  using idle = await app.open()
  using busy = await app.open()
  busy.write(envelope)
  await busy.read(3)
  busy.write('Subject: x\r\n')

  const stopped = app.server.stop({ graceMs: 5000 })
  assert.equal(await idle.readToEnd(), '421 4.3.2 Server is stopping, try again later\r\n')
  await assert.rejects(openWire(app.port).then((wire) => wire.read()))
  busy.write('\r\nbody\r\n.\r\n')
  assert.equal(
    await busy.readToEnd(),
    '250 2.0.0 Ok: message 1\r\n421 4.3.2 Server is stopping, try again later\r\n',
  )
  await stopped
  assert.equal(app.server.stats().connections, 0)
})

test('stopping does not wait longer than it was told', async () => {
  const app = await startTestServer()
  using busy = await app.open()
  busy.write(envelope)
  await busy.read(3)
  await app.server.stop({ graceMs: 20 })
  assert.equal(await busy.readToEnd(), '')
  assert.equal(app.messages.length, 0)
})
