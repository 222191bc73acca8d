import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { createTransport } from 'nodemailer'
import { makeTestCertificate, serverName } from '../../test/smtp-server.ts'
import { openWire } from '../../test/smtp-wire.ts'
import type { RawSubmission } from '../intake/draft.ts'
import type { KeyId } from '../mail/ids.ts'
import { systemClock } from '../runtime/clock.ts'
import { createLog, silentLog } from '../runtime/log.ts'
import { type RefusalCode, Refused } from '../runtime/refused.ts'
import {
  createSubmissionServer,
  replyOf,
  type SubmissionAuthenticator,
  type SubmissionOptions,
} from './submission.ts'

const uuid = '3a1f1d0e-9f0c-4b43-8f4e-1d9a6f0b7c11'
const keyId = 7 as KeyId
const publicKey = '0123456789abcdef0123456789abcdef'
const secret = 'fedcba9876543210fedcba9876543210'

let certificate: Awaited<ReturnType<typeof makeTestCertificate>>
before(async () => {
  certificate = await makeTestCertificate()
})

const authenticator: SubmissionAuthenticator = {
  authenticate: async (attempt) => {
    if (attempt.publicKey === 'throttled') return { kind: 'throttled', retryAfterMs: 1500 }
    if (attempt.secret !== secret) return { kind: 'denied' }
    return attempt.publicKey === publicKey ? { kind: 'ok', key: { id: keyId } } : { kind: 'suspended' }
  },
}

async function startSubmission({
  submit,
  ...options
}: Partial<SubmissionOptions> & { submit?: () => void } = {}) {
  const submissions: RawSubmission[] = []
  const server = createSubmissionServer({
    listeners: [
      { host: '127.0.0.1', port: 0, tls: 'starttls' },
      { host: '127.0.0.1', port: 0, tls: 'implicit' },
    ],
    secureContext: certificate.secureContext,
    intake: {
      maySendAs: async (_keyId, { domain }) => domain !== 'elsewhere.example',
      submitRaw: async (submission) => {
        submit?.()
        submissions.push(submission)
        return { submissionUuid: uuid, recipients: [] }
      },
    },
    authenticator,
    config: { name: serverName, plainAuthOnLoopback: true },
    log: silentLog,
    clock: systemClock,
    ...options,
  })
  const { ports, trusted } = await server.listen()
  const [starttls = 0, tls = 0] = ports
  return { server, submissions, starttls, tls, trusted, [Symbol.asyncDispose]: () => server.stop() }
}

type App = Awaited<ReturnType<typeof startSubmission>>

const plain = (user: string, password: string) =>
  `AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}\r\n`

async function openAuthenticated(app: App) {
  const wire = await openWire(app.starttls)
  await wire.read()
  wire.write(`EHLO client.example\r\n`)
  await wire.read()
  wire.write(plain(publicKey, secret))
  assert.deepEqual(await wire.read(), ['235 2.7.0 Authentication successful'])
  return wire
}

async function sendRaw(app: App, raw: string): Promise<string> {
  using wire = await openAuthenticated(app)
  wire.write('MAIL FROM:<>\r\nRCPT TO:<b@lab.test>\r\nDATA\r\n')
  await wire.read(3)
  wire.write(`${raw}.\r\n`)
  const [answer = ''] = await wire.read()
  return answer
}

for (const secure of [false, true]) {
  test(`nodemailer sends over ${secure ? 'implicit TLS' : 'STARTTLS'}, the certificate verified`, async () => {
    await using app = await startSubmission({ config: { name: serverName } })
    const transport = createTransport({
      host: '127.0.0.1',
      port: secure ? app.tls : app.starttls,
      secure,
      requireTLS: true,
      auth: { user: publicKey, pass: secret },
      tls: { ca: certificate.ca, servername: serverName },
      name: 'client.example',
    })
    const info = await transport.sendMail({
      from: 'Shop <hello@shop.example>',
      to: ['b@lab.test', 'c@lab.test'],
      subject: 'Dots',
      text: '.\n..\n.first\n',
      envelope: { from: 'bounce@shop.example', to: ['b@lab.test', 'c@lab.test'] },
      dsn: { id: 'e1', return: 'headers', notify: ['failure', 'delay'], recipient: 'orig@lab.test' },
    })
    transport.close()

    assert.equal(info.response, `250 2.0.0 Ok: queued as ${uuid}`)
    const [submission] = app.submissions
    assert.ok(submission)
    assert.equal(submission.keyId, keyId)
    assert.equal(submission.envelopeFrom, 'bounce@shop.example')
    assert.deepEqual(submission.recipients, [
      { address: { local: 'b', domain: 'lab.test' }, dsn: 'NOTIFY=FAILURE,DELAY ORCPT=rfc822;orig@lab.test' },
      { address: { local: 'c', domain: 'lab.test' }, dsn: 'NOTIFY=FAILURE,DELAY ORCPT=rfc822;orig@lab.test' },
    ])
    assert.deepEqual(submission.options, { clientAddress: '127.0.0.1', ret: 'HDRS', envid: 'e1' })
    assert.deepEqual(submission.client, {
      address: '127.0.0.1',
      helo: 'client.example',
      tls: true,
      authenticated: true,
    })
    assert.match(submission.raw.toString(), /\r\n\r\n\.\r\n\.\.\r\n\.first\r\n$/)
  })
}

test('logins that fail are told what they may know', async () => {
  await using app = await startSubmission()
  for (const [user, password, reply] of [
    [publicKey, 'wrong', '535 5.7.8 Authentication credentials invalid'],
    ['unknown', 'wrong', '535 5.7.8 Authentication credentials invalid'],
    ['suspended', 'wrong', '535 5.7.8 Authentication credentials invalid'],
    ['suspended', secret, '535 5.7.8 This API key is suspended'],
    ['throttled', secret, '454 4.7.0 Too many failed authentications, try again in 2 seconds'],
  ] as const) {
    using wire = await openWire(app.starttls)
    await wire.read()
    wire.write(`EHLO c\r\n`)
    await wire.read()
    wire.write(plain(user, password))
    assert.deepEqual(await wire.read(), [reply], user)
    wire.write('MAIL FROM:<>\r\n')
    assert.deepEqual(await wire.read(), ['530 5.7.1 Authentication required'])
  }
})

test('without the opt-in, nobody authenticates in plain text', async () => {
  await using app = await startSubmission({ config: { name: serverName } })
  using wire = await openWire(app.starttls)
  await wire.read()
  wire.write(`EHLO c\r\n${plain(publicKey, secret)}`)
  assert.equal((await wire.read(2))[1], '538 5.7.11 Encryption required for authentication')
})

test('the null sender may be used, and SMTPUTF8 is passed on', async () => {
  await using app = await startSubmission()
  using wire = await openAuthenticated(app)
  wire.write('MAIL FROM:<> SMTPUTF8\r\nRCPT TO:<jos\u00e9@b\u00fccher.example>\r\nDATA\r\n')
  await wire.read(3)
  wire.write('From: a@shop.example\r\n\r\n.\r\n')
  assert.deepEqual(await wire.read(), [`250 2.0.0 Ok: queued as ${uuid}`])
  assert.equal(app.submissions[0]?.envelopeFrom, '')
  assert.deepEqual(app.submissions[0]?.recipients, [
    { address: { local: 'jos\u00e9', domain: 'xn--bcher-kva.example' } },
  ])
  assert.equal(app.submissions[0]?.options.smtpUtf8, true)
})

test('limits of the configuration', async () => {
  await using app = await startSubmission({
    config: { name: serverName, plainAuthOnLoopback: true, maxMessageBytes: 50, maxRecipients: 1 },
  })
  using wire = await openAuthenticated(app)
  wire.write('MAIL FROM:<>\r\nRCPT TO:<b@lab.test>\r\nRCPT TO:<c@lab.test>\r\nDATA\r\n')
  assert.equal((await wire.read(4))[2], '452 4.5.3 Too many recipients')
  wire.write(`a: b\r\n\r\n${'x'.repeat(60)}\r\n.\r\n`)
  assert.deepEqual(await wire.read(), ['552 5.3.4 Message is too large'])
})

test('a message with more than 50 Received headers is a loop', async () => {
  await using app = await startSubmission()
  const hops = (count: number) =>
    `${'Received: from a\r\n by b\r\n'.repeat(count)}From: a@shop.example\r\n\r\n`
  assert.equal(await sendRaw(app, hops(51)), '554 5.4.6 Mail loop: more than 50 Received headers')
  assert.equal(await sendRaw(app, hops(50)), `250 2.0.0 Ok: queued as ${uuid}`)
  assert.equal(app.submissions.length, 1)
})

for (const [code, { code: replyCode, enhanced }] of Object.entries(replyOf)) {
  test(`intake's ${code} is ${replyCode} ${enhanced}, in its own words`, async () => {
    await using app = await startSubmission({
      submit: () => {
        throw new Refused(code as RefusalCode, 'why\r\n250 it is so')
      },
    })
    const answer = await sendRaw(app, 'From: a@shop.example\r\n\r\n')
    assert.equal(answer, `${replyCode} ${enhanced} why 250 it is so`)
  })
}

test('what nobody expected is 451 and one line in the log', async () => {
  const lines: string[] = []
  await using app = await startSubmission({
    submit: () => {
      throw new Error('broken')
    },
    log: createLog({ level: 'error', destination: { write: (line) => void lines.push(line) } }),
  })
  assert.equal(
    await sendRaw(app, 'From: a@shop.example\r\n\r\n'),
    '451 4.3.0 Temporary failure on our side, try again later',
  )
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /broken.*"handler":"data"/)
})

test('the trusted listener takes mail without a password, from its networks', async () => {
  const trusted = { host: '127.0.0.1', port: 0, networks: ['127.0.0.0/8'], keyId: 9 as KeyId }
  await using app = await startSubmission({ trusted })
  using wire = await openWire(app.trusted ?? 0)
  await wire.read()
  wire.write('EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<b@lab.test>\r\nDATA\r\n')
  await wire.read(4)
  wire.write('From: a@shop.example\r\n\r\n.\r\n')
  assert.deepEqual(await wire.read(), [`250 2.0.0 Ok: queued as ${uuid}`])
  assert.equal(app.submissions[0]?.keyId, 9)
  assert.equal(app.submissions[0]?.client.authenticated, false)

  await using strict = await startSubmission({ trusted: { ...trusted, networks: ['10.0.0.0/8'] } })
  using stranger = await openWire(strict.trusted ?? 0)
  assert.equal(await stranger.readToEnd(), '554 5.7.1 This port takes mail from trusted networks only\r\n')
})

test('a trusted listener open to the public is refused when it is made', async () => {
  const trusted = { host: '127.0.0.1', port: 0, networks: ['10.0.0.0/8'], keyId }
  await assert.rejects(startSubmission({ trusted: { ...trusted, networks: ['0.0.0.0/0'] } }), {
    message: /0\.0\.0\.0\/0 is public/,
  })
  await assert.rejects(startSubmission({ trusted: { ...trusted, host: '203.0.113.7' } }), {
    message: 'the trusted listener cannot be on 203.0.113.7: that address is public',
  })
})

test('an envelope sender that is no sender of the key is told so; the From header decides', async () => {
  await using app = await startSubmission()
  using wire = await openAuthenticated(app)
  wire.write('MAIL FROM:<eve@elsewhere.example>\r\n')
  assert.deepEqual(await wire.read(), [
    '250 2.7.1 Ok so far, but eve@elsewhere.example is not a validated sender of this API key; the From header has to name one',
  ])
  wire.write('RCPT TO:<b@lab.test>\r\nDATA\r\n')
  await wire.read(2)
  wire.write('From: hello@shop.example\r\n\r\nHello\r\n.\r\n')
  assert.match((await wire.read())[0] ?? '', /^250 2\.0\.0 /)
  assert.equal(app.submissions[0]?.envelopeFrom, 'eve@elsewhere.example')
})

test("Odoo's Test Connection learns that its sender is not validated; real mail keeps any envelope sender", async () => {
  await using app = await startSubmission()
  using wire = await openAuthenticated(app)
  const answerTo = async (from: string, to: string) => {
    wire.write(`MAIL FROM:<${from}>\r\nRCPT TO:<${to}>\r\nRSET\r\n`)
    return (await wire.read(3))[1] ?? ''
  }
  assert.equal(
    await answerTo('odoo@elsewhere.example', 'noreply@odoo.com'),
    '550 5.7.1 odoo@elsewhere.example is not a validated sender of this API key; add and validate the address or its domain',
  )
  assert.match(await answerTo('hello@shop.example', 'noreply@odoo.com'), /^250 /)
  assert.match(await answerTo('', 'noreply@odoo.com'), /^250 /)
  assert.match(await answerTo('odoo@elsewhere.example', 'b@lab.test'), /^250 /)
})

test('where the envelope is checked, it is refused at MAIL FROM; own addresses and the null sender are not', async () => {
  await using app = await startSubmission({
    config: { name: serverName, plainAuthOnLoopback: true, envelopeCheck: 'refuse' },
  })
  using wire = await openAuthenticated(app)
  wire.write('MAIL FROM:<eve@elsewhere.example>\r\nRCPT TO:<b@lab.test>\r\n')
  assert.deepEqual(await wire.read(2), [
    '550 5.7.1 eve@elsewhere.example is not a validated sender of this API key; add and validate the address or its domain',
    '503 5.5.1 MAIL first',
  ])
  for (const sender of ['', 'hello@shop.example']) {
    wire.write(`MAIL FROM:<${sender}>\r\nRSET\r\n`)
    assert.match((await wire.read(2))[0] ?? '', /^250 2\.1\.0 /)
  }
})
