/** A message is found by what its sender and its receiver know of it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createTransport } from 'nodemailer'
import { scenario, type TestApp } from './app.ts'

type Found = { story: { message: { id: number; messageId: string } }; sentences: string[]; others: number[] }

async function find(app: TestApp, name: string): Promise<Found> {
  const answer = await app.admin('GET', `/api/messages/${encodeURIComponent(name)}`)
  assert.equal(answer.status, 200, answer.text)
  return answer.body as Found
}

scenario('a message is found by the UUID of the reply and by its Message-ID', async (_t, app) => {
  const transport = createTransport({
    host: '127.0.0.1',
    port: app.ready.submission.starttls,
    requireTLS: true,
    tls: { rejectUnauthorized: false },
    auth: { user: app.credentials.apiKey, pass: app.credentials.secretKey },
  })
  const submit = async (messageId: string) => {
    const { response } = await transport.sendMail({
      from: app.ready.from,
      to: 'ok@inbox.test',
      messageId,
      text: 'x',
    })
    return /queued as (\S+)/.exec(response)?.[1] ?? assert.fail(response)
  }

  const uuid = await submit('<order-17@shop.example>')
  const byUuid = await find(app, uuid)
  assert.equal(byUuid.story.message.messageId, '<order-17@shop.example>')
  assert.deepEqual(await find(app, uuid.toUpperCase()), byUuid)
  assert.deepEqual(await find(app, '<order-17@shop.example>'), byUuid)
  assert.deepEqual(await find(app, 'order-17@shop.example'), byUuid)

  // A client that splits its recipients writes the same Message-ID again.
  await submit('<order-17@shop.example>')
  const newest = await find(app, 'order-17@shop.example')
  assert.deepEqual(newest.others, [byUuid.story.message.id])
  assert.match(newest.sentences.at(-1) ?? '', new RegExp(`: ${byUuid.story.message.id}\\.$`))

  // Longer than a database takes into an index, and nothing that it could compress.
  const long = randomBytes(450).toString('hex')
  const first = await submit(`<${long}1@shop.example>`)
  await submit(`<${long}2@shop.example>`)
  assert.deepEqual(await find(app, `${long}1@shop.example`), await find(app, first))

  const sent = await app.mailjet('POST', '/v3.1/send', {
    Messages: [
      {
        From: { Email: app.ready.from },
        To: [{ Email: 'ok@inbox.test' }, { Email: 'fine@inbox.test' }],
        ...{ Subject: 'Two', TextPart: 'x' },
      },
    ],
  })
  const { Messages } = sent.body as { Messages: { To: { MessageID: number; MessageUUID: string }[] }[] }
  for (const { MessageID, MessageUUID } of Messages[0]?.To ?? []) {
    const byDelivery = await find(app, MessageUUID)
    assert.deepEqual(byDelivery, await find(app, String(MessageID)))
    assert.ok(byDelivery.sentences[1]?.includes(`${MessageID} (`), byDelivery.sentences[1])
    assert.equal((await app.admin('GET', `/api/explain/${MessageUUID.toUpperCase()}`)).status, 200)
    // The same delivery, another UUID.
    const other = `${MessageUUID.slice(0, -4)}${MessageUUID.endsWith('0000') ? '0001' : '0000'}`
    assert.equal((await app.admin('GET', `/api/messages/${other}`)).status, 404)
  }
  assert.equal(Messages[0]?.To.length, 2)

  const explained = await app.admin('GET', `/api/explain/${uuid}`)
  assert.match(
    explained.text,
    /"the API key may send as hello@shop\.example: its sender \*@shop\.example is active"/,
  )

  for (const name of ['nobody@shop.example', '0190b3a2-0000-7000-8000-000000000000', '17', 'nonsense']) {
    assert.equal((await app.admin('GET', `/api/messages/${encodeURIComponent(name)}`)).status, 404, name)
  }
})
