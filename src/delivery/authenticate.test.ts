import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { type Script, startScriptedSmtp } from '../../test/scripted-smtp.ts'
import { makeAuthority, makeServerCertificate } from '../runtime/make-certificates.ts'
import { authenticate, type Credentials } from './authenticate.ts'
import { createConnection } from './connection.ts'
import { establish, type SessionTarget } from './smtp-client.ts'
import { defaultTimeouts } from './timeouts.ts'
import { createTranscript } from './transcript.ts'

const password: Credentials = { kind: 'password', user: 'relay-user', password: 'pä55' }
const token: Credentials = { kind: 'token', user: 'me@shop.example', token: 'ya29.token' }
const encode = (text: string) => Buffer.from(text).toString('base64')

async function logIn(script: Script, credentials: Credentials, more: Partial<SessionTarget> = {}) {
  await using server = await startScriptedSmtp(script)
  const transcript = createTranscript()
  const established = await establish(
    {
      host: 'relay.example',
      address: '127.0.0.1',
      port: server.port,
      name: 'out.example',
      tls: 'never',
      timeouts: { ...defaultTimeouts, ehloMs: 500 },
      credentials,
      ...more,
    },
    transcript,
  )
  const failure = 'failure' in established ? established.failure : undefined
  if ('connection' in established) established.connection.destroy()
  return { failure, said: server.commands.slice(1), transcript: transcript.take() }
}

/** Answers each line of the login in turn. */
function answering(...answers: string[]) {
  return () => answers.shift() ?? '503 5.5.1 nothing left to say'
}

test('PLAIN', async () => {
  const { failure, said } = await logIn({ extensions: ['AUTH PLAIN'] }, password)
  assert.equal(failure, undefined)
  assert.deepEqual(said, [`AUTH PLAIN ${encode('\0relay-user\0pä55')}`])
})

test('LOGIN', async () => {
  const { failure, said } = await logIn({ extensions: ['AUTH LOGIN'] }, password)
  assert.equal(failure, undefined)
  assert.deepEqual(said, ['AUTH LOGIN', encode('relay-user'), encode('pä55')])
})

test('CRAM-MD5 (RFC 2195) is tried first', async () => {
  const challenge = '<1896.697170952@postoffice.example>'
  const { failure, said } = await logIn(
    {
      extensions: ['AUTH LOGIN PLAIN CRAM-MD5'],
      auth: answering(`334 ${encode(challenge)}`, '235 2.7.0 ok'),
    },
    { kind: 'password', user: 'tim', password: 'tanstaaftanstaaf' },
  )
  assert.equal(failure, undefined)
  const digest = createHmac('md5', 'tanstaaftanstaaf').update(challenge).digest('hex')
  assert.deepEqual(said, ['AUTH CRAM-MD5', encode(`tim ${digest}`)])
})

test('a refused method gives way to the next one', async () => {
  const { failure, said } = await logIn(
    {
      extensions: ['AUTH CRAM-MD5 PLAIN'],
      auth: answering(`334 ${encode('<1@x>')}`, '535 5.7.8 no secret for that', '235 2.7.0 ok'),
    },
    password,
  )
  assert.equal(failure, undefined)
  assert.equal(said.at(-1), `AUTH PLAIN ${encode('\0relay-user\0pä55')}`)
})

test('XOAUTH2', async () => {
  const { failure, said } = await logIn({ extensions: ['AUTH XOAUTH2 PLAIN'] }, token)
  assert.equal(failure, undefined)
  assert.deepEqual(said, [`AUTH XOAUTH2 ${encode('user=me@shop.example\x01auth=Bearer ya29.token\x01\x01')}`])
})

test('XOAUTH2 refused: the explanation is answered with an empty line', async () => {
  const { failure, said } = await logIn(
    {
      extensions: ['AUTH XOAUTH2'],
      auth: answering(`334 ${encode('{"status":"401"}')}`, '535 5.7.8 token expired'),
    },
    token,
  )
  assert.deepEqual([failure?.reply?.code, failure?.text], [535, 'token expired'])
  assert.equal(said.at(-1), '')
})

test('the domain of a user name goes as A-labels', async () => {
  const { said } = await logIn(
    { extensions: ['AUTH PLAIN'] },
    { kind: 'password', user: 'me@köln.example', password: 'x' },
  )
  assert.deepEqual(said, [`AUTH PLAIN ${encode('\0me@xn--kln-sna.example\0x')}`])
})

const failures: [
  name: string,
  script: Script,
  credentials: Credentials,
  why: string | undefined,
  text: RegExp,
][] = [
  ['no AUTH', { extensions: [] }, password, 'not-offered', /does not offer AUTH/],
  [
    'no method that fits',
    { extensions: ['AUTH GSSAPI'] },
    password,
    'no-method',
    /\(GSSAPI\); usable are CRAM-MD5/,
  ],
  ['a token needs XOAUTH2', { extensions: ['AUTH PLAIN'] }, token, 'no-method', /usable are XOAUTH2$/],
  ['AUTH without methods', { extensions: ['AUTH'] }, password, 'no-method', /\(none\)/],
  ['refused', { extensions: ['AUTH PLAIN'], auth: '535 5.7.8 wrong' }, password, undefined, /^wrong$/],
  ['for now', { extensions: ['AUTH PLAIN LOGIN'], auth: '454 4.7.0 later' }, password, undefined, /^later$/],
  [
    'asked for ever more',
    { extensions: ['AUTH PLAIN'], auth: () => '334 ' },
    password,
    undefined,
    /asks for more/,
  ],
  [
    'hung up on',
    { extensions: ['AUTH PLAIN'], auth: { close: true } },
    password,
    undefined,
    /closed the connection/,
  ],
]
for (const [name, script, credentials, why, text] of failures) {
  test(`no login: ${name}`, async () => {
    const { failure, transcript } = await logIn(script, credentials)
    assert.equal(failure?.stage, 'auth')
    assert.equal(failure.why, why)
    assert.match(failure.text, text)
    assert.ok(!transcript.includes(encode('pä55')) && !transcript.includes('ya29'))
  })
}

test('a password does not cross a network in the clear, a digest may', async () => {
  await using server = await startScriptedSmtp({ auth: answering(`334 ${encode('<1@x>')}`, '235 ok') })
  const transcript = createTranscript()
  const connection = createConnection(transcript)
  await connection.open({ address: '127.0.0.1', port: server.port, timeoutMs: 1_000 })
  await connection.exchange('', { replies: 1, timeoutMs: 1_000 })
  // As it would be told of a connection that leads elsewhere.
  const far = { host: 'relay.example', address: '192.0.2.1', transcript, timeoutMs: 1_000 }
  const refused = await authenticate(connection, password, { ...far, offered: 'PLAIN LOGIN' })
  assert.equal(refused?.why, 'needs-tls')
  assert.deepEqual(server.commands, [])
  assert.equal(await authenticate(connection, password, { ...far, offered: 'PLAIN CRAM-MD5' }), undefined)
  assert.equal(server.commands[0], 'AUTH CRAM-MD5')
  connection.destroy()
})

test('secrets never stand in a transcript', async () => {
  const scripts: [Script, Credentials][] = [
    [{ extensions: ['AUTH PLAIN'] }, password],
    [{ extensions: ['AUTH LOGIN'] }, password],
    [{ extensions: ['AUTH CRAM-MD5'], auth: answering(`334 ${encode('<1@x>')}`, '235 ok') }, password],
    [{ extensions: ['AUTH XOAUTH2'] }, token],
  ]
  for (const [script, credentials] of scripts) {
    const { transcript, said } = await logIn(script, credentials)
    for (const line of said) {
      const secret = line.split(' ').at(-1) ?? ''
      assert.ok(secret.length < 10 || !transcript.includes(secret), transcript)
    }
    assert.match(transcript, /C: (?:AUTH \S+ )?\*{8}\n/)
  }
})

test('a client certificate is shown, and nobody logs in', async () => {
  const authority = await makeAuthority(Date.now())
  const made = await makeServerCertificate({ authority, names: ['relay.example'], now: Date.now() })
  const own = await makeServerCertificate({ authority, names: ['client.example'], now: Date.now() })
  await using server = await startScriptedSmtp({
    implicitTls: { cert: made.certificate, key: made.key, requestCert: true },
  })
  const established = await establish(
    {
      host: 'relay.example',
      address: '127.0.0.1',
      port: server.port,
      name: 'out.example',
      tls: 'strict-tls',
      trustedCas: [authority.certificate],
      timeouts: defaultTimeouts,
      clientCertificate: { certificate: own.certificate, privateKey: own.key },
    },
    createTranscript(),
  )
  assert.ok('connection' in established)
  const { connection } = established
  for (const line of ['MAIL FROM:<a@x.example>', 'RCPT TO:<b@x.example>', 'DATA', 'Hello\r\n.']) {
    await connection.exchange(`${line}\r\n`, { replies: 1, timeoutMs: 1_000 })
  }
  connection.destroy()
  assert.equal(server.messages[0]?.client, 'client.example')
  assert.deepEqual(
    server.commands.filter((command) => command.startsWith('AUTH')),
    [],
  )
})
