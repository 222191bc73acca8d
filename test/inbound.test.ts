/** Mail that comes in: leads, answers, refusals; and the note of the page about senders without a mailbox. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { parseAddress } from '../src/mail/address.ts'
import { composeDsn } from '../src/mail/reports.ts'
import { scenario, startTestApp, type TestApp } from './app.ts'
import { openWire } from './smtp-wire.ts'
import { temporaryFolder } from './storage.ts'

type Entry = { id: number; outcome: string; because: string[]; subject: string; messageId: string }
type Lead = {
  id: number
  name: string
  contact: string
  cc: string[]
  state: string
  details: Record<string, string>
  answersId: number | null
}

/** Hands a mail in at the incoming port; returns the last answer. */
async function deliver(
  app: TestApp,
  { from = 'ann@client.example', to, raw }: { from?: string; to: string[]; raw: string },
): Promise<string> {
  using wire = await openWire(app.ready.mx ?? 0)
  await wire.read()
  const say = async (text: string) => {
    wire.write(`${text}\r\n`)
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

let count = 0
function mail({
  from = 'Ann <ann@client.example>',
  to,
  more = '',
  subject = 'A question',
}: {
  from?: string
  to: string
  more?: string
  subject?: string
}): string {
  count += 1
  return `From: ${from}\nTo: ${to}\nSubject: ${subject}\nMessage-ID: <m${count}@client.example>\n${more}\nHello.`
}

async function ask<T>(app: TestApp, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await app.admin(method, `/api${path}`, body)
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
  return answer.body as T
}

async function latest(app: TestApp): Promise<Entry> {
  const { messages } = await ask<{ messages: Entry[] }>(app, 'GET', '/inbox?limit=1')
  const [first] = messages
  assert.ok(first !== undefined, 'nothing came in')
  return first
}

const leadsOf = async (app: TestApp) => (await ask<{ leads: Lead[] }>(app, 'GET', '/leads')).leads

async function setUp(app: TestApp) {
  for (const [name, value] of [
    ['mail.catchall.domain', 'shop.example'],
    ['mail.catchall.alias', 'catchall'],
    ['mail.bounce.alias', 'bounce'],
  ]) {
    await ask(app, 'PUT', `/system-parameters/${name}`, { value })
  }
  await ask(app, 'POST', '/aliases', { name: 'Info', defaults: { team: 'sales' } })
}

test('mail from an address starts its count of soft bounces anew', async (t) => {
  const folder = temporaryFolder(t)
  const app = await startTestApp(t, 'sqlite', { folder })
  await ask(app, 'PUT', '/system-parameters/mail.catchall.domain', { value: 'db.example' })
  await ask(app, 'POST', '/aliases', { name: 'info' })
  const { keys } = await ask<{ keys: { id: number; publicKey: string }[] }>(app, 'GET', '/keys')
  const keyId = keys.find(({ publicKey }) => publicKey === app.credentials.apiKey)?.id ?? 0
  const database = new DatabaseSync(join(folder, 'paravion.db'))
  t.after(() => database.close())
  const insert = database.prepare(
    'INSERT INTO soft_bounces (key_id, address, delivery_id, at) VALUES (?, ?, ?, 1)',
  )
  for (const [number, address] of ['ann@client.example', 'bob@client.example'].entries()) {
    insert.run(keyId, address, number)
  }
  assert.match(await deliver(app, { to: ['info@db.example'], raw: mail({ to: 'info@db.example' }) }), /^250/)
  const left = database
    .prepare('SELECT address FROM soft_bounces')
    .all()
    .map(({ address }) => address)
  assert.deepEqual(left, ['bob@client.example'])
})

scenario('mail to an alias becomes a lead; what follows threads onto it', async (_t, app) => {
  await setUp(app)

  const first = mail({ to: 'info@shop.example', more: 'Cc: bob@client.example, info@shop.example\n' })
  assert.match(await deliver(app, { to: ['info@shop.example'], raw: first }), /^250 /)
  const [lead] = await leadsOf(app)
  assert.ok(lead !== undefined)
  assert.deepEqual(
    [lead.name, lead.contact, lead.cc, lead.state, lead.details],
    ['A question', 'ann@client.example', ['bob@client.example'], 'open', { team: 'sales' }],
  )

  // The same once more is a duplicate; an answer to it, by somebody else and to the catchall, belongs to the lead.
  assert.match(await deliver(app, { to: ['info@shop.example'], raw: first }), /^250 /)
  assert.equal((await latest(app)).outcome, 'ignored-duplicate')
  await ask(app, 'POST', `/leads/${lead.id}`, { state: 'closed' })
  const answer = mail({
    from: 'bob@client.example',
    to: 'catchall@shop.example',
    more: `In-Reply-To: <m${count}@client.example>\nCc: eve@client.example\n`,
  })
  assert.match(await deliver(app, { to: ['catchall@shop.example'], raw: answer }), /^250 /)
  const { lead: after, messages } = await ask<{ lead: Lead; messages: Entry[] }>(
    app,
    'GET',
    `/leads/${lead.id}`,
  )
  assert.equal(messages.length, 2)
  assert.deepEqual([after.state, after.cc], ['open', ['bob@client.example', 'eve@client.example']])
  assert.equal((await leadsOf(app)).length, 1)
})

scenario('an answer to a message of ours becomes a lead of its own, once', async (_t, app) => {
  await setUp(app)
  const { messageId } = await app.send({ to: 'ann@client.example' })
  const { body } = await app.admin('GET', `/api/messages/${messageId}`)
  const { story } = body as { story: { message: { id: number; messageId: string } } }
  const more = `References: <x@client.example> ${story.message.messageId}\n`

  for (let i = 0; i < 2; i++) {
    const raw = mail({ to: 'hello@shop.example', more })
    assert.match(await deliver(app, { to: ['hello@shop.example'], raw }), /^250 /)
  }

  const leads = await leadsOf(app)
  assert.deepEqual(
    leads.map(({ answersId }) => answersId),
    [story.message.id],
  )
  const { messages } = await ask<{ messages: Entry[] }>(app, 'GET', `/leads/${leads[0]?.id}`)
  assert.equal(messages.length, 2)
})

scenario(
  'the catchall answers who writes to it, once a day, and nobody who must not be answered',
  async (_t, app) => {
    await setUp(app)
    const to = ['catchall@shop.example']
    const raw = () => mail({ from: 'ann@inbox.test', to: 'catchall@shop.example' })

    await deliver(app, { from: 'ann@inbox.test', to, raw: raw() })
    const [answer] = await app.received('ann@inbox.test')
    assert.equal(answer?.subject, 'Re: A question')
    const { body } = await app.admin('GET', `/api/lab/inbox/${answer?.id}`)
    const { message } = body as { message: { content: string; envelopeFrom: string } }
    assert.equal(message.envelopeFrom, '')
    assert.match(message.content, /Auto-Submitted: auto-replied/i)
    assert.match(message.content, /-loop-detection-bounce-email@/)

    const silent: [what: string, from: string, raw: string, why: RegExp][] = [
      ['the same sender again', 'ann@inbox.test', raw(), /had an answer/],
      ['the null sender', '', raw(), /null sender/],
      [
        'an automatic reply',
        'bob@inbox.test',
        mail({ to: 'catchall@shop.example', more: 'Auto-Submitted: auto-replied\n' }),
        /automatic/,
      ],
      [
        'a list',
        'bob@inbox.test',
        mail({ to: 'catchall@shop.example', more: 'List-Id: <l.inbox.test>\n' }),
        /list/,
      ],
      [
        'a forged sender',
        'bob@nobody.test',
        mail({ from: 'bob@nobody.test', to: 'catchall@shop.example' }),
        /forged/,
      ],
    ]
    await ask(app, 'POST', '/lab/records', { name: 'nobody.test', type: 'TXT', value: 'v=spf1 -all' })
    for (const [what, from, text, why] of silent) {
      await deliver(app, { from, to, raw: text })
      const { outcome, because } = await latest(app)
      assert.equal(outcome, 'refused-catchall', what)
      assert.match(because.at(-1) ?? '', why, what)
    }
  },
)

test('what has no route is refused at the end of DATA, and may come again when it has one', async (t) => {
  const app = await startTestApp(t)
  await setUp(app)
  const raw = mail({ to: 'later@shop.example' })
  assert.match(await deliver(app, { to: ['later@shop.example'], raw }), /^550 5\.1\.1 /)
  await ask(app, 'POST', '/aliases', { name: 'later' })
  assert.match(await deliver(app, { to: ['later@shop.example'], raw }), /^250 /)
  assert.equal((await latest(app)).outcome, 'lead')
})

test('known contacts alone write to their alias; the loop limit holds', async (t) => {
  const app = await startTestApp(t)
  await setUp(app)
  await ask(app, 'POST', '/aliases', { name: 'partners', policy: 'known' })
  const write = async (name: string) => {
    const to = `${name}@shop.example`
    await deliver(app, { to: [to], raw: mail({ to }) })
    return (await latest(app)).outcome
  }
  assert.equal(await write('partners'), 'refused-alias-refusal')
  await app.send({ to: 'ann@client.example' })
  assert.equal(await write('partners'), 'lead')
  await ask(app, 'PUT', '/system-parameters/mail.gateway.loop.threshold', { value: '2' })
  assert.equal(await write('info'), 'lead')
  assert.equal(await write('info'), 'refused-loop-limit')
  await ask(app, 'PUT', '/system-parameters/mail.gateway.allowed', { value: 'ann@client.example' })
  assert.equal(await write('info'), 'lead')
})

test('nobody relays through the incoming port', async (t) => {
  const app = await startTestApp(t)
  await setUp(app)
  for (const recipient of [
    'victim@elsewhere.test',
    'victim%elsewhere.test@mail.paravion.test',
    '"victim@elsewhere.test"@relay.test',
    'info@sub.shop.example',
    'info@shop.example.evil.test',
  ]) {
    const answer = await deliver(app, { to: [recipient], raw: mail({ to: recipient }) })
    assert.match(answer, /^55\d 5\.[17]\.1 /, recipient)
  }
  const { messages } = await ask<{ messages: Entry[] }>(app, 'GET', '/inbox')
  assert.deepEqual(messages, [])
})

test('simulate tells the steps and changes nothing', async (t) => {
  const app = await startTestApp(t)
  await setUp(app)
  const message = Buffer.from(mail({ to: 'info@shop.example' })).toString('base64')
  const { decisions } = await ask<{ decisions: Entry[] }>(app, 'POST', '/inbox/simulate', { message })
  assert.deepEqual(
    decisions.map(({ outcome }) => outcome),
    ['lead'],
  )
  assert.match(decisions[0]?.because.at(-1) ?? '', /info@shop\.example: a new lead/)
  assert.deepEqual(await leadsOf(app), [])

  const parts = `From: ann@client.example\r\nTo: info@shop.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n${'--x\r\n\r\na\r\n'.repeat(1_001)}--x--`
  const many = await ask<{ decisions: Entry[] }>(app, 'POST', '/inbox/simulate', {
    message: Buffer.from(parts).toString('base64'),
  })
  assert.deepEqual(
    many.decisions.map(({ outcome, because }) => [outcome, /more than 1000/.test(because[0] ?? '')]),
    [['refused-parts', true]],
  )
})

test('an attachment is saved, never shown', async (t) => {
  const app = await startTestApp(t)
  await setUp(app)
  const raw = `From: ann@client.example\nTo: info@shop.example\nMessage-ID: <a@client.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\n<img src="https://e.example/p.gif">Hi\n--x\nContent-Type: text/html; name="a\\"b.html"\nContent-Disposition: attachment\n\n<script>1</script>\n--x--`
  await deliver(app, { to: ['info@shop.example'], raw })
  const [lead] = await leadsOf(app)
  const { messages } = await ask<{ messages: Entry[] }>(app, 'GET', `/leads/${lead?.id}`)
  const base = `/api/leads/${lead?.id}/messages/${messages[0]?.id}`
  const file = await app.admin('GET', `${base}/attachments/0`)
  assert.equal(file.headers.get('content-type'), 'application/octet-stream')
  assert.match(file.headers.get('content-disposition') ?? '', /^attachment; filename="a_b\.html"/)
  const page = await app.admin('GET', `${base}/html`)
  assert.match(
    page.headers.get('content-security-policy') ?? '',
    /^sandbox .*default-src 'none'; img-src data:;/,
  )
  assert.doesNotMatch(page.text, /e\.example/)
  assert.match((await app.admin('GET', `${base}/html?images=remote`)).text, /e\.example/)
  assert.equal((await app.admin('GET', `/api/leads/999/messages/${messages[0]?.id}/html`)).status, 404)
})

scenario(
  'no mailbox: a temporary alias takes the activation mail, and the sender becomes active',
  async (_t, app) => {
    await ask(app, 'PUT', '/system-parameters/mail.catchall.domain', { value: 'db.example' })
    await ask(app, 'PUT', '/system-parameters/mail.bounce.alias', { value: 'bounce' })
    const refused = await app.admin('POST', '/api/aliases', { name: 'bounce' })
    assert.equal(refused.status, 409, 'only a temporary alias may take the bounce address')
    const endsAt = Date.now() + 3_600_000
    const { alias } = await ask<{ alias: { address: string; endsAt: number } }>(app, 'POST', '/aliases', {
      name: 'bounce',
      endsAt,
    })
    assert.deepEqual([alias.address, alias.endsAt], ['bounce@db.example', endsAt])

    await ask(app, 'POST', '/senders', { email: 'bounce@db.example' })
    await app.idle()

    const [lead] = await leadsOf(app)
    assert.equal(lead?.name, 'Confirm bounce@db.example as a sender')
    const { messages } = await ask<{ messages: Entry[] }>(app, 'GET', `/leads/${lead.id}`)
    const page = await app.admin('GET', `/api/leads/${lead.id}/messages/${messages[0]?.id}/html`)
    const link = /href="(http[^"]+\/activate\/[^"]+)"/.exec(page.text)?.[1] ?? ''
    assert.equal((await fetch(link, { method: 'POST' })).status, 200)

    const { senders } = await ask<{ senders: { email: string; status: string }[] }>(app, 'GET', '/senders')
    assert.equal(senders.find(({ email }) => email === 'bounce@db.example')?.status, 'active')
    await ask(app, 'DELETE', '/aliases/bounce')
    const { decisions } = await ask<{ decisions: Entry[] }>(app, 'POST', '/inbox/simulate', {
      message: Buffer.from(mail({ to: 'bounce@db.example' })).toString('base64'),
    })
    assert.equal(decisions[0]?.outcome, 'report')
  },
)

scenario('a DSN to the bounce address marks the right message, and no other tenant’s', async (_t, app) => {
  await setUp(app)
  const { messageId } = await app.send({ to: 'ann@inbox.test' })
  // The instance itself is another account: its mail is not the business of this one's bounce address.
  await ask(app, 'POST', '/senders', { email: 'bob@inbox.test' })
  await app.idle()
  const headerIdOf = async (to: string) => {
    const [found] = await app.received(to)
    const { message } = await ask<{ message: { content: string } }>(app, 'GET', `/lab/inbox/${found?.id}`)
    return { content: message.content, id: /^message-id:\s*(<[^>]+>)/im.exec(message.content)?.[1] ?? '' }
  }
  const report = async (recipient: string, original: string, to: string) => {
    const address = parseAddress(recipient)
    assert.ok(address !== undefined)
    const daemon = { name: '', address: { local: 'mailer-daemon', domain: 'mx.inbox.test' } }
    const dsn = composeDsn({
      from: daemon,
      to: { name: '', address: { local: 'bounce', domain: 'shop.example' } },
      messageId: `<dsn-${recipient}>`,
      date: Date.now(),
      explanation: 'It could not be delivered.',
      original: Buffer.from(original),
      reportingMta: 'mx.inbox.test',
      arrivalDate: Date.now(),
      ret: 'HDRS',
      recipients: [
        {
          finalRecipient: address,
          action: 'failed',
          status: '5.1.1',
          diagnostic: '550 5.1.1 no such user',
        },
      ],
    })
    const raw = dsn.toString('latin1').replaceAll('\r\n', '\n')
    assert.match(await deliver(app, { from: '', to: [to], raw }), /^250 /)
    return (await latest(app)).outcome
  }

  const foreign = await headerIdOf('bob@inbox.test')
  assert.equal(
    await report('bob@inbox.test', foreign.content, 'bounce@shop.example'),
    'report-nothing-matched',
  )
  const { messages: all } = await ask<{ messages: { id: number; subject: string }[] }>(
    app,
    'GET',
    '/messages?limit=10',
  )
  const foreignMessage = all.find(({ subject }) => subject.startsWith('Confirm '))
  const own = await headerIdOf('ann@inbox.test')
  assert.equal(await report('ann@inbox.test', own.content, 'bounce@shop.example'), 'report-applied')

  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'delivered', 'bounced'])
  // The foreign message still counts as delivered.
  const { body } = await app.admin('GET', `/api/messages/${foreignMessage?.id}`)
  const { story } = body as { story: { deliveries: { state: string }[] } }
  assert.deepEqual(
    story.deliveries.map(({ state }) => state),
    ['delivered'],
  )
})
