import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { before, describe, test } from 'node:test'
import { type ReceivedMessage, type Script, startScriptedSmtp } from '../../test/scripted-smtp.ts'
import { makeAuthority, makeServerCertificate } from '../runtime/make-certificates.ts'
import { prepareBody } from './prepare-body.ts'
import { openSession, type SessionTarget } from './smtp-client.ts'
import { defaultTimeouts } from './timeouts.ts'
import type { Transaction } from './transaction.ts'
import { createTranscript } from './transcript.ts'

const content = Buffer.from('From: a@shop.example\r\nSubject: Hello\r\n\r\nHello\r\n')
const quick = {
  connectMs: 300,
  greetingMs: 300,
  ehloMs: 300,
  envelopeMs: 300,
  dataMs: 300,
  finalMs: 300,
  quitMs: 300,
}

let ca: string
let tls: { cert: string; key: string }
before(async () => {
  const authority = await makeAuthority(Date.now())
  const made = await makeServerCertificate({ authority, names: ['mx.example.net'], now: Date.now() })
  ca = authority.certificate
  tls = { cert: made.certificate, key: made.key }
})

function target(port: number, more: Partial<SessionTarget> = {}): SessionTarget {
  const timeouts = { ...defaultTimeouts, ...quick }
  return {
    host: 'mx.example.net',
    address: '127.0.0.1',
    port,
    name: 'out.example',
    tls: 'opportunistic',
    timeouts,
    ...more,
  }
}

function transaction(more: Partial<Transaction> & { content?: Buffer } = {}): Transaction {
  return {
    envelopeFrom: 'b+1@shop.example',
    recipients: [{ address: 'ada@example.net' }],
    body: prepareBody('DKIM-Signature: v=1\r\n', more.content ?? content),
    smtpUtf8: false,
    ...more,
  }
}

type Conversation = {
  result?: Awaited<
    ReturnType<Extract<Awaited<ReturnType<typeof openSession>>, { session: unknown }>['session']['send']>
  >
  failure?: Extract<Awaited<ReturnType<typeof openSession>>, { failure: unknown }>['failure']
  transcript: string
  tls?: string
  messages: ReceivedMessage[]
  commands: string[]
}

async function converse(
  script: Script,
  options: { target?: Partial<SessionTarget>; transactions?: readonly Transaction[] } = {},
): Promise<Conversation> {
  await using server = await startScriptedSmtp(script)
  const transcript = createTranscript()
  const opened = await openSession(target(server.port, options.target), transcript)
  const done = () => ({
    messages: server.messages,
    commands: server.commands,
    transcript: transcript.take().replaceAll(String(server.port), 'PORT'),
  })
  if ('failure' in opened) return { failure: opened.failure, ...done() }
  const { session } = opened
  let result: Conversation['result']
  for (const one of options.transactions ?? [transaction()]) result = await session.send(one)
  await session.quit()
  return { ...(result && { result }), tls: session.tls(), ...done() }
}

const size = '# 68 bytes of message'

describe('a transaction', () => {
  const mail = 'C: MAIL FROM:<b+1@shop.example>'
  const rcpt = 'C: RCPT TO:<ada@example.net>'
  const ways: [how: string, extensions: string[], said: string[]][] = [
    [
      'step by step',
      [],
      [mail, 'S: 250 2.1.0 ok', rcpt, 'S: 250 2.1.5 ok', 'C: DATA', 'S: 354 go ahead', size],
    ],
    [
      'pipelined',
      ['PIPELINING'],
      [mail, rcpt, 'C: DATA', 'S: 250 2.1.0 ok', 'S: 250 2.1.5 ok', 'S: 354 go ahead', size],
    ],
    [
      'at once',
      ['PIPELINING', 'CHUNKING'],
      [mail, rcpt, 'C: BDAT 68 LAST', size, 'S: 250 2.1.0 ok', 'S: 250 2.1.5 ok'],
    ],
    [
      'chunks without pipelining',
      ['CHUNKING'],
      [mail, 'S: 250 2.1.0 ok', rcpt, 'S: 250 2.1.5 ok', 'C: DATA', 'S: 354 go ahead', size],
    ],
  ]
  for (const [how, extensions, said] of ways) {
    test(`${how}: arrives, byte for byte, and the transcript tells it without the body`, async () => {
      const { result, messages, transcript } = await converse({ extensions })
      assert.equal(result?.final?.code, 250)
      assert.equal(messages[0]?.content.toString(), `DKIM-Signature: v=1\r\n${content}`)
      const offered = ['scripted.example', ...extensions]
      assert.equal(
        transcript,
        [
          '# connecting to mx.example.net (127.0.0.1:PORT)',
          'S: 220 scripted.example ESMTP',
          'C: EHLO out.example',
          ...offered.map((word) => `S: 250${word === offered.at(-1) ? ' ' : '-'}${word}`),
          ...said,
          'S: 250 2.0.0 taken',
          'S: 221 2.0.0 bye',
        ].join('\n'),
      )
    })

    test(`${how}: each recipient has its own answer`, async () => {
      const { result, messages } = await converse(
        { extensions, rcpt: { 'gone@example.net': '550 5.1.1 no such user' } },
        {
          transactions: [
            transaction({ recipients: [{ address: 'gone@example.net' }, { address: 'ada@example.net' }] }),
          ],
        },
      )
      assert.deepEqual(
        result?.recipients.map(({ code }) => code),
        [550, 250],
      )
      assert.deepEqual(messages[0]?.recipients, ['ada@example.net'])
    })

    test(`${how}: no recipient taken, then the connection still serves the next message`, async () => {
      const refused = transaction({ recipients: [{ address: 'gone@example.net' }] })
      const { result, messages } = await converse(
        { extensions, rcpt: { 'gone@example.net': '550 5.1.1 no such user' } },
        { transactions: [refused, transaction()] },
      )
      assert.equal(result?.final?.code, 250)
      assert.equal(messages.length, 1)
    })

    test(`${how}: a refused sender`, async () => {
      const { result } = await converse({ extensions, mail: '550 5.7.1 not you', data: '503 5.5.1 no' })
      assert.equal(result?.mail?.code, 550)
      assert.equal(result?.final, undefined)
    })
  }

  test('354 although no recipient was taken: a lone dot', async () => {
    const refused = transaction({ recipients: [{ address: 'gone@example.net' }] })
    const { commands, messages, transcript } = await converse(
      { rcpt: { 'gone@example.net': '550 5.1.1 no such user' }, data: '354 go ahead' },
      { transactions: [refused] },
    )
    assert.deepEqual(messages, [])
    assert.ok(
      transcript.endsWith('S: 354 go ahead\nC: .\nS: 554 5.5.1 no valid recipients\nS: 221 2.0.0 bye'),
    )
    assert.equal(commands.at(-1), 'QUIT')
  })

  for (const extensions of [[], ['PIPELINING', 'CHUNKING']]) {
    test(`dots at the start of lines arrive as they are (${extensions.join(' ')})`, async () => {
      const dotted = Buffer.from('Subject: x\r\n\r\n.\r\n..\r\nno dot\r\n.hidden\r\n\r\n.\r\n')
      const { messages } = await converse(
        { extensions },
        { transactions: [transaction({ body: prepareBody('', dotted) })] },
      )
      assert.equal(messages[0]?.content.toString(), dotted.toString())
    })
  }

  test('a large message goes in blocks', async () => {
    const large = Buffer.from(`Subject: x\r\n\r\n${'.word word word\r\n'.repeat(60_000)}`)
    const { messages } = await converse({}, { transactions: [transaction({ body: prepareBody('', large) })] })
    assert.equal(messages[0]?.content.equals(large), true)
  })

  const parameters: [
    name: string,
    extensions: string[],
    more: Partial<Transaction>,
    mail: string,
    rcpt: string,
  ][] = [
    ['none', [], {}, 'MAIL FROM:<b+1@shop.example>', 'RCPT TO:<ada@example.net>'],
    ['SIZE', ['SIZE'], {}, 'MAIL FROM:<b+1@shop.example> SIZE=68', 'RCPT TO:<ada@example.net>'],
    [
      '8BITMIME',
      ['8BITMIME'],
      { body: prepareBody('', Buffer.from('Subject: x\r\n\r\nÄ\r\n')) },
      'MAIL FROM:<b+1@shop.example> BODY=8BITMIME',
      'RCPT TO:<ada@example.net>',
    ],
    [
      'SMTPUTF8',
      ['SMTPUTF8'],
      { smtpUtf8: true, recipients: [{ address: 'søren@example.net' }] },
      'MAIL FROM:<b+1@shop.example> SMTPUTF8',
      'RCPT TO:<søren@example.net>',
    ],
    [
      'DSN',
      ['DSN'],
      {
        ret: 'HDRS',
        envid: 'x1',
        recipients: [{ address: 'ada@example.net', dsn: 'NOTIFY=FAILURE ORCPT=rfc822;a@b.c' }],
      },
      'MAIL FROM:<b+1@shop.example> RET=HDRS ENVID=x1',
      'RCPT TO:<ada@example.net> NOTIFY=FAILURE ORCPT=rfc822;a@b.c',
    ],
    [
      'no DSN where it is not offered',
      [],
      { ret: 'HDRS', recipients: [{ address: 'ada@example.net', dsn: 'NOTIFY=NEVER' }] },
      'MAIL FROM:<b+1@shop.example>',
      'RCPT TO:<ada@example.net>',
    ],
  ]
  for (const [name, extensions, more, mail, rcpt] of parameters) {
    test(`parameters: ${name}`, async () => {
      const { messages } = await converse({ extensions }, { transactions: [transaction(more)] })
      assert.equal(messages[0]?.mail, mail)
      assert.deepEqual(messages[0]?.rcpts, [rcpt])
    })
  }

  test('a line break in an address never becomes a command', async () => {
    const evil = transaction({ recipients: [{ address: 'a@b.c>\r\nRCPT TO:<x@y.z' }] })
    await assert.rejects(converse({}, { transactions: [evil] }), /a line break in an SMTP command/)
  })
})

describe('in a chunk', () => {
  const extensions = ['PIPELINING', 'CHUNKING']

  test('not what is large, and not where it is switched off', async () => {
    const large = Buffer.from(`Subject: x\r\n\r\n${'.word word word\r\n'.repeat(5_000)}`)
    const body = prepareBody('', large)
    for (const options of [{ transactions: [transaction({ body })] }, { target: { chunking: false } }]) {
      const { commands, messages } = await converse({ extensions }, options)
      assert.equal(messages.length, 1)
      assert.deepEqual(
        commands.filter((command) => /^(DATA|BDAT)/.test(command)),
        ['DATA'],
      )
    }
  })

  test('a server that does not know it is found out', async () => {
    const { result } = await converse({ extensions, bdat: '502 5.5.1 not implemented' })
    assert.equal(result?.knowsNoChunks, true)
  })

  test('what it refuses for its content it knows very well', async () => {
    const { result, commands } = await converse({ extensions, final: '554 5.7.1 looks like spam' })
    assert.equal(result?.knowsNoChunks, undefined)
    assert.equal(result?.final?.code, 554)
    assert.deepEqual(commands.slice(-2), ['RSET', 'QUIT'])
  })

  test('the last reply has its own time', async () => {
    const timeouts = { ...defaultTimeouts, ...quick, envelopeMs: 200, finalMs: 450 }
    const { result } = await converse({ extensions, final: { hang: true } }, { target: { timeouts } })
    assert.match(result?.loss?.text ?? '', /no answer within 0.45 s/)
  })

  const losses: [name: string, script: Script, stage: string][] = [
    ['hangs up without a word', { mail: { close: true } }, 'mail'],
    ['hangs at RCPT', { rcpt: { 'ada@example.net': { hang: true } } }, 'rcpt'],
    ['hangs up after the chunk', { final: { close: true } }, 'final'],
  ]
  for (const [name, script, stage] of losses) {
    test(`a server that ${name}`, async () => {
      const { result } = await converse({ extensions, ...script })
      assert.equal(result?.loss?.stage, stage)
    })
  }
})

describe('a server that misbehaves is a value', () => {
  const cases: [name: string, script: Script, stage: string, text: RegExp][] = [
    ['hangs after DATA', { final: { hang: true } }, 'final', /no answer within 0.3 s/],
    ['hangs up after DATA', { final: { close: true } }, 'final', /closed the connection/],
    ['hangs up at DATA', { data: { close: true } }, 'data', /closed the connection/],
    ['hangs at RCPT', { rcpt: { 'ada@example.net': { hang: true } } }, 'rcpt', /no answer/],
    [
      'says 421 to MAIL',
      { mail: { close: true, say: '421 4.3.2 going down' } },
      'mail',
      /421 4.3.2|421 going down/,
    ],
    ['talks nonsense', { mail: 'bonjour' }, 'mail', /not an SMTP reply/],
    ['never ends a line', { mail: '2'.repeat(100_000) }, 'mail', /without end/],
    ['never ends a reply', { mail: '250-x\r\n'.repeat(100_000) }, 'mail', /without end/],
  ]
  for (const [name, script, stage, text] of cases) {
    test(name, async () => {
      const { result } = await converse(script)
      assert.equal(result?.loss?.stage, stage)
      assert.match(result?.loss?.text ?? '', text)
    })
  }

  const openings: [name: string, script: Script, stage: string, text: RegExp][] = [
    ['refuses at the greeting', { greeting: '554 5.7.1 go away' }, 'greeting', /go away/],
    ['hangs before the greeting', { greeting: { hang: true } }, 'greeting', /no answer within/],
    ['hangs up before the greeting', { greeting: { close: true } }, 'greeting', /closed the connection/],
    ['speaks HTTP', { greeting: 'HTTP/1.1 400 Bad Request' }, 'greeting', /not an SMTP reply/],
    ['refuses EHLO', { ehlo: '550 5.7.1 no' }, 'ehlo', /no/],
  ]
  for (const [name, script, stage, text] of openings) {
    test(name, async () => {
      const { failure } = await converse(script)
      assert.equal(failure?.stage, stage)
      assert.match(failure?.text ?? '', text)
    })
  }

  test('nobody listens', async () => {
    const server = await startScriptedSmtp()
    await server.close()
    const opened = await openSession(target(server.port), createTranscript())
    assert.ok('failure' in opened)
    assert.equal(opened.failure.stage, 'connect')
    assert.equal(opened.failure.loss?.kind, 'refused')
  })

  test('knows only HELO', async () => {
    const { commands, messages } = await converse({ ehlo: '502 5.5.2 what?' })
    assert.deepEqual(commands.slice(0, 2), ['EHLO out.example', 'HELO out.example'])
    assert.equal(messages.length, 1)
  })
})

describe('TLS', () => {
  test('opportunistic: used where offered, unverified', async () => {
    const { messages, tls: said, commands } = await converse({ tls })
    assert.equal(messages[0]?.tls, true)
    assert.match(said ?? '', /^TLSv1\.3 TLS_\w+ unverified$/)
    assert.equal(commands.filter((command) => command.startsWith('EHLO')).length, 2)
  })

  test('opportunistic: a server that declines it gets the message without', async () => {
    const { messages } = await converse({ tls, starttls: '454 4.7.0 not now' })
    assert.equal(messages[0]?.tls, false)
  })

  test('opportunistic: a broken handshake is a failure of its own kind', async () => {
    const { failure } = await converse({ tls: 'broken' })
    assert.equal(failure?.stage, 'starttls')
    assert.equal(failure?.loss?.kind, 'tls')
  })

  test('strict: verified against the given authority', async () => {
    const { tls: said } = await converse({ tls }, { target: { tls: 'strict-starttls', trustedCas: [ca] } })
    assert.match(said ?? '', / verified$/)
  })

  const refusals: [name: string, script: () => Script, more: () => Partial<SessionTarget>, text: RegExp][] = [
    ['an unknown authority', () => ({ tls }), () => ({ tls: 'strict-starttls' }), /certificate/],
    [
      'the wrong name',
      () => ({ tls }),
      () => ({ tls: 'strict-starttls', trustedCas: [ca], host: 'other.example.net' }),
      /altnames|other\.example\.net/,
    ],
    ['no STARTTLS offered', () => ({}), () => ({ tls: 'strict-starttls' }), /does not offer STARTTLS/],
    [
      'STARTTLS declined',
      () => ({ tls, starttls: '454 4.7.0 not now' }),
      () => ({ tls: 'strict-starttls', trustedCas: [ca] }),
      /not now/,
    ],
  ]
  for (const [name, script, more, text] of refusals) {
    test(`strict: ${name}`, async () => {
      const { failure, messages } = await converse(script(), { target: more() })
      assert.equal(failure?.stage, 'starttls')
      assert.match(failure?.text ?? '', text)
      assert.deepEqual(messages, [])
    })
  }

  test('implicit', async () => {
    const { messages, tls: said } = await converse(
      { implicitTls: tls },
      { target: { tls: 'strict-tls', trustedCas: [ca] } },
    )
    assert.equal(messages[0]?.tls, true)
    assert.match(said ?? '', / verified$/)
  })

  const injections: [name: string, bytes: string, arrives: boolean][] = [
    ['half a line is thrown away', '250-evil', true],
    ['a whole reply ends the connection', '250-evil\r\n250 INJECTED\r\n', false],
  ]
  for (const [name, bytes, arrives] of injections) {
    test(`what a man in the middle puts behind the answer to STARTTLS: ${name}`, async (t) => {
      await using server = await startScriptedSmtp({ tls })
      const injector = await startInjector(server.port, bytes)
      t.after(injector.close)
      const opened = await openSession(target(injector.port), createTranscript())
      if ('failure' in opened) {
        assert.equal(opened.failure.text, 'TLS with mx.example.net failed: said unasked: 250 evil INJECTED')
      } else {
        await opened.session.send(transaction())
        opened.session.destroy()
      }
      assert.equal(server.messages.length, arrives ? 1 : 0)
    })
  }
})

/** Passes everything on, and appends a reply to the server's answer to STARTTLS. */
async function startInjector(port: number, injected: string) {
  const sockets: Socket[] = []
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    sockets.push(client, upstream)
    client.on('error', () => {})
    upstream.on('error', () => {})
    client.on('data', (chunk) => upstream.write(chunk))
    upstream.on('data', (chunk) => {
      const isAnswer = chunk.toString('latin1').startsWith('220 2.0.0 go ahead')
      client.write(isAnswer ? Buffer.concat([chunk, Buffer.from(injected)]) : chunk)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    port: address.port,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('AUTH', () => {
  const credentials = { kind: 'password', user: 'relay-user', password: 'pä55' } as const
  const encode = (text: string) => Buffer.from(text).toString('base64')

  test('PLAIN, and the transcript hides it', async () => {
    const { commands, transcript } = await converse(
      { extensions: ['AUTH PLAIN LOGIN'] },
      { target: { credentials } },
    )
    assert.equal(commands[1], `AUTH PLAIN ${encode('\0relay-user\0pä55')}`)
    assert.match(transcript, /C: AUTH PLAIN \*{8}\nS: 235/)
    assert.ok(!transcript.includes(encode('\0relay-user\0pä55')))
  })

  test('LOGIN', async () => {
    const { commands, transcript } = await converse(
      { extensions: ['AUTH=LOGIN'] },
      { target: { credentials } },
    )
    assert.deepEqual(commands.slice(1, 4), ['AUTH LOGIN', encode('relay-user'), encode('pä55')])
    assert.ok(!transcript.includes(encode('pä55')) && !transcript.includes(encode('relay-user')))
  })

  test('refused', async () => {
    const { failure } = await converse(
      { extensions: ['AUTH PLAIN'], auth: '535 5.7.8 wrong' },
      { target: { credentials } },
    )
    assert.deepEqual([failure?.stage, failure?.reply?.code], ['auth', 535])
  })

  test('not offered', async () => {
    const { failure } = await converse({ extensions: [] }, { target: { credentials } })
    assert.equal(failure?.text, 'mx.example.net does not offer AUTH, so nobody can log in')
  })
})

test('a transcript is limited in size', () => {
  const transcript = createTranscript()
  for (let i = 0; i < 1_000; i++) transcript.client('x'.repeat(100))
  const text = transcript.take()
  assert.ok(text.length < 20_000)
  assert.match(text, /\n# \d+ more lines are left out$/)
})
