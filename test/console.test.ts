/** The console's first start, on the whole program. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { scenario } from './app.ts'
import { startReceiver } from './webhooks-world.ts'

scenario(
  'the link that a start tells makes the owner, who then works without the admin token',
  async (_t, app) => {
    const { url = '', setupUrl = '' } = app.ready
    const found = /^(http:\/\/127\.0\.0\.1:\d+)\/setup#([\w-]{43})$/.exec(setupUrl)
    assert.ok(found, setupUrl)
    assert.equal(found[1], url)
    const made = await fetch(`${url}/api/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url, 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify({ token: found[2], email: 'ada@shop.example', password: 'seven green kites' }),
    })
    assert.equal(made.status, 201)
    const cookie = made.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const { csrf } = (await made.json()) as { csrf: string }

    const sent = await fetch(`${url}/api/send`, {
      method: 'POST',
      headers: { cookie, 'x-csrf-token': csrf, 'content-type': 'application/json', origin: url },
      body: JSON.stringify({ from: app.ready.from, to: ['ok@inbox.test'], subject: 'Hi', text: 'x' }),
    })
    assert.equal(sent.status, 201, await sent.text())
    const [message] = await app.received('ok@inbox.test')
    assert.deepEqual([message?.dkim, message?.spf, message?.dmarc], ['pass', 'pass', 'pass'])
    const audit = await app.admin('GET', '/api/audit')
    assert.deepEqual(
      (audit.body as { entries: { actor: string; action: string }[] }).entries.map(({ actor, action }) => [
        actor,
        action,
      ]),
      [
        ['ada@shop.example', 'POST /send'],
        ['ada@shop.example', 'POST /setup'],
      ],
    )
    assert.equal((await app.admin('POST', '/api/setup-link')).status, 409)
  },
)

scenario('clients are told where to send to, with the ports of this start', async (_t, app) => {
  const { status, body } = await app.admin('GET', '/api/smtp-settings')
  assert.equal(status, 200)
  const { starttls = 0, tls = 0 } = app.ready.submission
  assert.deepEqual(body, {
    smtpHost: '127.0.0.1',
    smtpPorts: [
      { port: starttls, security: 'starttls' },
      { port: tls, security: 'tls' },
    ],
    plainAuthOnLoopback: false,
    url: app.ready.url,
    httpsUrl: app.ready.httpsUrl,
    ca: readFileSync(app.ready.ca ?? '', 'utf8'),
  })
})

scenario(
  'a server is tried before it is saved, step by step; its password goes to its own host only',
  async (_t, app) => {
    const values = {
      name: 'Own relay',
      host: '127.0.0.1',
      port: app.ready.submission.tls,
      security: 'tls',
      authentication: 'login',
      user: app.credentials.apiKey,
      password: app.credentials.secretKey,
      fromFilter: 'shop.example',
    }
    const tried = await fetch(`${app.ready.url}/api/outgoing-servers/test`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${app.adminToken}`,
        accept: 'application/x-ndjson',
        'content-type': 'application/json',
      },
      body: JSON.stringify(values),
    })
    assert.equal(tried.status, 200)
    const lines = (await tried.text()).trim().split('\n')
    const told = lines.map(
      (line) => JSON.parse(line) as { step?: string; test?: { ok: boolean; message: string } },
    )
    assert.deepEqual(
      told.map(({ step }) => step),
      ['prepare', 'connect', 'ehlo', 'auth', 'mail', 'rcpt', 'data', undefined],
    )
    assert.equal(told.at(-1)?.test?.ok, true, told.at(-1)?.test?.message)

    const { body } = await app.admin('POST', '/api/outgoing-servers', values)
    const { server } = body as { server: { id: number } }
    const saved = await app.admin('POST', `/api/outgoing-servers/test`, { server: server.id, priority: 3 })
    assert.equal((saved.body as { test: { ok: boolean } }).test.ok, true)
    const moved = await app.admin('POST', `/api/outgoing-servers/test`, {
      server: server.id,
      host: 'mx.evil.test',
    })
    assert.equal(moved.status, 400)
    assert.match(moved.text, /the saved password is for 127\.0\.0\.1:\d+ only/)
    const wrong = await app.admin('POST', `/api/outgoing-servers/test`, { server: server.id, password: 'no' })
    assert.equal((wrong.body as { test: { situation: string } }).test.situation, 'login-refused')
  },
)

scenario('servers are put into another order at once', async (_t, app) => {
  const add = async (name: string, priority: number) => {
    const { body } = await app.admin('POST', '/api/outgoing-servers', {
      name,
      host: 'mx.relay.test',
      priority,
    })
    return (body as { server: { id: number } }).server.id
  }
  const [a, b, c] = [await add('a', 5), await add('b', 10), await add('c', 10)]
  const ordered = await app.admin('POST', '/api/outgoing-servers/order', { ids: [c, a] })
  assert.deepEqual(ordered.body, { ids: [c, a, b] })
  const { body } = await app.admin('GET', '/api/outgoing-servers')
  assert.deepEqual(
    (body as { servers: { id: number; priority: number }[] }).servers.map(({ id, priority }) => [
      id,
      priority,
    ]),
    [
      [c, 1],
      [a, 2],
      [b, 3],
    ],
  )
  for (const ids of [[a, a], [999]]) {
    assert.equal((await app.admin('POST', '/api/outgoing-servers/order', { ids })).status, 400)
  }
})

scenario('the overview counts what happened, hour by hour, and says what needs somebody', async (_t, app) => {
  await app.send({ to: 'ok@inbox.test' })
  await app.send({ to: 'missing@inbox.test' })
  await app.send({ to: 'busy@inbox.test' })
  await app.admin('POST', '/api/domains', { name: 'garden.example' })
  await app.idle()
  for (let look = 0; look < 2; look++) {
    const { body } = await app.admin('GET', '/api/overview?hours=2')
    const overview = body as {
      hours: { accepted: number; delivered: number; deferred: number; bounced: number }[]
      attention: { id: string; subject: string }[]
    }
    assert.equal(overview.hours.length, 2)
    const sum = (name: 'accepted' | 'delivered' | 'deferred' | 'bounced') =>
      overview.hours.reduce((total, hour) => total + hour[name], 0)
    assert.deepEqual([sum('accepted'), sum('delivered'), sum('deferred'), sum('bounced')], [3, 1, 1, 1])
    assert.deepEqual(
      overview.attention.map(({ id, subject }) => [id, subject]),
      [['domain-unproved', 'garden.example']],
    )
  }
})

scenario(
  'what is missing for real mail is told, and in the lab nothing is asked outside',
  async (_t, app) => {
    const { body } = await app.admin('GET', '/api/go-live')
    const { checks } = body as { checks: { id: string; status: string; mend: string }[] }
    assert.deepEqual(
      checks.map(({ id, status }) => `${id} ${status}`),
      [
        'mode warn',
        'name bad',
        'address unknown',
        'ptr unknown',
        'port25 unknown',
        'incoming ok',
        'bounces unknown',
        'certificate warn',
        'url warn',
        'domains bad',
        'two-factor unknown',
      ],
    )
    assert.ok(checks.every(({ status, mend }) => status === 'ok' || mend !== '' || status === 'unknown'))
  },
)

scenario(
  'two instances on one machine do not sign each other out; one that sends to itself is warned of',
  async (_t, app) => {
    const answer = await fetch(`${app.ready.url}/api/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        token: app.ready.setupUrl?.split('#')[1],
        ...{ email: 'ada@shop.example', password: 'seven green kites' },
      }),
    })
    const { port } = new URL(app.ready.url ?? '')
    assert.match(answer.headers.getSetCookie()[0] ?? '', new RegExp(`^paravion_session_${port}=`))
    const own = { name: 'Own', host: '127.0.0.1', port: app.ready.submission.tls, security: 'tls' }
    const added = await app.admin('POST', '/api/outgoing-servers', own)
    const { server } = added.body as { server: { warnings: string[] } }
    assert.match(server.warnings[0] ?? '', /submission port of this instance/)
  },
)

scenario('a webhook that does not answer needs somebody', async (t, app) => {
  const receiver = await startReceiver(t)
  receiver.answer(500)
  const added = await app.admin('POST', '/api/webhooks', { topics: ['delivered'], url: receiver.url })
  assert.equal(added.status, 201, added.text)
  const [webhook] = (added.body as { webhooks: { id: number }[] }).webhooks
  await app.send({ to: 'ok@inbox.test' })
  await receiver.wait(1)
  for (;;) {
    const { body } = await app.admin('GET', '/api/overview')
    const [note] = (body as { attention: { id: string; subject: string; detail: string }[] }).attention
    if (note !== undefined) {
      assert.deepEqual([note.id, note.subject], ['webhook-failing', String(webhook?.id)])
      assert.match(note.detail, /500/)
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
})
