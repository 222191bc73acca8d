/**
 * The second half of the page that this project makes real (reference: mission-mailjet-api.md, "Set up in Odoo"), heading
 * by heading. The provider is one process and the gateway another, as they are for people.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { makeDataFolder, type ServerProcess, startServer } from './load/server-process.ts'
import { cleanUp } from './storage.ts'

async function startInstance(t: TestContext): Promise<ServerProcess> {
  const folder = await makeDataFolder()
  cleanUp(t, () => folder.remove())
  const server = await startServer({ folder: folder.path, env: { PARAVION_DKIM_BITS: '1024' } })
  cleanUp(t, () => server.kill('SIGTERM'))
  return server
}

type Test = { ok: boolean; situation: string; step: string; message: string; hint: string }
type Received = { from: string; dkim: string; spf: string; dmarc: string }
type Explained = { attempts: { remarks: string[] }[] }

test('the page: set up in Odoo', async (t) => {
  const provider = await startInstance(t)
  const gateway = await startInstance(t)
  const { submission, apiKey, secretKey } = provider.ready
  let mass = 0

  const create = async (fields: object) => {
    const answer = await gateway.admin('POST', '/api/outgoing-servers', {
      host: '127.0.0.1',
      user: apiKey,
      password: secretKey,
      ...fields,
    })
    return (answer as { server: { id: number } }).server.id
  }
  const change = (fields: object) => gateway.admin('PATCH', `/api/outgoing-servers/${mass}`, fields)
  const testConnection = async (asked: object = {}) =>
    ((await gateway.admin('POST', `/api/outgoing-servers/${mass}/test`, asked)) as { test: Test }).test
  const setParameter = (name: string, value: string) =>
    gateway.admin('PUT', `/api/system-parameters/${name}`, { value })

  await t.test(
    'Outgoing Mail Servers, Create: SMTP server, port, security, API key, secret key',
    async () => {
      mass = await create({ name: 'Mailjet', port: submission.tls, security: 'tls' })
    },
  )

  await t.test('Priority higher than that of the transactional server', async () => {
    await change({ priority: 20 })
    await create({
      name: 'Office',
      port: submission.starttls,
      security: 'starttls',
      // Both name the domain, so that the number decides.
      fromFilter: 'shop.example',
      priority: 10,
    })
    await setParameter('mass_mailing.mail_server_id', String(mass))
  })

  await t.test('From Filter: the domain', async () => {
    await change({ fromFilter: 'shop.example' })
  })

  await t.test('System Parameters: default From, its filter, the catchall domain', async () => {
    await setParameter('mail.default.from', 'notifications@shop.example')
    await setParameter('mail.default.from_filter', 'shop.example')
    await setParameter('mail.catchall.domain', 'shop.example')
  })

  await t.test('Test the Connection succeeds', async () => {
    const found = await testConnection()
    assert.deepEqual([found.ok, found.situation, found.step], [true, 'ok', 'data'])
  })

  await t.test('Test the Connection tells a wrong password', async () => {
    await change({ password: 'not the secret' })
    const found = await testConnection()
    assert.deepEqual([found.ok, found.situation, found.step], [false, 'login-refused', 'auth'])
    assert.match(found.message, /does not accept the user and the password: 535 5\.7\.8/)
    await change({ password: secretKey })
  })

  await t.test('Test the Connection tells a wrong port', async () => {
    // Nobody listens on port 1 of a machine that serves mail.
    await change({ port: 1 })
    const found = await testConnection()
    assert.deepEqual([found.ok, found.situation, found.step], [false, 'refused', 'connect'])
    assert.match(found.hint, /587 for STARTTLS and 465 for TLS/)
  })

  await t.test('Test the Connection tells a wrong security', async () => {
    await change({ port: submission.starttls, security: 'tls' })
    const tlsFirst = await testConnection()
    assert.deepEqual([tlsFirst.ok, tlsFirst.situation, tlsFirst.step], [false, 'tls-failed', 'tls'])
    await change({ port: submission.starttls, security: 'starttls-strict' })
    const strict = await testConnection()
    assert.deepEqual([strict.ok, strict.situation], [false, 'certificate-not-accepted'])
    await change({ port: submission.tls, security: 'tls' })
  })

  await t.test('Test the Connection tells a sender that is not validated', async () => {
    const found = await testConnection({ sender: 'eve@elsewhere.example' })
    assert.deepEqual([found.ok, found.situation, found.step], [false, 'sender-refused', 'mail'])
    assert.match(found.message, /eve@elsewhere\.example is not a validated sender/)
  })

  const send = async (to: string, fields: object) => {
    const answer = await fetch(`${gateway.ready.url}/v3.1/send`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`${gateway.ready.apiKey}:${gateway.ready.secretKey}`)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        Messages: [
          { From: { Email: 'hello@shop.example' }, To: [{ Email: to }], TextPart: 'It works.', ...fields },
        ],
      }),
    })
    const sent = (await answer.json()) as { Messages: { To: { MessageID: number }[] }[] }
    const arrived = (await provider.admin('GET', `/api/lab/inbox?to=${to}&waitMs=20000`)) as {
      messages: Received[]
    }
    const explained = await gateway.admin('GET', `/api/explain/${sent.Messages[0]?.To[0]?.MessageID}`)
    const { attempts } = explained as Explained
    const [received] = arrived.messages
    return { received, remarks: attempts.flatMap(({ remarks }) => remarks).join('\n') }
  }

  for (const { kind, to, fields, server } of [
    { kind: 'A transactional', to: 'ok@one.test', fields: { Subject: 'Your order' }, server: 'Office' },
    {
      kind: 'A mass',
      to: 'ok@many.test',
      fields: { Subject: 'Sale', CustomCampaign: 'Spring' },
      server: 'Mailjet',
    },
  ]) {
    await t.test(`${kind} message goes out through ${server} and arrives authenticated`, async () => {
      const { received, remarks } = await send(to, fields)
      assert.deepEqual(
        [received?.from, received?.dkim, received?.spf, received?.dmarc],
        ['hello@shop.example', 'pass', 'pass', 'pass'],
      )
      assert.match(remarks, new RegExp(`"${server}"`))
    })
  }
})
