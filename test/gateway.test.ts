/** The gateway's rules in the whole program: one instance sends through another, as a shop does through its provider. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scenario, startTestApp, type TestApp } from './app.ts'

type ShownTest = {
  ok: boolean
  situation: string
  step: string
  sender: string
  message: string
  hint: string
}
type Shown = { server: { id: number; warnings: string[] } }

async function addProvider(gateway: TestApp, provider: TestApp, fields: object): Promise<number> {
  const answer = await gateway.admin('POST', '/api/outgoing-servers', {
    host: '127.0.0.1',
    port: provider.ready.submission.starttls,
    security: 'starttls',
    user: provider.credentials.apiKey,
    password: provider.credentials.secretKey,
    ...fields,
  })
  assert.equal(answer.status, 201, answer.text)
  return (answer.body as Shown).server.id
}

async function setParameter(app: TestApp, name: string, value: string): Promise<void> {
  const answer = await app.admin('PUT', `/api/system-parameters/${name}`, { value })
  assert.equal(answer.status, 200, answer.text)
}

test('a shop sends through its provider, strangers under the notifications address', async (t) => {
  const provider = await startTestApp(t)
  const gateway = await startTestApp(t)
  await addProvider(gateway, provider, { name: 'Mailjet', fromFilter: 'shop.example' })
  await setParameter(gateway, 'mail.default.from', 'notifications@shop.example')
  await setParameter(gateway, 'mail.default.from_filter', 'shop.example')

  await gateway.send({ to: 'ok@own.test' })
  const { messageId } = await gateway.send({ from: 'zoe@customer.example', to: 'ok@stranger.test' })
  await gateway.idle()

  const [own] = await provider.received('ok@own.test')
  const [stranger] = await provider.received('ok@stranger.test')
  assert.deepEqual(
    [own, stranger].map((message) => [message?.from, message?.dkim, message?.dmarc]),
    [
      ['hello@shop.example', 'pass', 'pass'],
      ['notifications@shop.example', 'pass', 'pass'],
    ],
  )
  const explained = await gateway.admin('GET', `/api/explain/${messageId}`)
  const { after, attempts } = explained.body as {
    after: { from: string }
    attempts: { host: string; remarks: string[] }[]
  }
  assert.equal(after.from, '"zoe" <notifications@shop.example>')
  assert.match(
    attempts[0]?.remarks.join('\n') ?? '',
    /the From filter of "Mailjet" \(priority 10\) names the domain/,
  )
})

test('mass mail and transactional mail take different servers', async (t) => {
  const daily = await startTestApp(t)
  const mass = await startTestApp(t)
  const gateway = await startTestApp(t)
  await addProvider(gateway, daily, { name: 'Daily', priority: 1 })
  const massId = await addProvider(gateway, mass, { name: 'Mass', priority: 20 })
  await setParameter(gateway, 'mass_mailing.mail_server_id', String(massId))

  await gateway.send({ to: 'ok@one.test' })
  const sent = await gateway.mailjet('POST', '/v3.1/send', {
    Messages: [
      {
        From: { Email: gateway.ready.from },
        To: [{ Email: 'ok@many.test' }],
        TextPart: 'Sale',
        CustomCampaign: 'Spring',
      },
    ],
  })
  assert.equal(sent.status, 200, sent.text)

  const [one] = await daily.received('ok@one.test')
  const [many] = await mass.received('ok@many.test')
  assert.deepEqual([one?.dkim, many?.dkim], ['pass', 'pass'])
})

scenario('an author whom nobody was set up to send for is blocked', async (_t, app) => {
  const answer = await app.admin('POST', '/api/outgoing-servers', {
    name: 'Shop',
    host: '127.0.0.1',
    fromFilter: 'shop.example',
  })
  assert.equal(answer.status, 201, answer.text)
  const { messageId } = await app.send({ from: 'eve@elsewhere.example', to: 'ok@inbox.test' })
  await app.idle()
  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'blocked'])
})

test('Test Connection tells what is right and what is wrong', async (t) => {
  const provider = await startTestApp(t)
  const gateway = await startTestApp(t)
  const id = await addProvider(gateway, provider, { name: 'Mailjet', fromFilter: 'shop.example' })
  const change = async (fields: object) => {
    const answer = await gateway.admin('PATCH', `/api/outgoing-servers/${id}`, fields)
    assert.equal(answer.status, 200, answer.text)
  }
  const tryIt = async (asked: object = {}) => {
    const answer = await gateway.admin('POST', `/api/outgoing-servers/${id}/test`, asked)
    assert.equal(answer.status, 200, answer.text)
    assert.ok(!answer.text.includes(provider.credentials.secretKey))
    return (answer.body as { test: ShownTest }).test
  }

  const fine = await tryIt()
  assert.deepEqual(
    [fine.ok, fine.situation, fine.step, fine.sender],
    [true, 'ok', 'data', 'noreply@shop.example'],
  )
  const stranger = await tryIt({ sender: 'eve@elsewhere.example' })
  assert.deepEqual([stranger.ok, stranger.situation, stranger.step], [false, 'sender-refused', 'mail'])
  assert.match(stranger.message, /eve@elsewhere\.example is not a validated sender of this API key/)
  assert.match(stranger.hint, /Prove the address or its domain/)

  await change({ password: 'wrong' })
  assert.equal((await tryIt()).situation, 'login-refused')
  await change({
    password: provider.credentials.secretKey,
    security: 'tls',
    port: provider.ready.submission.starttls,
  })
  assert.equal((await tryIt()).situation, 'tls-failed')
  await change({ security: 'starttls', port: 1 })
  assert.equal((await tryIt()).situation, 'refused')

  await change({ port: provider.ready.submission.starttls })
  await gateway.admin('POST', `/api/outgoing-servers/${id}/archive`)
  assert.equal((await tryIt()).ok, true, 'archived servers too')
})
