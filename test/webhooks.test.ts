/** Each event of a message made to happen for real, and what a program that listens gets of it. */
import assert from 'node:assert/strict'
import { mapTextParts } from '../src/mail/text-parts.ts'
import { scenario, type TestApp } from './app.ts'
import { openSmtp } from './smtp-dialogue.ts'
import { openWire } from './smtp-wire.ts'
import { type Received, type Receiver, startReceiver } from './webhooks-world.ts'

type Payload = Record<string, unknown>

const agent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36'
/** Whoever clicks right after the delivery would be taken for a machine. */
const env = { PARAVION_TRACKING_SCANNER_SECONDS: '0', PARAVION_LAB_REPORT_SECONDS: '0' }
const types = ['sent', 'open', 'click', 'bounce', 'blocked', 'spam', 'unsub']

async function listen(app: TestApp, receiver: Receiver, version: number): Promise<void> {
  for (const EventType of types) {
    const answer = await app.mailjet('POST', '/v3/REST/eventcallbackurl', {
      EventType,
      Url: `${receiver.url}/events`,
      Version: version,
    })
    assert.equal(answer.status, 201, answer.text)
  }
}

const payload = `{"order":17,\n "note":"\\"quoted\\" é"}`

/** Its MessageID and GUID. */
async function send(app: TestApp, to: string, more: object = {}): Promise<{ id: number; uuid: string }> {
  const answer = await app.mailjet('POST', '/v3.1/send', {
    Messages: [
      {
        From: { Email: app.ready.from },
        To: [{ Email: to }],
        Subject: 'Hello',
        HTMLPart: '<p>Hello <a href="https://shop.example/offer?x=1&amp;y=2">offer</a></p>',
        CustomID: 'Order-17-é',
        EventPayload: payload,
        ...more,
      },
    ],
  })
  assert.equal(answer.status, 200, answer.text)
  const { Messages } = answer.body as { Messages: { To: { MessageID: number; MessageUUID: string }[] }[] }
  const sent = Messages[0]?.To[0]
  assert.ok(sent !== undefined)
  return { id: sent.MessageID, uuid: sent.MessageUUID }
}

/** Header and text of what arrived. */
async function arrived(app: TestApp, to: string): Promise<{ header: string; text: string }> {
  const [message] = await app.received(to)
  assert.ok(message !== undefined, to)
  const answer = await app.admin('GET', `/api/lab/inbox/${message.id}`)
  const { content } = (answer.body as { message: { content: string } }).message
  let text = ''
  mapTextParts(Buffer.from(content), (part) => {
    text += part
    return part
  })
  return { header: content.slice(0, content.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]/g, ' '), text }
}

function eventsIn({ body }: Received): Payload[] {
  return Array.isArray(body) ? (body as Payload[]) : [body as Payload]
}

/** The one event of a kind about a message, when it has come. */
async function event(receiver: Receiver, kind: string, id: number): Promise<Payload> {
  const isIt = (one: Payload) => one.event === kind && one.MessageID === id
  const [call] = await receiver.wait(1, (received) => eventsIn(received).some(isIt))
  const found = call && eventsIn(call).find(isIt)
  assert.ok(found !== undefined)
  return found
}

for (const version of [1, 2]) {
  scenario(
    `every event reaches the program that listens for it, version ${version}`,
    async (t, app) => {
      const receiver = await startReceiver(t)
      await listen(app, receiver, version)
      // Who is written to is a contact.
      const contactIdOf = async (email: string) => {
        const { body } = await app.mailjet('GET', `/v3/REST/contact/${email}`)
        return (body as { Data: { ID: number }[] }).Data[0]?.ID
      }
      const common = (sent: { id: number; uuid: string }, email: string, more: object = {}) => ({
        MessageID: sent.id,
        Message_GUID: sent.uuid,
        email,
        mj_campaign_id: 0,
        customcampaign: '',
        CustomID: 'Order-17-é',
        Payload: payload,
        ...more,
      })
      const check = async (
        kind: string,
        id: number,
        expected: Record<string, unknown> & { email: string },
      ) => {
        const { time, ...rest } = await event(receiver, kind, id)
        assert.ok(Number.isInteger(time) && Math.abs(Number(time) - Date.now() / 1000) < 120, String(time))
        const mj_contact_id = await contactIdOf(expected.email)
        assert.equal(typeof mj_contact_id, 'number')
        assert.deepEqual(rest, { event: kind, ...expected, mj_contact_id })
      }

      const tracked = { TrackOpens: 'enabled', TrackClicks: 'enabled', CustomCampaign: 'Spring' }
      const lea = await send(app, 'lea@inbox.test', tracked)
      const campaigns = await app.mailjet('GET', '/v3/REST/campaignstatistics/Spring')
      const campaignId = (campaigns.body as { Data: { CampaignID: number }[] }).Data[0]?.CampaignID
      const ofLea = common(lea, 'lea@inbox.test', {
        mj_campaign_id: campaignId,
        customcampaign: 'Spring',
      })
      const sent = await event(receiver, 'sent', lea.id)
      assert.match(String(sent.smtp_reply), /^sent \(250 2\.\d\.\d .+\)$/)
      await check('sent', lea.id, { ...ofLea, mj_message_id: String(lea.id), smtp_reply: sent.smtp_reply })

      const mail = await arrived(app, 'lea@inbox.test')
      const headers = { 'user-agent': agent }
      // A machine looks at it first, and is not told of.
      const pixel = /<img src="(http[^"]+)"/.exec(mail.text)?.[1] ?? ''
      await fetch(pixel, { headers: { 'user-agent': 'curl/8.5.0' } })
      await fetch(pixel, { headers })
      const link = /href="(http[^"]+)"/.exec(mail.text)?.[1] ?? ''
      await fetch(link, { headers, redirect: 'manual' })
      const visit = { ip: '127.0.0.1', geo: '', agent }
      await check('open', lea.id, { ...ofLea, ...visit })
      await check('click', lea.id, { ...ofLea, url: 'https://shop.example/offer?x=1&y=2', ...visit })

      const page = /List-Unsubscribe: <(http[^>]+)>/i.exec(mail.header)?.[1] ?? ''
      const oneClick = new URL(page)
      await fetch(new URL(oneClick.pathname, app.ready.url), {
        method: 'POST',
        body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
      })
      await check('unsub', lea.id, {
        ...ofLea,
        mj_list_id: 0,
        ip: '127.0.0.1',
        geo: '',
        agent: 'List-Unsubscribe',
      })

      const ben = await send(app, 'ben@inbox.test', { CustomCampaign: 'Spring' })
      const mailto = /<mailto:([^>?]+)/i.exec((await arrived(app, 'ben@inbox.test')).header)?.[1] ?? ''
      await deliver(app, { from: 'ben@inbox.test', to: mailto, raw: 'Subject: unsubscribe\n\n' })
      await check('unsub', ben.id, {
        ...common(ben, 'ben@inbox.test', { mj_campaign_id: campaignId, customcampaign: 'Spring' }),
        mj_list_id: 0,
        ip: '',
        geo: '',
        agent: 'List-Unsubscribe',
      })

      const missing = await send(app, 'missing@inbox.test')
      const hard = await event(receiver, 'bounce', missing.id)
      assert.match(String(hard.comment), /^550 5\.1\.1 /)
      await check('bounce', missing.id, {
        ...common(missing, 'missing@inbox.test'),
        blocked: true,
        hard_bounce: true,
        error_related_to: 'recipient',
        error: 'user unknown',
        comment: hard.comment,
      })

      const blocked = await send(app, 'missing@inbox.test')
      await check('blocked', blocked.id, {
        ...common(blocked, 'missing@inbox.test'),
        error_related_to: 'mailjet',
        error: 'preblocked',
      })

      const greylisted = await send(app, 'greylist@inbox.test')
      const soft = await event(receiver, 'bounce', greylisted.id)
      assert.match(String(soft.comment), /^451 4\.7\.1 /)
      await check('bounce', greylisted.id, {
        ...common(greylisted, 'greylist@inbox.test'),
        blocked: false,
        hard_bounce: false,
        error_related_to: 'domain',
        error: 'greylisted',
        comment: soft.comment,
      })

      const late = await send(app, 'bounce-later@inbox.test')
      assert.equal((await event(receiver, 'sent', late.id)).email, 'bounce-later@inbox.test')
      const later = await event(receiver, 'bounce', late.id)
      assert.deepEqual([later.hard_bounce, later.error], [true, 'user unknown'])

      const spam = await send(app, 'spam@inbox.test')
      await check('spam', spam.id, { ...common(spam, 'spam@inbox.test'), source: 'Paravion-Lab/1.0' })

      assert.equal(receiver.received.flatMap(eventsIn).filter(({ event }) => event === 'open').length, 1)
      for (const call of receiver.received) {
        assert.equal(Array.isArray(call.body), version === 2)
        assert.equal(call.headers['content-type'], 'application/json')
        assert.match(String(call.headers['user-agent']), /^Paravion\/\S+ \(webhooks\)$/)
      }
      const ids = receiver.received.map((call) => call.headers['x-paravion-id'])
      assert.equal(new Set(ids).size, ids.length, 'nothing came twice')
    },
    { env },
  )
}

async function deliver(
  app: TestApp,
  { from, to, raw }: { from: string; to: string; raw: string },
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
  const answer = await say(`RCPT TO:<${to}>`)
  if (!answer.startsWith('250')) return answer
  await say('DATA')
  return await say(`${raw.replaceAll('\n', '\r\n')}\r\n.`)
}

scenario(
  'a payload on one long line comes over SMTP, is told of, and does not leave; a sender that is none is blocked',
  async (t, app) => {
    const receiver = await startReceiver(t)
    await listen(app, receiver, 1)
    const smtp = await openSmtp(app.ready.submission.starttls ?? 0)
    t.after(() => smtp.close())
    await smtp.say('EHLO client.example')
    const { apiKey, secretKey } = app.credentials
    const login = Buffer.from(`\0${apiKey}\0${secretKey}`).toString('base64')
    assert.match(await smtp.say(`AUTH PLAIN ${login}`), /^235/)
    const long = JSON.stringify({ note: 'x'.repeat(5_000) })
    const replies = await smtp.send({
      from: app.ready.from,
      to: ['long@inbox.test'],
      data: `Received: from laptop.internal by relay.internal; Wed, 29 May 2024 18:26:40 +0200\r\nFrom: ${app.ready.from}\r\nSubject: Long\r\nX-MJ-EventPayload: ${long}\r\n\r\nHello`,
    })
    assert.match(replies.at(-1) ?? '', /^250 /)
    const [call] = await receiver.wait(1, (received) => eventsIn(received).some(({ Payload }) => Payload))
    assert.equal(call && eventsIn(call)[0]?.Payload, long)
    const { header } = await arrived(app, 'long@inbox.test')
    assert.match(header, /^Subject: Long$/m)
    assert.doesNotMatch(header, /laptop\.internal|X-MJ-EventPayload/i)

    const { id } = await send(app, 'ok@inbox.test', { From: { Email: 'eve@elsewhere.example' } })
    const blocked = await event(receiver, 'blocked', id)
    assert.deepEqual([blocked.error_related_to, blocked.error], ['spam', 'sender blocked'])
  },
  { env: { ...env, PARAVION_SMTP_PLAIN_AUTH_ON_LOOPBACK: 'true' } },
)
