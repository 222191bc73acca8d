/** Webhooks as clients meet them: what a receiver can check, and node-mailjet against the resources. */
import assert from 'node:assert/strict'
import { execFile, fork } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { scenario, startTestApp } from './app.ts'
import { cleanUp, temporaryFolder } from './storage.ts'
import { startReceiver } from './webhooks-world.ts'

scenario('a receiver can tell that a body is from here, and tries follow its answers', async (t, app) => {
  const receiver = await startReceiver(t)
  const added = await app.admin('POST', '/api/webhooks', {
    topics: ['delivered'],
    url: `${receiver.url.replace('//', '//hook:p%40ss@')}/events?x=1`,
  })
  assert.equal(added.status, 201, added.text)
  const { webhooks, secret } = added.body as { webhooks: { id: number }[]; secret: string }
  const [webhook] = webhooks
  assert.ok(webhook !== undefined)
  assert.doesNotMatch(added.text.replace(secret, ''), /p%40ss|p@ss/)
  const { messageId } = await app.send({ to: 'lea@inbox.test' })
  const [call] = await receiver.wait(1)
  assert.ok(call !== undefined)
  assert.equal((call.body as { MessageID: number }).MessageID, messageId)
  assert.equal(call.path, '/events?x=1')
  assert.equal(call.headers.authorization, `Basic ${Buffer.from('hook:p@ss').toString('base64')}`)
  const [, at, signature] =
    /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(call.headers['x-paravion-signature'])) ?? []
  assert.equal(signature, createHmac('sha256', secret).update(`${at}.${call.text}`).digest('hex'))

  const rotated = await app.admin('POST', `/api/webhooks/${webhook.id}/rotate`)
  const { secret: next } = rotated.body as { secret: string }
  const tried = await app.admin('POST', `/api/webhooks/${webhook.id}/test`)
  assert.equal((tried.body as { isDelivered: boolean }).isDelivered, true, tried.text)
  const trial = receiver.received.at(-1)
  assert.equal(trial?.headers['x-paravion-test'], 'true')
  const given = String(trial?.headers['x-paravion-signature'])
  const [, again] = /^t=(\d+)/.exec(given) ?? []
  for (const one of [secret, next]) {
    assert.match(
      given,
      new RegExp(`v1=${createHmac('sha256', one).update(`${again}.${trial?.text}`).digest('hex')}`),
    )
  }
})

test('the receiver of the documents takes what is from here, and nothing else', async (t) => {
  const app = await startTestApp(t)
  const page = readFileSync(new URL('../docs/webhooks.md', import.meta.url), 'utf8')
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? []
  const program = join(temporaryFolder(t), 'receiver.mjs')
  const telling = ".listen(0, '127.0.0.1', function () { process.send(this.address().port) })"
  writeFileSync(program, example.replace(/\.listen\(.*\)/, telling))

  const child = await startReceiverProcess(t, program, 'not yet known')
  const url = `http://127.0.0.1:${child.port}/events`
  const added = await app.admin('POST', '/api/webhooks', {
    topics: ['delivered', 'bounced'],
    url,
    version: 2,
  })
  const { webhooks, secret } = added.body as { webhooks: { id: number }[]; secret: string }
  const path = `/api/webhooks/${webhooks[0]?.id}`
  const wrong = await app.admin('POST', `${path}/test`)
  assert.equal((wrong.body as { status: number }).status, 403, wrong.text)

  const knowing = await startReceiverProcess(t, program, secret)
  await app.admin('PATCH', path, { url: `http://127.0.0.1:${knowing.port}/events` })
  const right = await app.admin('POST', `${path}/test`)
  assert.equal((right.body as { status: number }).status, 200, right.text)
})

async function startReceiverProcess(
  t: TestContext,
  program: string,
  secret: string,
): Promise<{ port: number }> {
  const child = fork(program, { env: { WEBHOOK_SECRET: secret }, silent: true })
  cleanUp(t, () => child.kill())
  const [port] = (await once(child, 'message')) as [number]
  return { port }
}

test('node-mailjet adds a callback and a parse route, finds and removes them', async (t) => {
  const app = await startTestApp(t)
  const script = `
    const mailjet = require('node-mailjet').apiConnect(process.env.KEY, process.env.SECRET, {
      config: { host: process.env.HOST },
    })
    async function main() {
      const call = (method, resource, id) => {
        const built = mailjet[method](resource, { version: 'v3' })
        return id === undefined ? built : built.id(id)
      }
      const Url = 'https://hook:pw@app.example/events'
      const made = await call('post', 'eventcallbackurl').request({ EventType: 'open', Url, Version: 2 })
      const found = await call('get', 'eventcallbackurl', 'open|false').request()
      const changed = await call('put', 'eventcallbackurl', made.body.Data[0].ID).request({ Status: 'dead' })
      const route = await call('post', 'parseroute').request({ Url })
      const byEmail = await call('get', 'parseroute', route.body.Data[0].Email).request()
      const gone = await call('delete', 'eventcallbackurl', made.body.Data[0].ID).request()
      console.log(JSON.stringify({
        found: found.body.Data[0].Url === Url, status: changed.body.Data[0].Status,
        byEmail: byEmail.body.Data[0].ID === route.body.Data[0].ID, gone: gone.response.status,
      }))
    }
    main().catch((error) => { console.error(error.message, error.response?.data); process.exit(1) })`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
    env: {
      KEY: app.credentials.apiKey,
      SECRET: app.credentials.secretKey,
      HOST: new URL(app.ready.httpsUrl ?? '').host,
      NODE_EXTRA_CA_CERTS: app.ready.ca,
    },
    cwd: new URL('..', import.meta.url).pathname,
  })
  assert.deepEqual(JSON.parse(stdout), { found: true, status: 'dead', byEmail: true, gone: 204 })
})
