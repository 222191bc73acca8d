/** Whoever is written to is a contact of the key that wrote. */
import assert from 'node:assert/strict'
import { scenario, type TestApp } from './app.ts'

type Row = Record<string, unknown>

async function contactsOf(app: TestApp): Promise<Row[]> {
  const { status, body, text } = await app.mailjet('GET', '/v3/REST/contact?Limit=0')
  assert.equal(status, 200, text)
  return (body as { Data: Row[] }).Data
}

function emails(rows: readonly Row[]): unknown[] {
  return rows.map(({ Email }) => Email).toSorted()
}

scenario('a sent message makes its recipients contacts, once, and counts for them', async (_t, app) => {
  const { from } = app.ready
  const send = (to: string[], more: object = {}) =>
    app.mailjet('POST', '/v3.1/send', {
      Messages: to.map((Email) => ({ From: { Email: from }, To: [{ Email }], TextPart: 'x', ...more })),
    })
  const sent = await send(['New.Person@inbox.test', 'ok@inbox.test', 'new.person@INBOX.test'])
  assert.equal(sent.status, 200, sent.text)
  const made = await contactsOf(app)
  assert.deepEqual(emails(made), ['new.person@inbox.test', 'ok@inbox.test'])

  const again = await app.mailjet('POST', '/v3/REST/contact', { Email: 'OK@inbox.test' })
  assert.equal(again.status, 400)
  assert.match(again.text, /MJ18/)

  await app.idle()
  const [ok] = (await contactsOf(app)).filter(({ Email }) => Email === 'ok@inbox.test')
  assert.equal(ok?.DeliveredCount, 1)
  const { body } = await app.mailjet('GET', '/v3/REST/message?ContactAlt=ok@inbox.test')
  assert.equal((body as { Data: Row[] }).Data[0]?.ContactID, ok?.ID)

  // Those of a copy, too; not whom nothing was sent to, and not for the instance's own mail.
  await send(['tried@inbox.test'], { Bcc: [{ Email: 'bcc@inbox.test' }] })
  const refused = await send(['nobody@inbox.test'], { From: { Email: 'eve@elsewhere.example' } })
  assert.equal(refused.status, 200, refused.text)
  const sandbox = await app.mailjet('POST', '/v3.1/send', {
    SandboxMode: true,
    Messages: [{ From: { Email: from }, To: [{ Email: 'sandbox@inbox.test' }], TextPart: 'x' }],
  })
  assert.equal(sandbox.status, 200, sandbox.text)
  assert.deepEqual(emails(await contactsOf(app)), [
    'bcc@inbox.test',
    'new.person@inbox.test',
    'ok@inbox.test',
    'tried@inbox.test',
  ])
})
