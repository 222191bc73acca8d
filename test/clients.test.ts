/** Unmodified clients, told nothing but host and credentials: each message arrives with DKIM, SPF and DMARC pass. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import nodemailer from 'nodemailer'
import { startTestApp, type TestApp } from './app.ts'

const run = promisify(execFile)

async function arrived(app: TestApp, to: string): Promise<void> {
  const [message] = await app.received(to)
  assert.deepEqual(
    { dkim: message?.dkim, spf: message?.spf, dmarc: message?.dmarc, subject: message?.subject },
    { dkim: 'pass', spf: 'pass', dmarc: 'pass', subject: 'From a client' },
  )
}

test('node-mailjet, v3.1 over HTTPS', async (t) => {
  const app = await startTestApp(t)
  const { apiKey, secretKey } = app.credentials
  const script = `
    const mailjet = require('node-mailjet').apiConnect(process.env.KEY, process.env.SECRET, {
      config: { host: process.env.HOST },
    })
    mailjet.post('send', { version: 'v3.1' }).request({
      Messages: [{
        From: { Email: 'hello@shop.example', Name: 'The shop' },
        To: [{ Email: 'node-mailjet@inbox.test', Name: 'Lea' }],
        Subject: 'From a client', TextPart: 'text', HTMLPart: '<p>html</p>', CustomID: 'c-1',
      }],
    }).then(async ({ body }) => {
      const id = body.Messages[0].To[0].MessageID
      const { body: found } = await mailjet.get('message', { version: 'v3' }).id(id).request()
      console.log(JSON.stringify({ sent: body.Messages[0], found: found.Data[0].ID === id }))
    }, (error) => { console.error(error.message, error.response?.data); process.exit(1) })`

  // The authority has to be known when the process starts, as it would be for a user.
  const { stdout } = await run(process.execPath, ['-e', script], {
    env: {
      KEY: apiKey,
      SECRET: secretKey,
      HOST: new URL(app.ready.httpsUrl ?? '').host,
      NODE_EXTRA_CA_CERTS: app.ready.ca,
    },
    cwd: new URL('..', import.meta.url).pathname,
  })

  const answer = JSON.parse(stdout) as { sent: { Status: string; CustomID: string }; found: boolean }
  assert.equal(answer.sent.Status, 'success')
  assert.equal(answer.sent.CustomID, 'c-1')
  assert.equal(answer.found, true)
  await arrived(app, 'node-mailjet@inbox.test')
})

for (const kind of ['STARTTLS', 'TLS from the start'] as const) {
  test(`nodemailer, ${kind}, certificate verified`, async (t) => {
    const app = await startTestApp(t)
    const implicit = kind !== 'STARTTLS'
    const transport = nodemailer.createTransport({
      host: '127.0.0.1',
      port: implicit ? app.ready.submission.tls : app.ready.submission.starttls,
      secure: implicit,
      requireTLS: !implicit,
      auth: { user: app.credentials.apiKey, pass: app.credentials.secretKey },
      tls: { ca: readFileSync(app.ready.ca ?? '') },
    })
    t.after(() => transport.close())

    const sent = await transport.sendMail({
      from: '"The shop" <hello@shop.example>',
      to: 'nodemailer@inbox.test',
      bcc: 'hidden@inbox.test',
      subject: 'From a client',
      text: 'Grüße',
      attachments: [{ filename: 'Rechnung für Lea.txt', content: 'x'.repeat(3000) }],
    })

    assert.match(sent.response, /^250 2\.0\.0 Ok: queued as [0-9a-f-]{36}$/)
    await arrived(app, 'nodemailer@inbox.test')
    await arrived(app, 'hidden@inbox.test')
  })

  const swaksMissing = spawnSync('swaks', ['--version']).error !== undefined
  test(`swaks, ${kind}`, { skip: swaksMissing && 'swaks is not installed' }, async (t) => {
    const app = await startTestApp(t)
    await swaks(app, kind === 'STARTTLS' ? 'starttls' : 'tls')

    await arrived(app, 'swaks@inbox.test')
  })
}

async function swaks(app: TestApp, listener: 'starttls' | 'tls'): Promise<void> {
  const { stdout } = await run('swaks', [
    ...['--server', '127.0.0.1', '--port', String(app.ready.submission[listener])],
    listener === 'tls' ? '--tls-on-connect' : '--tls',
    ...['--auth-user', app.credentials.apiKey, '--auth-password', app.credentials.secretKey],
    ...['--from', 'hello@shop.example', '--to', 'swaks@inbox.test'],
    ...['--header', 'Subject: From a client', '--body', 'It works.'],
  ])
  assert.match(stdout, /250 2\.0\.0 Ok: queued as/)
}
