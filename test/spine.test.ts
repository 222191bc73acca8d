/** A message from door to door, in the whole program, on both databases. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scenario, startTestApp } from './app.ts'
import { temporaryFolder } from './storage.ts'

scenario('a message is accepted, signed, delivered, and its story can be read', async (_t, app) => {
  const { messageId } = await app.send({ to: 'ok@inbox.test', subject: 'Héllo', text: 'Grüße' })
  const [received] = await app.received('ok@inbox.test')
  await app.idle()

  assert.deepEqual(
    { subject: received?.subject, dkim: received?.dkim, spf: received?.spf, dmarc: received?.dmarc },
    { subject: 'Héllo', dkim: 'pass', spf: 'pass', dmarc: 'pass' },
  )
  assert.match(received?.tls ?? '', /^TLSv1\.3/)
  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'delivered'])

  const story = await app.admin('GET', `/api/messages/${messageId}`)
  assert.match(story.text, /C: RCPT TO:<ok@inbox\.test>/)
  assert.match(story.text, /S: 250 2\.0\.0 Ok: taken by the lab/)
})

scenario('each simulated mailbox leaves its own story', async (_t, app) => {
  const cases: [mailbox: string, state: string, replyClass: string | null][] = [
    ['ok', 'delivered', null],
    ['missing', 'failed', 'invalid-recipient'],
    ['full', 'deferred', 'mailbox-full'],
    ['busy', 'deferred', 'transient'],
    ['greylist', 'deferred', 'greylisted'],
  ]
  const ids: number[] = []
  for (const [mailbox] of cases) ids.push((await app.send({ to: `${mailbox}@away.example` })).messageId)
  await app.idle()

  for (const [index, [mailbox, state, replyClass]] of cases.entries()) {
    const answer = await app.admin('GET', `/api/messages/${ids[index]}`)
    const { deliveries } = (
      answer.body as { story: { deliveries: { state: string; class: string | null }[] } }
    ).story
    assert.deepEqual([deliveries[0]?.state, deliveries[0]?.class], [state, replyClass], mailbox)
  }
})

scenario('mail from an address that is not validated is accepted and blocked', async (_t, app) => {
  const { messageId } = await app.send({ from: 'eve@elsewhere.example', to: 'ok@inbox.test' })
  await app.idle()

  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'blocked'])
  const history = await app.mailjet('GET', `/v3/REST/messagehistory/${messageId}`)
  assert.match(history.text, /"EventType":"blocked"/)
})

scenario('a deduplicated campaign reaches each address once', async (_t, app) => {
  const message = {
    From: { Email: app.ready.from },
    To: [{ Email: 'ok@inbox.test' }],
    Subject: 'Sale',
    TextPart: 'x',
    CustomCampaign: 'Spring',
    DeduplicateCampaign: true,
  }
  const sent = await Promise.all(
    [1, 2, 3].map(() =>
      app.mailjet('POST', '/v3.1/send', {
        Messages: [message, { ...message, To: [{ Email: 'OK@inbox.test' }] }],
      }),
    ),
  )
  await app.idle()

  assert.deepEqual(
    sent.map((answer) => answer.status),
    [200, 200, 200],
  )
  const listed = await app.mailjet('GET', '/v3/REST/message?Limit=0')
  const states = (listed.body as { Data: { Status: string }[] }).Data.map((row) => row.Status).sort()
  assert.deepEqual(states, ['blocked', 'blocked', 'blocked', 'blocked', 'blocked', 'sent'])
})

scenario('variables are filled in, and a template error blocks, tells, and reports', async (_t, app) => {
  const send = (extra: object) =>
    app.mailjet('POST', '/v3.1/send', {
      Messages: [
        {
          From: { Email: app.ready.from },
          To: [{ Email: 'ok@inbox.test' }],
          Subject: 'Hi {{var:name}}',
          TextPart: 'Dear {{Upper(var:name)}}, [[var:name]]',
          TemplateLanguage: true,
          ...extra,
        },
      ],
    })
  assert.equal((await send({ Variables: { name: 'Lea' } })).status, 200)
  const broken = await send({ TemplateErrorReporting: { Email: 'ops@inbox.test' } })
  assert.equal(broken.status, 200)
  await app.idle()

  const [good] = await app.received('ok@inbox.test')
  assert.equal(good?.subject, 'Hi Lea')
  const body = await app.admin('GET', `/api/lab/inbox/${good?.id}`)
  assert.match(body.text, /Dear LEA, Lea/)
  const [report] = await app.received('ops@inbox.test')
  assert.match(report?.subject ?? '', /^Error while evaluating/)
  assert.equal(report?.dkim, 'pass')
})

scenario('the same Idempotency-Key gives the first answer and sends once', async (_t, app) => {
  const body = JSON.stringify({
    Messages: [
      { From: { Email: app.ready.from }, To: [{ Email: 'ok@inbox.test' }], Subject: 'Once', TextPart: 'x' },
    ],
  })
  const call = async () => {
    const { apiKey, secretKey } = app.credentials
    const response = await fetch(`${app.ready.url}/v3.1/send`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${apiKey}:${secretKey}`).toString('base64')}`,
        'content-type': 'application/json',
        'idempotency-key': 'order-7',
      },
      body,
    })
    return response.text()
  }
  const first = await call()
  const second = await call()
  await app.idle()

  assert.equal(second, first)
  assert.equal((await app.received('ok@inbox.test')).length, 1)
})

scenario('an operator holds, releases and drops what waits', async (_t, app) => {
  const { messageId } = await app.send({ to: 'busy@away.example' })
  await app.idle()

  const held = await app.admin('POST', '/api/queue/hold', { ids: [messageId] })
  assert.equal(held.status, 200, held.text)
  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'deferred', 'held'])
  await app.admin('POST', '/api/queue/release', { ids: [messageId] })
  await app.idle()
  await app.admin('POST', '/api/queue/drop', { ids: [messageId] })

  const kinds = await app.eventKinds(messageId)
  assert.equal(kinds.at(-1), 'dropped')
  assert.ok(kinds.includes('released'))
})

test('what waits when the program stops goes out after the next start', async (t) => {
  const folder = temporaryFolder(t)
  const first = await startTestApp(t, 'sqlite', { folder, env: { PARAVION_ROLES: 'api' } })
  const { messageId } = await first.send({ to: 'ok@inbox.test', subject: 'Later' })
  await first.stop()

  const second = await startTestApp(t, 'sqlite', { folder })
  const [received] = await second.received('ok@inbox.test')
  await second.idle()

  assert.equal(received?.subject, 'Later')
  assert.deepEqual(await second.eventKinds(messageId), ['accepted', 'delivered'])
})
