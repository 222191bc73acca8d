import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { before, describe, test } from 'node:test'
import { type Script, startScriptedSmtp } from '../../test/scripted-smtp.ts'
import type { ServerId } from '../mail/ids.ts'
import type { RelayServer } from '../routing/route.ts'
import type { Resolver } from '../runtime/dns.ts'
import { makeAuthority, makeServerCertificate } from '../runtime/make-certificates.ts'
import { type ConnectionTestOptions, testConnection } from './test-connection.ts'
import type { TestSituation, TestStep } from './test-result.ts'

let ca: string
let tls: { cert: string; key: string }
let other: { certificate: string; key: string }
before(async () => {
  const authority = await makeAuthority(Date.now())
  const made = await makeServerCertificate({ authority, names: ['relay.example'], now: Date.now() })
  other = await makeServerCertificate({ authority, names: ['else.example'], now: Date.now() })
  ca = authority.certificate
  tls = { cert: made.certificate, key: made.key }
})

const resolver: Resolver = {
  mx: async () => ({ kind: 'none' }),
  addresses: async (name) => {
    if (name === 'unknown.example') return { kind: 'nxdomain' }
    if (name === 'broken.example') return { kind: 'failed', reason: 'ESERVFAIL' }
    return { kind: 'found', records: { v4: ['127.0.0.1'], v6: [] } }
  },
  txt: async () => ({ kind: 'none' }),
  ptr: async () => ({ kind: 'none' }),
  tlsa: async () => ({ kind: 'none' }),
}

function relay(port: number, more: Partial<RelayServer> = {}): RelayServer {
  return {
    id: 1 as ServerId,
    name: 'Relay',
    host: 'relay.example',
    port,
    security: 'none',
    authentication: { kind: 'none' },
    isDebug: false,
    limits: {},
    ...more,
  }
}

function options(more: Partial<ConnectionTestOptions> = {}): ConnectionTestOptions {
  return {
    resolver,
    mayConnect: () => true,
    name: 'out.example',
    sender: 'hello@shop.example',
    trustedCas: [ca],
    timeoutMs: 400,
    ...more,
  }
}

async function trial(
  script: Script,
  server: Partial<RelayServer> = {},
  more: Partial<ConnectionTestOptions> = {},
) {
  await using scripted = await startScriptedSmtp(script)
  const result = await testConnection(relay(scripted.port, server), options(more))
  return { result, commands: scripted.commands, messages: scripted.messages }
}

test('all is well: every step is told, the server gets no message and no QUIT', async () => {
  const steps: TestStep[] = []
  const { result, commands, messages } = await trial(
    { tls, extensions: ['AUTH PLAIN', 'SIZE 1000000'] },
    { security: 'starttls-strict', authentication: { kind: 'login', user: 'u', password: 'hunter2' } },
    { onStep: (step) => steps.push(step) },
  )
  assert.deepEqual(
    [result.ok, result.situation, result.step, result.sizeLimit],
    [true, 'ok', 'data', 1_000_000],
  )
  assert.deepEqual(steps, ['prepare', 'connect', 'ehlo', 'tls', 'ehlo', 'auth', 'mail', 'rcpt', 'data'])
  assert.deepEqual(commands.slice(-3), [
    'MAIL FROM:<hello@shop.example>',
    'RCPT TO:<noreply@shop.example>',
    'DATA',
  ])
  assert.deepEqual(messages, [])
  assert.match(result.transcript, /S: 354 go ahead\n# left without a message$/)
  assert.ok(!result.transcript.includes(Buffer.from('\0u\0hunter2').toString('base64')))
  assert.match(result.tls?.version ?? '', /^TLSv1\.[23]$/)
  const { certificate } = result.tls ?? {}
  assert.deepEqual(
    [certificate?.subject, certificate?.names, certificate?.verified],
    ['relay.example', ['relay.example'], true],
  )
  assert.ok((certificate?.validTo ?? 0) > Date.now())
  assert.equal(result.hint, '')
})

const login = { kind: 'login', user: 'u', password: 'p' } as const
type Case = [
  name: string,
  script: () => Script,
  server: () => Partial<RelayServer>,
  step: TestStep,
  situation: TestSituation,
  message: RegExp,
]

const cases: Case[] = [
  ['no host', () => ({}), () => ({ host: ' ' }), 'prepare', 'no-host', /No host/],
  ['an empty label', () => ({}), () => ({ host: 'a..example' }), 'prepare', 'invalid-name', /"a\.\.example"/],
  [
    'a long label',
    () => ({}),
    () => ({ host: `${'a'.repeat(64)}.example` }),
    'prepare',
    'invalid-name',
    /host name/,
  ],
  [
    'a user name with an impossible domain',
    () => ({}),
    () => ({ authentication: { ...login, user: 'me@a b' } }),
    'prepare',
    'invalid-user',
    /me@a b/,
  ],
  [
    'a certificate that is none',
    () => ({}),
    () => ({ authentication: { kind: 'certificate', certificate: 'x', privateKey: 'y' } }),
    'prepare',
    'client-certificate-invalid',
    /cannot be read/,
  ],
  [
    'a certificate and a key that do not belong together',
    () => ({}),
    () => ({ authentication: { kind: 'certificate', certificate: tls.cert, privateKey: other.key } }),
    'prepare',
    'client-certificate-mismatch',
    /does not belong/,
  ],
  [
    'an unknown host',
    () => ({}),
    () => ({ host: 'unknown.example' }),
    'connect',
    'host-unknown',
    /cannot be found/,
  ],
  ['DNS fails', () => ({}), () => ({ host: 'broken.example' }), 'connect', 'dns-no-answer', /ESERVFAIL/],
  ['no greeting', () => ({ greeting: { hang: true } }), () => ({}), 'ehlo', 'no-greeting', /said nothing/],
  [
    'no answer to EHLO',
    () => ({ ehlo: { hang: true } }),
    () => ({}),
    'ehlo',
    'no-answer',
    /no answer at the greeting/,
  ],
  [
    'hung up on',
    () => ({ greeting: { close: true } }),
    () => ({}),
    'ehlo',
    'closed-early',
    /closed the connection/,
  ],
  [
    'a web server',
    () => ({ greeting: 'HTTP/1.1 400 Bad Request' }),
    () => ({}),
    'ehlo',
    'not-smtp',
    /not a mail server/,
  ],
  [
    'refused at the greeting',
    () => ({ greeting: '554 5.7.1 go away' }),
    () => ({}),
    'ehlo',
    'error-reply',
    /554 5\.7\.1 go away/,
  ],
  ['refused at EHLO', () => ({ ehlo: '550 5.7.1 no' }), () => ({}), 'ehlo', 'error-reply', /550 5\.7\.1 no/],
  [
    'STARTTLS not offered',
    () => ({}),
    () => ({ security: 'starttls' }),
    'tls',
    'starttls-not-offered',
    /STARTTLS/,
  ],
  [
    'STARTTLS refused',
    () => ({ tls, starttls: '454 4.7.0 not now' }),
    () => ({ security: 'starttls' }),
    'tls',
    'error-reply',
    /454 4\.7\.0 not now/,
  ],
  [
    'a broken handshake',
    () => ({ tls: 'broken' }),
    () => ({ security: 'starttls' }),
    'tls',
    'tls-failed',
    /encrypted/,
  ],
  ['TLS against clear text', () => ({}), () => ({ security: 'tls' }), 'tls', 'tls-failed', /encrypted/],
  ['clear text against TLS', () => ({ implicitTls: tls }), () => ({}), 'ehlo', 'no-greeting', /said nothing/],
  [
    'a certificate for another name',
    () => ({ implicitTls: tls }),
    () => ({ security: 'tls-strict', host: 'wrong.example' }),
    'tls',
    'certificate-not-accepted',
    /wrong\.example/,
  ],
  [
    'no AUTH',
    () => ({ extensions: [] }),
    () => ({ authentication: login }),
    'auth',
    'login-not-offered',
    /does not let anybody log in/,
  ],
  [
    'no usable method',
    () => ({ extensions: ['AUTH GSSAPI'] }),
    () => ({ authentication: login }),
    'auth',
    'no-login-method',
    /GSSAPI/,
  ],
  [
    'a wrong password',
    () => ({ extensions: ['AUTH PLAIN'], auth: '535 5.7.8 wrong' }),
    () => ({ authentication: login }),
    'auth',
    'login-refused',
    /does not accept the user and the password: 535 5\.7\.8 wrong/,
  ],
  [
    'a login that fails for now',
    () => ({ extensions: ['AUTH PLAIN'], auth: '454 4.7.0 later' }),
    () => ({ authentication: login }),
    'auth',
    'error-reply',
    /454 4\.7\.0 later/,
  ],
  [
    'a sender that is not proved',
    () => ({ mail: '550 5.7.1 not validated' }),
    () => ({}),
    'mail',
    'sender-refused',
    /hello@shop\.example: 550 5\.7\.1 not validated/,
  ],
  ['MAIL answered with 251', () => ({ mail: '251 hm' }), () => ({}), 'mail', 'sender-refused', /251 hm/],
  [
    'the recipient',
    () => ({ rcpt: { 'noreply@shop.example': '554 5.7.1 relay access denied' } }),
    () => ({}),
    'rcpt',
    'recipient-refused',
    /noreply@shop\.example: 554 5\.7\.1 relay/,
  ],
  ['DATA', () => ({ data: '554 5.5.1 no' }), () => ({}), 'data', 'data-refused', /554 5\.5\.1 no/],
  [
    'hung up on at MAIL',
    () => ({ mail: { close: true } }),
    () => ({}),
    'mail',
    'closed-early',
    /at MAIL FROM/,
  ],
  [
    'silence at RCPT',
    () => ({ rcpt: { 'noreply@shop.example': { hang: true } } }),
    () => ({}),
    'rcpt',
    'no-answer',
    /no answer at RCPT TO/,
  ],
]

describe('situations', () => {
  for (const [name, script, server, step, situation, message] of cases) {
    test(name, async () => {
      const { result, messages } = await trial(script(), server())
      assert.deepEqual([result.ok, result.step, result.situation], [false, step, situation])
      assert.match(result.message, message)
      assert.notEqual(result.hint, '')
      assert.deepEqual(messages, [])
    })
  }

  test('nobody listens', async () => {
    const closed = await startScriptedSmtp()
    await closed.close()
    const result = await testConnection(relay(closed.port), options())
    assert.deepEqual([result.step, result.situation], ['connect', 'refused'])
  })

  test('an address that is out of bounds', async () => {
    const { result, commands } = await trial({}, {}, { mayConnect: () => false })
    assert.deepEqual([result.step, result.situation], ['connect', 'not-allowed'])
    assert.deepEqual(commands, [])
  })

  test('no sender, and one that few servers take', async () => {
    assert.equal((await trial({}, {}, { sender: undefined })).result.situation, 'no-sender')
    assert.equal((await trial({}, {}, { sender: 'søren@shop.example' })).result.situation, 'sender-not-ascii')
  })

  test('the size is wanted but not told', async () => {
    const { result } = await trial({ extensions: [] }, {}, { needsSize: true })
    assert.deepEqual([result.ok, result.situation], [false, 'size-not-told'])
  })
})

test('a certificate that is not accepted is described', async () => {
  const { result } = await trial({ implicitTls: tls }, { security: 'tls-strict', host: 'wrong.example' })
  assert.deepEqual(result.tls?.certificate?.names, ['relay.example'])
  assert.equal(result.tls?.certificate?.verified, false)
})

test('the plain modes take any certificate, and say that nobody checked it', async () => {
  for (const [script, security] of [
    [{ implicitTls: tls }, 'tls'],
    [{ tls }, 'starttls'],
  ] as const) {
    const { result } = await trial(script, { security, host: 'wrong.example' }, { trustedCas: [] })
    assert.deepEqual([result.ok, result.tls?.certificate?.verified], [true, false])
  }
})

test('a test recipient of one’s own', async () => {
  const { commands } = await trial({}, {}, { recipient: 'test@else.example' })
  assert.equal(commands.at(-2), 'RCPT TO:<test@else.example>')
})

test('a server that answers byte by byte cannot stretch the time', async (t) => {
  const slow = createServer((socket) => {
    const timer = setInterval(() => socket.write('220-still busy\r\n'), 20)
    socket.on('error', () => {})
    socket.on('close', () => clearInterval(timer))
  })
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => slow.close(resolve)))
  const address = slow.address()
  assert.ok(typeof address === 'object' && address !== null)
  const began = performance.now()
  const result = await testConnection(relay(address.port), options({ timeoutMs: 200 }))
  assert.ok(performance.now() - began < 2_000)
  assert.equal(result.situation, 'no-greeting')
})

test('DNS that never answers', async () => {
  const silent: Resolver = { ...resolver, addresses: () => new Promise(() => {}) }
  const result = await testConnection(relay(25), options({ resolver: silent, timeoutMs: 50 }))
  assert.deepEqual([result.step, result.situation], ['connect', 'dns-no-answer'])
})
