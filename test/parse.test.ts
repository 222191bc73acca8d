/** Mail that comes for a program: posted to it as Mailjet's Parse API does. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { scenario, startTestApp, type TestApp } from './app.ts'
import { openWire } from './smtp-wire.ts'
import { temporaryFolder } from './storage.ts'
import { startReceiver } from './webhooks-world.ts'

const run = promisify(execFile)

type Parsed = {
  Sender: string
  Recipient: string
  Date: string
  From: string
  Subject: string
  Headers: Record<string, string | string[]>
  Parts: { Headers: Record<string, string[]>; ContentRef?: string }[]
  CustomID: string
  Payload: string
} & Record<string, unknown>

async function addRoute(app: TestApp, body: object): Promise<{ ID: number; Email: string }> {
  const answer = await app.mailjet('POST', '/v3/REST/parseroute', body)
  assert.equal(answer.status, 201, answer.text)
  const [route] = (answer.body as { Data: { ID: number; Email: string }[] }).Data
  assert.ok(route !== undefined)
  return route
}

async function deliver(
  app: TestApp,
  { from = 'ann@client.example', to, raw }: { from?: string; to: string[]; raw: string },
): Promise<string> {
  using wire = await openWire(app.ready.mx ?? 0)
  await wire.read()
  const say = async (text: string) => {
    wire.write(Buffer.from(`${text}\r\n`, 'latin1'))
    return String((await wire.read()).at(-1))
  }
  wire.write('EHLO mx.client.example\r\n')
  await wire.read()
  await say(`MAIL FROM:<${from}>`)
  for (const recipient of to) {
    const answer = await say(`RCPT TO:<${recipient}>`)
    if (!answer.startsWith('250')) return answer
  }
  await say('DATA')
  return await say(`${raw.replaceAll('\n', '\r\n')}\r\n.`)
}

async function outcomes(app: TestApp): Promise<{ outcome: string; because: string[] }[]> {
  const answer = await app.admin('GET', '/api/inbox')
  return (answer.body as { messages: { outcome: string; because: string[] }[] }).messages
}

const richMail = (to: string) => `Received: from mx.client.example by in.test; Wed, 29 May 2024 18:26:41 +0200
Received: from laptop by mx.client.example; Wed, 29 May 2024 18:26:40 +0200
X-Loop: one
X-Loop: two
x-loop: three
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b0"
From: =?utf-8?Q?Ann_=C3=89?= <ann@client.example>
To: Shop <${to}>
Date: Wed, 29 May 2024 18:26:40 +0200
Message-ID: <rich-1@client.example>
Subject: =?utf-8?B?UsOpOiBvcmRlcg==?= 17

--b0
Content-Type: multipart/related; boundary="b1"

--b1
Content-Type: multipart/alternative; boundary="b2"

--b2
Content-Type: text/plain; charset=iso-8859-1

Merci \xe9t\xe9!
--b2
Content-Type: text/html; charset="UTF-8"
Content-Transfer-Encoding: quoted-printable

<p>Thanks! <img src=3D"cid:pic1"></p>
--b2--
--b1
Content-Type: image/png; name="p.png"
Content-Disposition: inline; filename="p.png"
Content-Transfer-Encoding: base64
Content-ID: <pic1>

iVBORw0KGgo=
--b1--
--b0
Content-Type: text/plain
Content-Disposition: attachment; filename="note.txt"
Content-Transfer-Encoding: quoted-printable

h=65llo
--b0
Content-Type: message/rfc822

From: a@b.example
Subject: inside

inner
--b0--`

scenario('mail for a made address is posted with its parts, once for each program', async (t, app) => {
  const receiver = await startReceiver(t)
  const { Email } = await addRoute(app, { Url: `${receiver.url}/made` })
  assert.match(Email, /^[A-Za-z0-9-]{16}@in\.mail\.paravion\.example$/)
  await addRoute(app, { Email: 'Orders@shop.example', Url: `${receiver.url}/own` })

  const raw = richMail(Email)
  assert.match(await deliver(app, { to: [Email.toLowerCase(), 'orders@shop.example'], raw }), /^250 2\.0\.0 /)
  const calls = await receiver.wait(2)
  assert.deepEqual(calls.map(({ path }) => path).toSorted(), ['/made', '/own'])
  const made = calls.find(({ path }) => path === '/made')?.body as Parsed
  assert.deepEqual(made, {
    Sender: 'ann@client.example',
    Recipient: Email.toLowerCase(),
    Date: '20240529T162640',
    From: 'Ann É <ann@client.example>',
    Subject: 'Ré: order 17',
    Headers: {
      Received: [
        'from mx.client.example by in.test; Wed, 29 May 2024 18:26:41 +0200',
        'from laptop by mx.client.example; Wed, 29 May 2024 18:26:40 +0200',
      ],
      'X-Loop': ['one', 'two', 'three'],
      'MIME-Version': ['1.0'],
      'Content-Type': ['multipart/mixed; boundary="b0"'],
      From: '=?utf-8?Q?Ann_=C3=89?= <ann@client.example>',
      To: `Shop <${Email}>`,
      Date: 'Wed, 29 May 2024 18:26:40 +0200',
      'Message-ID': '<rich-1@client.example>',
      Subject: '=?utf-8?B?UsOpOiBvcmRlcg==?= 17',
      'Return-Path': ['<ann@client.example>'],
    },
    Parts: [
      { Headers: { 'Content-Type': ['multipart/related; boundary="b1"'] } },
      { Headers: { 'Content-Type': ['multipart/alternative; boundary="b2"'] } },
      { Headers: { 'Content-Type': ['text/plain; charset=iso-8859-1'] }, ContentRef: 'Text-part' },
      {
        Headers: {
          'Content-Type': ['text/html; charset="UTF-8"'],
          'Content-Transfer-Encoding': ['quoted-printable'],
        },
        ContentRef: 'Html-part',
      },
      {
        Headers: {
          'Content-Type': ['image/png; name="p.png"'],
          'Content-Disposition': ['inline; filename="p.png"'],
          'Content-Transfer-Encoding': ['base64'],
          'Content-ID': ['<pic1>'],
        },
        ContentRef: 'InlineAttachment1',
      },
      {
        Headers: {
          'Content-Type': ['text/plain'],
          'Content-Disposition': ['attachment; filename="note.txt"'],
          'Content-Transfer-Encoding': ['quoted-printable'],
        },
        ContentRef: 'Attachment1',
      },
      { Headers: { 'Content-Type': ['message/rfc822'] }, ContentRef: 'Attachment2' },
    ],
    'Text-part': 'Merci été!',
    'Html-part': '<p>Thanks! <img src="cid:pic1"></p>',
    InlineAttachment1: 'iVBORw0KGgo=',
    Attachment1: Buffer.from('hello').toString('base64'),
    Attachment2: Buffer.from('From: a@b.example\r\nSubject: inside\r\n\r\ninner').toString('base64'),
    SpamAssassinScore: '0.0',
    CustomID: '',
    Payload: '',
  })
  const own = calls.find(({ path }) => path === '/own')?.body as Parsed
  assert.equal(own.Recipient, 'orders@shop.example')

  // Whoever was not sure that we have it sends it again.
  assert.match(await deliver(app, { to: [Email], raw }), /^250 /)
  assert.match(await deliver(app, { to: [`x${Email}`], raw }), /^550 5\.1\.1 /)
  await deliver(app, { to: [Email], raw: `From: ann@client.example\nTo: ${Email}\n\nlast` })
  const last = (await receiver.wait(3)).at(-1)?.body as Parsed
  assert.deepEqual([last['Text-part'], last.Subject, receiver.received.length], ['last\n', '', 3])
  assert.match(last.Date, /^20\d{6}T\d{6}$/)
})

scenario(
  'a mail of which not all could be told is refused; a strange Date is the time it came',
  async (t, app) => {
    const receiver = await startReceiver(t)
    const { Email } = await addRoute(app, { Url: `${receiver.url}/inbound` })
    const withFiles = (count: number) => {
      const file = (i: number) => `--b0\nContent-Disposition: attachment; filename="${i}"\n\n${i}\n`
      const files = Array.from({ length: count }, (_, i) => file(i)).join('')
      return `From: ann@client.example\nDate: garbage +0000\nContent-Type: multipart/mixed; boundary=b0\n\n${files}--b0--`
    }
    assert.match(
      await deliver(app, { to: [Email], raw: withFiles(3_000) }),
      /^554 5\.6\.0 .*more than 1000 MIME parts/,
    )
    assert.match(await deliver(app, { to: [Email], raw: withFiles(900) }), /^250 /)
    const [call] = await receiver.wait(1)
    const mail = call?.body as Parsed & Record<string, unknown>
    assert.ok('Attachment900' in mail)
    assert.ok(Number(mail.Date.slice(0, 4)) > 2000, mail.Date)
  },
)

scenario(
  'an answer brings the CustomID and Payload of what it answers, of the same key alone',
  async (t, app) => {
    const receiver = await startReceiver(t)
    const { Email } = await addRoute(app, { Url: `${receiver.url}/inbound` })
    const sent = await app.mailjet('POST', '/v3.1/send', {
      Messages: [
        {
          From: { Email: app.ready.from },
          To: [{ Email }],
          Subject: 'To ourselves',
          TextPart: 'Our own mail comes for the program too.',
          CustomID: 'order-17',
          EventPayload: '{"a":1}',
        },
      ],
    })
    assert.equal(sent.status, 200, sent.text)
    const [first] = await receiver.wait(1)
    const ours = first?.body as Parsed
    assert.deepEqual([ours.Subject, ours.CustomID], ['To ourselves', ''])
    const messageId = String(ours.Headers['Message-ID'])

    const answer = `From: ann@client.example\nTo: ${Email}\nMessage-ID: <re@client.example>\nIn-Reply-To: <unknown@x.example>\nReferences: <other@x.example> ${messageId}\nSubject: Sch\xf6n\n\nThanks`
    await deliver(app, { to: [Email], raw: answer })
    const [, second] = await receiver.wait(2)
    const reply = second?.body as Parsed
    assert.deepEqual([reply.CustomID, reply.Payload, reply.Subject], ['order-17', '{"a":1}', 'Schön'])
  },
)

scenario('loops are ignored, reports about our mail are read, other reports are posted', async (t, app) => {
  const receiver = await startReceiver(t)
  const { Email } = await addRoute(app, { Url: `${receiver.url}/inbound` })
  const mail = (more: string, id: string) =>
    `From: ann@client.example\nTo: ${Email}\nMessage-ID: <${id}@client.example>\n${more}\nHello`
  const loop = mail('References: <x-loop-detection-bounce-email@mail.paravion.example>\n', 'loop')
  assert.match(await deliver(app, { to: [Email], raw: loop }), /^250 /)
  assert.equal((await outcomes(app))[0]?.outcome, 'ignored-loop')

  const automatic = mail('Auto-Submitted: auto-replied\nSubject: Out of office\n', 'auto')
  await deliver(app, { to: [Email], raw: automatic })
  const foreign = mail('Content-Type: multipart/report; report-type=delivery-status; boundary=x\n', 'dsn')
  await deliver(app, { from: '', to: [Email], raw: foreign })
  const calls = await receiver.wait(2)
  assert.deepEqual(calls.map(({ body }) => (body as Parsed).Headers['Message-ID']).toSorted(), [
    '<auto@client.example>',
    '<dsn@client.example>',
  ])
  const [report] = await outcomes(app)
  assert.equal(report?.outcome, 'parse')
  assert.ok(report?.because.includes('So it is mail like any other.'), report?.because.join('\n'))
})

scenario('a report about our mail that comes twice is read once, and taken twice', async (t, app) => {
  const receiver = await startReceiver(t)
  const { Email } = await addRoute(app, { Url: `${receiver.url}/inbound` })
  const { messageId } = await app.send({ to: 'lea@inbox.test' })
  await app.idle()
  const [arrived] = await app.received('lea@inbox.test')
  const { body } = await app.admin('GET', `/api/lab/inbox/${arrived?.id}`)
  const { envelopeFrom } = (body as { message: { envelopeFrom: string } }).message
  const raw = `From: mailer-daemon@inbox.test
To: ${Email}
Message-ID: <report-1@inbox.test>
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

It could not be delivered.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.inbox.test

Final-Recipient: rfc822; lea@inbox.test
Action: failed
Status: 5.1.1
--x
Content-Type: text/rfc822-headers

Return-Path: <${envelopeFrom}>
Subject: Hello
--x--`
  for (const _time of [1, 2]) assert.match(await deliver(app, { from: '', to: [Email], raw }), /^250 /)
  assert.deepEqual(
    (await outcomes(app)).map(({ outcome }) => outcome),
    ['report-applied'],
  )
  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'delivered', 'bounced'])
  assert.equal(receiver.received.length, 0)
})

scenario('automatic answers of mail systems are posted too', async (t, app) => {
  const receiver = await startReceiver(t)
  const { Email } = await addRoute(app, { Url: `${receiver.url}/inbound` })
  const away = `From: mailer-daemon@client.example
To: ${Email}
Message-ID: <away@client.example>
Subject: Out of office
Auto-Submitted: auto-replied

I am away until Monday.`
  const receipt = `From: ann@client.example
To: ${Email}
Message-ID: <receipt@client.example>
Subject: Read: Hello
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=disposition-notification; boundary="x"

--x
Content-Type: text/plain

Your message was read.
--x
Content-Type: message/disposition-notification

Final-Recipient: rfc822; ann@client.example
Disposition: manual-action/MDN-sent-manually; displayed
--x--`
  for (const raw of [away, receipt]) assert.match(await deliver(app, { from: '', to: [Email], raw }), /^250 /)
  assert.deepEqual(
    (await outcomes(app)).map(({ outcome }) => outcome),
    ['parse', 'parse'],
  )
  const calls = await receiver.wait(2)
  assert.deepEqual(calls.map(({ body }) => (body as Parsed).Subject).toSorted(), [
    'Out of office',
    'Read: Hello',
  ])
})

test('a program that does not answer gets its mail when it does, and from the inbox again', async (t) => {
  const app = await startTestApp(t)
  const receiver = await startReceiver(t)
  receiver.answer(500)
  const { ID, Email } = await addRoute(app, { Url: `${receiver.url}/inbound` })
  await deliver(app, { to: [Email], raw: `From: ann@client.example\nMessage-ID: <a@b.example>\n\nHello` })
  await receiver.wait(1)
  const dead = await app.admin('PATCH', `/api/parse-routes/${ID}`, { state: 'dead' })
  assert.equal(dead.status, 200, dead.text)
  await deliver(app, { to: [Email], raw: `From: ann@client.example\nMessage-ID: <c@b.example>\n\nSecond` })
  receiver.answer(200)
  await app.admin('PATCH', `/api/parse-routes/${ID}`, { state: 'alive' })
  const range = { from: Date.now() - 3_600_000, to: Date.now() + 3_600_000 }
  const again = await app.admin('POST', `/api/webhooks/${ID}/replay`, range)
  assert.deepEqual(again.body, { count: 2, next: null })
  const replays = await receiver.wait(2, ({ headers }) => headers['x-paravion-replay'] === 'true')
  assert.deepEqual(replays.map(({ body }) => (body as Parsed)['Text-part']).toSorted(), [
    'Hello\n',
    'Second\n',
  ])
})

const swaksMissing = spawnSync('swaks', ['--version']).error !== undefined
const skip = swaksMissing && 'swaks is not installed'
test('swaks hands a mail in, and the program has its attachment', { skip }, async (t) => {
  const app = await startTestApp(t)
  const receiver = await startReceiver(t)
  const { Email } = await addRoute(app, { Url: `${receiver.url}/inbound` })
  const file = join(temporaryFolder(t), 'report.bin')
  const content = Buffer.from(Array.from({ length: 10_000 }, (_, n) => n % 256))
  writeFileSync(file, content)
  await run('swaks', [
    ...['--server', '127.0.0.1', '--port', String(app.ready.mx), '--tls-optional'],
    ...['--from', 'ann@client.example', '--to', Email, '--header', 'Subject: From swaks'],
    ...['--body', 'See the file.', '--attach-type', 'application/octet-stream', '--attach', `@${file}`],
  ])
  const [call] = await receiver.wait(1)
  const mail = call?.body as Parsed
  assert.deepEqual([mail.Subject, mail.Recipient, mail.Sender], ['From swaks', Email, 'ann@client.example'])
  assert.match(String(mail['Text-part']), /See the file\./)
  assert.equal(mail.Attachment1, content.toString('base64'))
})

scenario('who has lost a domain gets its mail no more', async (t, app) => {
  const receiver = await startReceiver(t)
  await addRoute(app, { Email: 'orders@shop.example', Url: `${receiver.url}/orders` })
  const raw = 'From: ann@client.example\n\nHello'
  assert.match(await deliver(app, { to: ['orders@shop.example'], raw }), /^250 /)
  await receiver.wait(1)
  assert.equal((await app.mailjet('DELETE', '/v3/REST/sender/*@shop.example')).status, 204)
  assert.match(await deliver(app, { to: ['orders@shop.example'], raw }), /^550 /)
})

scenario('an address is an alias, special, or read by a program: one of them', async (t, app) => {
  const receiver = await startReceiver(t)
  const Url = `${receiver.url}/inbound`
  const refused = async (method: string, path: string, body: object, message: RegExp) => {
    const answer = await app.admin(method, path, body)
    assert.equal(answer.status, 409, `${path} ${answer.text}`)
    assert.match(answer.text, message)
  }
  const set = (name: string, value: string) => app.admin('PUT', `/api/system-parameters/${name}`, { value })
  const made = await addRoute(app, { Url })
  await addRoute(app, { Email: 'Orders@shop.example', Url })
  await addRoute(app, { Email: 'returned@shop.example', Url })
  await refused('POST', '/api/aliases', { name: 'orders@shop.example' }, /is read by a program/)
  const temporary = { name: 'orders@shop.example', endsAt: Date.now() + 3_600_000 }
  await refused('POST', '/api/aliases', temporary, /is read by a program/)
  assert.equal((await set('mail.catchall.domain', 'shop.example')).status, 200)
  const returned = { value: 'returned' }
  await refused('PUT', '/api/system-parameters/mail.bounce.alias', returned, /is read by a program/)
  await refused(
    'PUT',
    '/api/system-parameters/mail.catchall.alias',
    { value: 'Orders' },
    /is read by a program/,
  )

  for (const [name, local] of [
    ['mail.bounce.alias', 'bounce'],
    ['mail.catchall.alias', 'catchall'],
  ] as const) {
    assert.equal((await set(name, local)).status, 200)
    const address = `${local}@shop.example`
    await refused('POST', '/api/parse-routes', { url: Url, address }, new RegExp(`is the ${local} address`))
    await refused('PATCH', `/api/parse-routes/${made.ID}`, { address }, new RegExp(`is the ${local} address`))
  }
  const alias = await app.admin('POST', '/api/aliases', { name: 'info@shop.example' })
  assert.equal(alias.status, 201, alias.text)
  await refused('POST', '/api/parse-routes', { url: Url, address: 'info@shop.example' }, /is an alias/)
})
