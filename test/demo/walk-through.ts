/** Does in a lab what its user would: a proved domain, two servers, mail with every outcome. All of it for real. */
import assert from 'node:assert/strict'
import { createTransport } from 'nodemailer'
import type { RunningApp } from '../../src/app.ts'

export type DemoPerson = { email: string; password: string }

type Options = {
  app: RunningApp
  person: DemoPerson
  /** Messages to people; those with other outcomes come on top. */
  messages: number
  say: (words: string) => void
}

const domain = 'garden.example'
const names = ['ada', 'bea', 'carl', 'dora', 'emil', 'fay', 'gus', 'hana', 'ivo', 'june']
const subjects = [
  'Your order is on its way',
  'Your invoice',
  'Welcome to the garden',
  'Your password was changed',
]

export async function walkThrough({ app, person, messages, say }: Options): Promise<void> {
  const call = callerOf(app)
  await makeOwner(app, person)

  say(`Proving ${domain}`)
  await call('POST', '/api/domains', { name: domain })
  await publishAll(call)
  await call('POST', `/api/domains/${domain}/check`)
  await publishAll(call)
  await call('POST', `/api/domains/${domain}/check`)
  // One that is left half-way, as there often is.
  await call('POST', '/api/domains', { name: 'orchard.example' })
  for (const [local, kind] of [
    ['notifications', 'transactional'],
    ['news', 'bulk'],
  ]) {
    await call('POST', '/api/senders', { email: `${local}@${domain}`, name: 'The garden', kind })
  }

  say('Adding two outgoing servers and the parameters of the page')
  const receiver = {
    host: '127.0.0.1',
    port: app.ready.lab?.receiver,
    security: 'none',
    authentication: 'none',
  }
  const filter = { ...receiver, fromFilter: domain }
  await call('POST', '/api/outgoing-servers', { ...filter, name: 'Office', priority: 10 })
  const { server } = (await call('POST', '/api/outgoing-servers', {
    ...{ ...filter, name: 'Mass mailing', priority: 20 },
  })) as { server: { id: number } }
  for (const [name, value] of [
    ['mail.default.from', `notifications@${domain}`],
    ['mail.default.from_filter', domain],
    ['mail.catchall.domain', domain],
    ['mass_mailing.mail_server_id', String(server.id)],
  ]) {
    await call('PUT', `/api/system-parameters/${name}`, { value })
  }
  await call('POST', '/api/aliases', { name: 'sales' })

  say(`Sending ${messages} messages, and some that do not arrive`)
  await sendAll(app, mailOf(messages))
  await call('POST', '/api/suppressions', { address: 'no-more@inbox.test', note: 'asked by phone' })
  await sendAll(app, [mail('no-more@inbox.test', 'Your invoice')])
  await app.idle()
  await call('POST', '/api/queue/hold', { filter: { domain: 'office.test' } })
  await call('POST', '/api/queue/drop', { filter: { domain: 'closed.test' } })

  say('Reading some of it')
  await readNews(app, call)
  await app.idle()

  say('Taking mail from strangers')
  const stranger = createTransport({
    ...{ host: '127.0.0.1', port: app.ready.mx ?? 0, tls: { rejectUnauthorized: false } },
  })
  for (const [from, subject, text] of [
    ['bea@inbox.test', 'Do you deliver on Saturdays?', 'I would like to know before I order.'],
    ['carl@office.test', 'A quote for 200 roses', 'For a wedding in May. Can you help?'],
    ['dora@inbox.test', 'Thank you', 'The tulips are wonderful.'],
  ]) {
    await stranger.sendMail({ from, to: `sales@${domain}`, subject, text })
  }
  await app.idle()
}

type Caller = (method: string, url: string, body?: unknown) => Promise<unknown>

function callerOf(app: RunningApp): Caller {
  return async (method, url, body) => {
    const answer = await app.inject({
      method,
      url,
      headers: {
        authorization: `Bearer ${app.adminToken}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    assert.ok(answer.status < 300, `${method} ${url}: ${answer.status} ${answer.body}`)
    return JSON.parse(answer.body)
  }
}

async function makeOwner(app: RunningApp, { email, password }: DemoPerson): Promise<void> {
  const token = app.ready.setupUrl?.split('#')[1]
  // A folder that was walked through before has its owner.
  if (token === undefined) return
  const answer = await app.inject({
    method: 'POST',
    url: '/api/setup',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, email, password, name: 'Demo' }),
  })
  assert.equal(answer.status, 201, answer.body)
}

/** Plays the DNS provider. */
async function publishAll(call: Caller): Promise<void> {
  const { domain: shown } = (await call('GET', `/api/domains/${domain}`)) as {
    domain: { records: { name: string; type: string; value: string; purpose: string }[] }
  }
  for (const { name, type, value, purpose } of shown.records) {
    if (purpose !== 'mx') await call('POST', '/api/lab/records', { name, type, value })
  }
}

const agents = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101 Firefox/120.0',
]

/** Two of three open it, and one of four of those follows the link. */
async function readNews(app: RunningApp, call: Caller): Promise<void> {
  const { messages } = (await call('GET', '/api/lab/inbox?subject=Spring&limit=400')) as {
    messages: { id: number }[]
  }
  for (const [index, { id }] of messages.entries()) {
    if (index % 3 === 2) continue
    const { message } = (await call('GET', `/api/lab/inbox/${id}`)) as { message: { content: string } }
    const text = message.content.replaceAll('=\r\n', '').replaceAll('=3D', '=')
    const pixel = /<img src="https?:\/\/[^/]+([^"]+)"/.exec(text)?.[1]
    const link = /href="https?:\/\/[^/]+(\/c\/[^"]+)"/.exec(text)?.[1]
    const headers = { 'user-agent': agents[index % agents.length] ?? '' }
    for (const url of [pixel, index % 4 === 0 ? link : undefined]) {
      if (url !== undefined) await app.inject({ method: 'GET', url, headers })
    }
  }
}

type Mail = ReturnType<typeof mail>

function mail(to: string, subject: string, from = `notifications@${domain}`) {
  return {
    From: { Email: from, Name: 'The garden' },
    To: [{ Email: to }],
    Subject: subject,
    TextPart: 'Good morning from the garden.',
    HTMLPart: '<h1>Good morning</h1><p>from the <a href="https://garden.example/">garden</a>.</p>',
  }
}

function mailOf(count: number): Mail[] {
  const many = Array.from({ length: count }, (_, index) => {
    const name = names[index % names.length] ?? 'ada'
    const isNews = index % 3 === 0
    return isNews
      ? {
          ...mail(`${name}+${index}@inbox.test`, 'Spring in the garden', `news@${domain}`),
          CustomCampaign: 'Spring',
          ...{ TrackOpens: 'enabled', TrackClicks: 'enabled' },
        }
      : mail(`${name}+${index}@inbox.test`, `${subjects[index % subjects.length]} (${1000 + index})`)
  })
  const few = (local: string, host: string, times: number) =>
    Array.from({ length: times }, (_, index) =>
      mail(`${local}+${index}@${host}`, subjects[index % 4] ?? 'Hello'),
    )
  return [
    ...many,
    ...few('missing', 'inbox.test', 12),
    ...few('full', 'inbox.test', 5),
    ...few('busy', 'inbox.test', 20),
    ...few('busy', 'office.test', 6),
    ...few('busy', 'closed.test', 4),
    ...few('spam', 'inbox.test', 3),
    ...few('bounce-later', 'inbox.test', 3),
    mail('ada@inbox.test', 'From somebody else', 'eve@elsewhere.example'),
  ]
}

async function sendAll(app: RunningApp, mails: readonly Mail[]): Promise<void> {
  const { apiKey, secretKey } = app.ready
  for (let start = 0; start < mails.length; start += 50) {
    const answer = await app.inject({
      method: 'POST',
      url: '/v3.1/send',
      headers: {
        authorization: `Basic ${Buffer.from(`${apiKey}:${secretKey}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ Messages: mails.slice(start, start + 50) }),
    })
    assert.equal(answer.status, 200, answer.body)
  }
}
