import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import {
  makeTestCertificate,
  serverName,
  startTestServer,
  type TestServerOptions,
} from '../../test/smtp-server.ts'
import { openWire } from '../../test/smtp-wire.ts'
import type { Credentials, SmtpSession } from './handlers.ts'

let certificate: Awaited<ReturnType<typeof makeTestCertificate>>
before(async () => {
  certificate = await makeTestCertificate()
})

const clientTls = () => ({ ca: certificate.ca, servername: serverName })

function startTlsServer({ listener, handlers, limits }: TestServerOptions = {}) {
  return startTestServer({
    listener: { tls: 'starttls', authentication: 'required', ...listener },
    handlers: {
      authenticate: (_session: SmtpSession, { username, password }: Credentials) =>
        username === 'user' && password === 'pass word'
          ? { user: username }
          : { code: 535, enhanced: '5.7.8', text: 'Authentication credentials invalid' },
      ...handlers,
    },
    ...(limits !== undefined && { limits }),
    secureContext: certificate.secureContext,
  })
}

type App = Awaited<ReturnType<typeof startTlsServer>>

/** A connection under TLS that has said EHLO. */
async function openSecure(app: App) {
  const wire = await app.open()
  wire.write('STARTTLS\r\n')
  assert.deepEqual(await wire.read(), ['220 2.0.0 Ready to start TLS'])
  await wire.startTls(clientTls())
  wire.write('EHLO client.example\r\n')
  await wire.read()
  return wire
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const right = base64('\0user\0pass word')
const wrong = base64('\0user\0wrong')

test('STARTTLS is offered until it is used; AUTH only after it', async () => {
  await using app = await startTlsServer()
  using wire = await app.open({ hello: false })
  wire.write('EHLO c\r\n')
  const [plain = ''] = await wire.read()
  assert.match(plain, /^250-STARTTLS\r$/m)
  assert.doesNotMatch(plain, /AUTH/)
  wire.write(`AUTH PLAIN ${right}\r\n`)
  assert.deepEqual(await wire.read(), ['538 5.7.11 Encryption required for authentication'])
  wire.write('STARTTLS\r\n')
  await wire.read()
  await wire.startTls(clientTls())
  wire.write('EHLO c\r\nSTARTTLS\r\n')
  const [secure = '', again] = await wire.read(2)
  assert.doesNotMatch(secure, /STARTTLS/)
  assert.match(secure, /^250-AUTH PLAIN LOGIN\r$/m)
  assert.equal(again, '503 5.5.1 TLS is already in use')
})

test('nothing said before STARTTLS counts after it', async () => {
  await using app = await startTlsServer({ listener: { authentication: 'none' } })
  using wire = await app.open()
  wire.write('MAIL FROM:<evil@shop.example>\r\nRCPT TO:<evil@lab.test>\r\nSTARTTLS\r\n')
  await wire.read(3)
  await wire.startTls(clientTls())
  wire.write('MAIL FROM:<>\r\nEHLO c\r\nRCPT TO:<b@lab.test>\r\n')
  const answers = await wire.read(3)
  assert.equal(answers[0], '503 5.5.1 EHLO or HELO first')
  assert.equal(answers[2], '503 5.5.1 MAIL first')
})

test('commands injected behind STARTTLS close the connection, wherever they are cut', async () => {
  await using app = await startTlsServer({ listener: { authentication: 'none' } })
  const refusal = '554 5.5.0 Input was sent before the reply it has to wait for\r\n'
  using wire = await app.open()
  wire.write('STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@shop.example>\r\n')
  assert.equal(await wire.readToEnd(), refusal)

  // In a packet of its own, it is what the handshake starts with: no handshake, and no command either.
  using later = await app.open()
  later.write('STARTTLS\r\n')
  await later.read()
  later.write('MAIL FROM:<evil@shop.example>\r\n')
  assert.doesNotMatch(await later.readToEnd(), /^\d{3}[ -]/m)
})

test('implicit TLS: greeting after the handshake, session and message know of it', async () => {
  await using app = await startTlsServer({ listener: { tls: 'implicit', authentication: 'none' } })
  using wire = await openWire(app.port, { tls: clientTls() })
  assert.deepEqual(await wire.read(), ['220 mx.lab.test ESMTP'])
  wire.write('EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<b@lab.test>\r\nDATA\r\n')
  await wire.read(4)
  wire.write(`x: y\r\n\r\n${'text text\r\n'.repeat(20_000)}.\r\nQUIT\r\n`)
  assert.equal(await wire.readToEnd(), '250 2.0.0 Ok: message 1\r\n221 2.0.0 Goodbye\r\n')
  assert.equal(app.messages[0]?.raw.length, 220_008)
  assert.match(app.sessions[0]?.tls ?? '', /^TLSv1\.3 TLS_/)
})

test('a new certificate serves the next handshake', async () => {
  await using app = await startTlsServer()
  const renewed = await makeTestCertificate()
  app.server.setSecureContext(renewed.secureContext)
  using wire = await app.open()
  wire.write('STARTTLS\r\n')
  await wire.read()
  await assert.rejects(wire.startTls(clientTls()))
  using next = await app.open()
  next.write('STARTTLS\r\n')
  await next.read()
  await next.startTls({ ca: renewed.ca, servername: serverName })
})

test('a handshake that does not come is given up, without harm to others', async () => {
  await using app = await startTlsServer({ limits: { handshakeTimeoutMs: 50 } })
  using silent = await app.open()
  silent.write('STARTTLS\r\n')
  await silent.read()
  assert.equal(await silent.readToEnd(), '')
  using garbage = await app.open()
  garbage.write('STARTTLS\r\n')
  await garbage.read()
  garbage.write(Buffer.alloc(10_000, 0xff))
  await garbage.readToEnd()
  using wire = await openSecure(app)
  wire.write('NOOP\r\n')
  assert.deepEqual(await wire.read(), ['250 2.0.0 Ok'])
})

test('mail commands need authentication first', async () => {
  await using app = await startTlsServer()
  using wire = await openSecure(app)
  const commands = ['MAIL FROM:<>', 'RCPT TO:<b@lab.test>', 'DATA', 'VRFY b', 'BDAT 6 LAST\r\nQUIT']
  for (const command of commands) {
    wire.write(`${command}\r\n`)
    assert.deepEqual(await wire.read(), ['530 5.7.1 Authentication required'], command)
  }
  wire.write(`NOOP\r\nAUTH PLAIN ${right}\r\nMAIL FROM:<>\r\n`)
  assert.deepEqual(await wire.read(3), [
    '250 2.0.0 Ok',
    '235 2.7.0 Authentication successful',
    '250 2.1.0 Ok',
  ])
  wire.write(`AUTH PLAIN ${right}\r\n`)
  assert.deepEqual(await wire.read(), ['503 5.5.1 Already authenticated'])
})

const exchanges: [name: string, lines: [line: string, reply: string][]][] = [
  ['PLAIN in one line', [[`auth plain ${right}`, '235 2.7.0 Authentication successful']]],
  [
    'PLAIN with the identity repeated',
    [[`AUTH PLAIN ${base64('user\0user\0pass word')}`, '235 2.7.0 Authentication successful']],
  ],
  [
    'PLAIN after a challenge',
    [
      ['AUTH PLAIN', '334 '],
      [right, '235 2.7.0 Authentication successful'],
    ],
  ],
  [
    'LOGIN after challenges',
    [
      ['AUTH LOGIN', '334 VXNlcm5hbWU6'],
      [base64('user'), '334 UGFzc3dvcmQ6'],
      [base64('pass word'), '235 2.7.0 Authentication successful'],
    ],
  ],
  [
    'LOGIN with the user name at once',
    [
      [`AUTH LOGIN ${base64('user')}`, '334 UGFzc3dvcmQ6'],
      [base64('pass word'), '235 2.7.0 Authentication successful'],
    ],
  ],
  [
    'cancelled, then right',
    [
      ['AUTH LOGIN', '334 VXNlcm5hbWU6'],
      ['*', '501 5.7.0 Authentication cancelled'],
      [`AUTH PLAIN ${right}`, '235 2.7.0 Authentication successful'],
    ],
  ],
  [
    'malformed',
    [
      ['AUTH', '504 5.5.4 Authentication mechanism not supported'],
      ['AUTH CRAM-MD5', '504 5.5.4 Authentication mechanism not supported'],
      ['AUTH PLAIN !!!!', '501 5.5.2 Invalid base64 or form of credentials'],
      ['AUTH PLAIN abc', '501 5.5.2 Invalid base64 or form of credentials'],
      ['AUTH PLAIN =', '501 5.5.2 Invalid base64 or form of credentials'],
      [`AUTH PLAIN ${base64('user\0pass')}`, '501 5.5.2 Invalid base64 or form of credentials'],
      [`AUTH PLAIN ${base64('\0u\0p\0x')}`, '501 5.5.2 Invalid base64 or form of credentials'],
      [`AUTH PLAIN ${right} more`, '501 5.5.2 Invalid base64 or form of credentials'],
      ['NOOP', '250 2.0.0 Ok'],
    ],
  ],
  [
    'a response may be 12,288 octets long, not more',
    [
      [`AUTH PLAIN ${'A'.repeat(12_272)}`, '501 5.5.2 Invalid base64 or form of credentials'],
      [`AUTH PLAIN ${'A'.repeat(12_276)}`, '500 5.5.6 Authentication exchange line is too long'],
      ['AUTH PLAIN', '334 '],
      ['A'.repeat(12_288), '500 5.5.6 Authentication exchange line is too long'],
      ['NOOP', '250 2.0.0 Ok'],
    ],
  ],
  [
    'as somebody else',
    [[`AUTH PLAIN ${base64('admin\0user\0pass word')}`, '535 5.7.8 Authentication credentials invalid']],
  ],
]

for (const [name, lines] of exchanges) {
  test(`AUTH: ${name}`, async () => {
    await using app = await startTlsServer()
    using wire = await openSecure(app)
    for (const [line, reply] of lines) {
      wire.write(`${line}\r\n`)
      assert.deepEqual(await wire.read(), [reply], line.slice(0, 40))
    }
  })
}

test('the third failed AUTH closes the connection', async () => {
  await using app = await startTlsServer()
  using wire = await openSecure(app)
  wire.write(`AUTH PLAIN ${wrong}\r\n`.repeat(4))
  assert.equal(
    await wire.readToEnd(),
    `${'535 5.7.8 Authentication credentials invalid\r\n'.repeat(3)}421 4.7.0 Too many failed authentications, closing the connection\r\n`,
  )
  assert.equal(app.server.stats().authenticationFailures, 3)
})

test('AUTH without TLS on loopback, where the listener says so', async () => {
  await using app = await startTlsServer({ listener: { tls: 'none', authenticationWithoutTls: 'loopback' } })
  using wire = await app.open()
  wire.write(`AUTH PLAIN ${right}\r\n`)
  assert.deepEqual(await wire.read(), ['235 2.7.0 Authentication successful'])
})

test('AUTH needs EHLO', async () => {
  await using app = await startTlsServer({ listener: { tls: 'none', authenticationWithoutTls: 'loopback' } })
  using wire = await app.open({ hello: false })
  wire.write(`AUTH PLAIN ${right}\r\nHELO c\r\nAUTH PLAIN ${right}\r\n`)
  assert.deepEqual(await wire.read(3), [
    '503 5.5.1 EHLO or HELO first',
    '250 mx.lab.test',
    '503 5.5.1 EHLO or HELO first',
  ])
})
