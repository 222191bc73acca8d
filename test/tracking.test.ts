/** Opens, clicks and unsubscribing, as the people see them who get the mail. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import nodemailer from 'nodemailer'
import { mapTextParts } from '../src/mail/text-parts.ts'
import { type Clock, systemClock } from '../src/runtime/clock.ts'
import { type Answer, scenario, type TestApp } from './app.ts'

const browser = {
  'user-agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36',
}
/** Whoever clicks right after the delivery would be taken for a machine. */
const env = { PARAVION_TRACKING_SCANNER_SECONDS: '0' }

type Send = Record<string, unknown>

async function send(app: TestApp, message: Send): Promise<number[]> {
  const answer = await app.mailjet('POST', '/v3.1/send', {
    Messages: [{ From: { Email: app.ready.from }, Subject: 'Hello', ...message }],
  })
  assert.equal(answer.status, 200, answer.text)
  const { Messages } = answer.body as { Messages: { To: { MessageID: number }[] }[] }
  return (Messages[0]?.To ?? []).map(({ MessageID }) => MessageID)
}

/** The newest mail to an address: its header, and its text, decoded. */
async function read(app: TestApp, to: string): Promise<{ header: string; text: string; dkim: string }> {
  const [message] = await app.received(to)
  assert.ok(message !== undefined, to)
  const answer = await app.admin('GET', `/api/lab/inbox/${message.id}`)
  const { message: shown } = answer.body as { message: { content: string } }
  let text = ''
  mapTextParts(Buffer.from(shown.content), (part) => {
    text += part
    return part
  })
  const header = shown.content.slice(0, shown.content.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]/g, ' ')
  return { header, text, dkim: message.dkim }
}

async function events(app: TestApp, id: number) {
  const answer = await app.admin('GET', `/api/messages/${id}`)
  const { story } = answer.body as {
    story: { events: { kind: string; class: string | null; detail: string | null }[] }
  }
  return story.events
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 10_000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    assert.ok(Date.now() < end, 'nothing came of it')
  }
}

const html =
  '<html><body><p>Hello <a href="https://shop.example/a?x=1&amp;y=2">A</a> <a href="https://shop.example/b">B</a></p></body></html>'

scenario(
  'a tracked message: each recipient has links of their own, opens and clicks are told',
  async (_t, app) => {
    const [lea = 0, ben = 0] = await send(app, {
      To: [{ Email: 'lea@inbox.test' }, { Email: 'ben@inbox.test' }],
      HTMLPart: html,
      TextPart: 'https://shop.example/text',
      TrackOpens: 'enabled',
      TrackClicks: 'enabled',
    })
    await app.idle()
    const mail = await read(app, 'lea@inbox.test')
    assert.equal(mail.dkim, 'pass')
    assert.match(mail.text, /https:\/\/shop\.example\/text/, 'the text part is left alone')
    assert.doesNotMatch(mail.text, /href="https:\/\/shop/)
    assert.doesNotMatch(mail.header, /^List-Unsubscribe/im, 'it is no mass mail')
    const [clickA = '', clickB = ''] = [...mail.text.matchAll(/href="(http:[^"]+)"/g)].map(([, url]) => url)
    const pixel = /<img src="(http:[^"]+)"/.exec(mail.text)?.[1] ?? ''
    const others = await read(app, 'ben@inbox.test')
    assert.ok(!others.text.includes(clickA) && !others.text.includes(pixel))

    const opened = await fetch(pixel, { headers: browser })
    assert.deepEqual([opened.status, opened.headers.get('content-type')], [200, 'image/gif'])
    const followed = await fetch(clickA, { headers: browser, redirect: 'manual' })
    assert.deepEqual(
      [followed.status, followed.headers.get('location')],
      [302, 'https://shop.example/a?x=1&y=2'],
    )
    assert.equal((await fetch(clickB, { method: 'HEAD', headers: browser, redirect: 'manual' })).status, 302)

    const changed = `${clickA.slice(0, -6)}AAAAAA`
    const refused = await fetch(changed, { headers: browser, redirect: 'manual' })
    assert.deepEqual([refused.status, refused.headers.get('location')], [404, null])
    assert.match(await refused.text(), /This link is not known/)

    const told = await until(async () => {
      const all = await events(app, lea)
      return all.length >= 5 ? all : undefined
    })
    assert.deepEqual(
      told.slice(2).map(({ kind, class: machine, detail }) => [kind, machine, detail]),
      [
        ['opened', null, browser['user-agent']],
        ['clicked', null, 'https://shop.example/a?x=1&y=2'],
        ['clicked', 'head-only', 'https://shop.example/b'],
      ],
    )
    assert.deepEqual(await app.eventKinds(ben), ['accepted', 'delivered'])
  },
  { env },
)

scenario('what the account says is what counts where a message says nothing', async (_t, app) => {
  const said = await app.admin('PUT', '/api/tracking', { of: 'account', opens: true, isPrivate: true })
  assert.equal(said.status, 200, said.text)
  const exempt = await app.admin('PUT', '/api/tracking', { of: 'key', clicks: false })
  assert.deepEqual((exempt.body as { effective: unknown }).effective, {
    opens: true,
    clicks: false,
    isPrivate: true,
  })
  const [id = 0] = await send(app, { To: [{ Email: 'lea@inbox.test' }], HTMLPart: html })
  await send(app, { To: [{ Email: 'ben@inbox.test' }], HTMLPart: html, TrackOpens: 'disabled' })
  const [plain = 0] = await send(app, { To: [{ Email: 'tim@inbox.test' }], TextPart: 'x' })
  await app.idle()
  const { text } = await read(app, 'lea@inbox.test')
  assert.match(text, /href="https:\/\/shop/)
  await fetch(/<img src="(http:[^"]+)"/.exec(text)?.[1] ?? '', { headers: browser })
  assert.doesNotMatch((await read(app, 'ben@inbox.test')).text, /<img/)
  const wire = async (message: number) =>
    (
      (await app.mailjet('GET', `/v3/REST/message/${message}`)).body as {
        Data: { IsOpenTracked: boolean }[]
      }
    ).Data[0]?.IsOpenTracked
  assert.deepEqual([await wire(id), await wire(plain)], [true, false])
  const opened = await until(async () => (await events(app, id))[2])
  assert.deepEqual([opened.kind, opened.class, opened.detail], ['opened', 'too-soon', ''])
})

scenario('over SMTP, whatever the encoding of the text', async (t, app) => {
  const transport = nodemailer.createTransport({
    host: '127.0.0.1',
    port: app.ready.submission.tls,
    secure: true,
    auth: { user: app.credentials.apiKey, pass: app.credentials.secretKey },
    tls: { ca: readFileSync(app.ready.ca ?? '') },
  })
  t.after(() => transport.close())
  await transport.sendMail({
    from: app.ready.from,
    to: ['lea@inbox.test', 'ben@inbox.test'],
    subject: 'Hello',
    html: '<p>春のお知らせです。どうぞご覧ください。<a href="https://shop.example/春">こちら</a> [[EMAIL_TO]]</p>',
    textEncoding: 'base64',
    headers: { 'X-Mailjet-TrackClick': '1', 'X-Mailjet-TrackOpen': '0' },
  })
  await app.idle()
  const seen: string[] = []
  for (const to of ['lea@inbox.test', 'ben@inbox.test']) {
    const { text, header, dkim } = await read(app, to)
    assert.equal(dkim, 'pass')
    assert.doesNotMatch(header, /X-Mailjet/i)
    assert.doesNotMatch(text, /<img/)
    assert.ok(text.includes(`</a> ${to}</p>`), text)
    const click = /href="(http:[^"]+)"/.exec(text)?.[1] ?? ''
    const followed = await fetch(click, { headers: browser, redirect: 'manual' })
    assert.equal(followed.headers.get('location'), 'https://shop.example/%E6%98%A5')
    seen.push(click)
  }
  assert.notEqual(seen[0], seen[1])
})

const bulk: Send = {
  To: [{ Email: 'Lea@inbox.test' }],
  TextPart: 'Leave: [[UNSUB_LINK_EN]]',
  CustomCampaign: 'spring',
}

function post(url: string, body: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { ...browser, 'content-type': 'application/x-www-form-urlencoded' },
    body,
  })
}

async function suppressed(app: TestApp): Promise<string[]> {
  const answer: Answer = await app.admin('GET', '/api/suppressions')
  return (answer.body as { suppressions: { address: string; reason: string }[] }).suppressions.map(
    ({ address, reason }) => `${address} ${reason}`,
  )
}

scenario(
  'mass mail says how to leave it: one click, the page with its way back, and mail',
  async (_t, app) => {
    const [id = 0] = await send(app, bulk)
    await app.idle()
    const { header, text, dkim } = await read(app, 'lea@inbox.test')
    assert.equal(dkim, 'pass')
    assert.match(header, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$/m)
    assert.match(header, /^Feedback-ID: c\d+:k\d+:bulk:pv[0-9a-f]{10}\r?$/m)
    const signed = /^DKIM-Signature:.*?\bh=([^;]+)/ims.exec(header)?.[1]?.toLowerCase().split(':') ?? []
    for (const name of ['list-unsubscribe', 'list-unsubscribe-post', 'feedback-id']) {
      assert.ok(signed.map((one) => one.trim()).includes(name), name)
    }
    const [, oneClick = '', mailto = ''] =
      /^List-Unsubscribe: <(https:[^>]+)>, <mailto:([^?>]+)\?/m.exec(header) ?? []
    // The certificate is of a private authority; the path is the same over HTTP.
    const page = (app.ready.url ?? '') + new URL(oneClick).pathname
    assert.match(text, new RegExp(`^Leave: https://\\S+${new URL(oneClick).pathname}\\?l=en`))

    const looked = await (await fetch(page, { headers: browser })).text()
    assert.match(looked, /<form method="post"><button type="submit">Unsubscribe</)
    assert.deepEqual(await suppressed(app), [], 'looking changes nothing')

    assert.equal((await post(page, 'List-Unsubscribe=One-Click')).status, 200)
    assert.equal((await post(page, 'List-Unsubscribe=One-Click')).status, 200, 'again is no fault')
    assert.deepEqual(await suppressed(app), ['lea@inbox.test unsubscribe'])
    const told = (await events(app, id)).filter(({ kind }) => kind === 'unsubscribed')
    assert.deepEqual(
      told.map(({ detail }) => detail),
      ['List-Unsubscribe'],
    )
    const [blocked = 0] = await send(app, bulk)
    assert.deepEqual(await app.eventKinds(blocked), ['accepted', 'blocked'])
    const [receipt = 0] = await send(app, { To: bulk.To, TextPart: 'Your receipt' })
    await app.idle()
    assert.deepEqual(await app.eventKinds(receipt), ['accepted', 'delivered'])

    const asked = await fetch(page, { headers: { ...browser, 'accept-language': 'fr-CH, en' } })
    assert.match(await asked.text(), /Vous êtes désabonné/)
    assert.match(await (await post(page, 'undo=1')).text(), /<button type="submit">Unsubscribe</)
    assert.deepEqual(await suppressed(app), [])

    // Mail to the other address does the same.
    await app.admin('PUT', '/api/tracking', { of: 'key' })
    const byMail = await app.mailjet('POST', '/v3.1/send', {
      Messages: [
        {
          From: { Email: app.ready.from },
          To: [{ Email: mailto }],
          Subject: 'unsubscribe',
          TextPart: 'unsubscribe',
        },
      ],
    })
    assert.equal(byMail.status, 200, byMail.text)
    await app.idle()
    assert.deepEqual(await suppressed(app), ['lea@inbox.test unsubscribe'])
    const forged = await app.mailjet('POST', '/v3.1/send', {
      Messages: [
        {
          From: { Email: app.ready.from },
          To: [{ Email: mailto.replace('u+', 'u+1') }],
          Subject: 'x',
          TextPart: 'x',
        },
      ],
    })
    assert.equal(forged.status, 200)
    await app.idle()
    assert.deepEqual(await suppressed(app), [
      'lea@inbox.test unsubscribe',
      `${mailto.replace('u+', 'u+1')} hard-bounce`,
    ])
  },
)

let now = Date.now()
const clock: Clock = { ...systemClock, now: () => now }

scenario(
  'a link that is too old leads nowhere',
  async (_t, app) => {
    await send(app, { To: [{ Email: 'lea@inbox.test' }], HTMLPart: html, TrackClicks: 'enabled' })
    await app.idle()
    const { text } = await read(app, 'lea@inbox.test')
    const click = /href="(http:[^"]+)"/.exec(text)?.[1] ?? ''
    now += 1_100 * 86_400_000
    const answer = await fetch(click, { redirect: 'manual', headers: browser })
    assert.deepEqual([answer.status, answer.headers.get('location')], [410, null])
  },
  { clock },
)
