/** The console's first start, on the whole program. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { scenario } from './app.ts'

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
