/** Clients of the submission port are told by mail what could not be delivered (RFC 3461, RFC 3464). */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { simpleParser } from 'mailparser'
import nodemailer from 'nodemailer'
import { scenario, startTestApp, type TestApp } from './app.ts'
import { openWire } from './smtp-wire.ts'

type Dsn = { id?: string; return?: 'headers' | 'full'; notify?: string[]; recipient?: string }

/** A message over SMTP, from an envelope sender of the client's own. */
async function submit(
  app: TestApp,
  { to, envelopeFrom = 'bounce@shop.example', dsn }: { to: string[]; envelopeFrom?: string; dsn?: Dsn },
): Promise<string> {
  const transport = nodemailer.createTransport({
    host: '127.0.0.1',
    port: app.ready.submission.starttls ?? 0,
    requireTLS: true,
    auth: { user: app.credentials.apiKey, pass: app.credentials.secretKey },
    tls: { ca: readFileSync(app.ready.ca ?? '') },
  })
  try {
    const info = await transport.sendMail({
      from: 'hello@shop.example',
      to,
      subject: 'Your order',
      text: 'It is on its way.',
      envelope: { from: envelopeFrom, to },
      ...(dsn !== undefined && { dsn: dsn as never }),
    })
    return info.messageId
  } finally {
    transport.close()
  }
}

async function reportsTo(app: TestApp, address: string): Promise<string[]> {
  const contents: string[] = []
  for (const { id } of await app.received(address)) {
    const answer = await app.admin('GET', `/api/lab/inbox/${id}`)
    contents.push((answer.body as { message: { content: string } }).message.content)
  }
  return contents
}

/** Nothing is owed any more, and what was owed has been sent. */
async function settled(app: TestApp): Promise<void> {
  for (let tries = 0; ; tries++) {
    await app.idle()
    const { text } = await app.admin('GET', '/api/queue/counts')
    if (!/client-report|transactional/.test(text)) return
    assert.ok(tries < 400, text)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

scenario('a failure is told to the envelope sender, with what the client asked for', async (_t, app) => {
  const messageId = await submit(app, {
    to: ['missing@inbox.test', 'ok@inbox.test'],
    dsn: { id: 'order+7', return: 'headers', notify: ['failure'], recipient: 'lea@orig.test' },
  })
  const [content = '', ...more] = await reportsTo(app, 'bounce@shop.example')
  assert.deepEqual(more, [])

  const parsed = await simpleParser(content)
  assert.match(String(parsed.headers.get('return-path') ?? '<>'), /<>|^$/)
  assert.equal(parsed.from?.value[0]?.address?.startsWith('MAILER-DAEMON@'), true)
  assert.match(parsed.text ?? '', /missing@inbox\.test\s+5\.1\.1 /)
  assert.match(content, /^Content-Type: multipart\/report; report-type=delivery-status/m)
  assert.match(content, /^Original-Envelope-Id: order\+7\r$/m)
  assert.match(
    content,
    /^Original-Recipient: rfc822; lea@orig\.test\r\nFinal-Recipient: rfc822; missing@inbox\.test\r$/m,
  )
  assert.match(content, /^Action: failed\r\nStatus: 5\.1\.1\r$/m)
  assert.match(content, /^Diagnostic-Code: smtp; 550 5\.1\.1 /m)
  assert.ok(content.includes(`Message-ID: ${messageId}`), 'so that the client finds its message')
  assert.ok(!content.includes('It is on its way.'), 'the header alone goes back')
  assert.doesNotMatch(content, /ok@inbox\.test\r\nAction/, 'who got it is not in it')
  const [received] = await app.received('bounce@shop.example')
  assert.equal(received?.dkim, 'pass')
})

scenario('nobody is told who did not ask, cannot be told, or is nobody', async (_t, app) => {
  await submit(app, { to: ['missing@a.test'], dsn: { notify: ['never'] } })
  await submit(app, { to: ['missing@b.test'], dsn: { notify: ['success'] } })
  await submit(app, { to: ['missing@c.test'], envelopeFrom: '' })
  await app.send({ to: 'missing@d.test' })
  // A report that cannot be delivered is the end of it.
  await submit(app, { to: ['missing@e.test'], envelopeFrom: 'missing@shop.example' })
  await settled(app)
  const { apiKey } = app.credentials
  const changed = await app.admin('PATCH', `/api/keys/${apiKey}`, { reportsBounces: false })
  assert.equal((changed.body as { key: { reportsBounces: boolean } }).key.reportsBounces, false)
  await submit(app, { to: ['missing@f.test'] })
  await settled(app)

  const { body } = await app.admin('GET', '/api/messages?limit=100')
  const { messages } = body as { messages: { from: string; recipient: string; state: string }[] }
  const told = messages.filter(({ from }) => from.startsWith('MAILER-DAEMON@'))
  assert.deepEqual(
    told.map(({ recipient, state }) => [recipient, state]),
    [['missing@shop.example', 'failed']],
  )
})

scenario(
  'a bounce that comes late is told as well',
  async (_t, app) => {
    const messageId = await submit(app, { to: ['bounce-later@inbox.test'] })
    const [content = ''] = await reportsTo(app, 'bounce@shop.example')
    assert.match(content, /^Final-Recipient: rfc822; bounce-later@inbox\.test\r\nAction: failed\r$/m)
    assert.ok(content.includes(`Message-ID: ${messageId}`))
    const listed = await app.admin('GET', '/api/suppressions')
    const { suppressions } = listed.body as { suppressions: { address: string; reason: string }[] }
    assert.deepEqual(
      suppressions.map(({ address, reason }) => [address, reason]),
      [['bounce-later@inbox.test', 'hard-bounce']],
    )
    const again = await app.send({ to: 'bounce-later@inbox.test' })
    assert.deepEqual(await app.eventKinds(again.messageId), ['accepted', 'blocked'])
  },
  { env: { PARAVION_LAB_REPORT_SECONDS: '0' } },
)

test('a client that is a Paravion itself marks the right message', async (t) => {
  const provider = await startTestApp(t)
  const client = await startTestApp(t, 'sqlite', { env: { PARAVION_NAME: 'mail.client.example' } })
  const made = await client.admin('POST', '/api/outgoing-servers', {
    name: 'Provider',
    fromFilter: 'shop.example',
    host: '127.0.0.1',
    port: provider.ready.submission.starttls,
    security: 'starttls',
    user: provider.credentials.apiKey,
    password: provider.credentials.secretKey,
  })
  assert.equal(made.status, 201, made.text)
  // As the page says: then bounces come to bounce@ the domain, and are matched by Message-ID.
  for (const [name, value] of [
    ['mail.catchall.domain', 'shop.example'],
    ['mail.bounce.alias', 'bounce'],
  ]) {
    const set = await client.admin('PUT', `/api/system-parameters/${name}`, { value })
    assert.equal(set.status, 200, set.text)
  }
  const lost = await client.send({ to: 'missing@inbox.test' })
  const fine = await client.send({ to: 'ok@inbox.test' })
  await client.idle()
  assert.deepEqual(await client.eventKinds(lost.messageId), ['accepted', 'delivered'], 'the provider took it')

  // What the provider's world delivered to the client's return path is handed to the client's own port.
  const found = await provider.admin('GET', '/api/lab/inbox?subject=Mail%20delivery%20failed&waitMs=10000')
  const [report] = (found.body as { messages: { id: number; to: string }[] }).messages
  assert.equal(report?.to, 'bounce@shop.example')
  const shown = await provider.admin('GET', `/api/lab/inbox/${report?.id}`)
  const { content } = (shown.body as { message: { content: string } }).message
  using wire = await openWire(client.ready.mx ?? 0)
  await wire.read()
  wire.write(`EHLO provider.example\r\nMAIL FROM:<>\r\nRCPT TO:<${report?.to}>\r\nDATA\r\n`)
  await wire.read(4)
  wire.write(`${content.replaceAll('\r\n.', '\r\n..')}\r\n.\r\n`)
  assert.match(String((await wire.read())[0]), /^250 /)

  assert.deepEqual(await client.eventKinds(lost.messageId), ['accepted', 'delivered', 'bounced'])
  assert.deepEqual(await client.eventKinds(fine.messageId), ['accepted', 'delivered'])
})
