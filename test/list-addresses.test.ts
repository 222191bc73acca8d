/** Mail to the address of a list reaches its members, over the Send API and over SMTP. */
import assert from 'node:assert/strict'
import { scenario, type TestApp } from './app.ts'
import { openSmtp } from './smtp-dialogue.ts'

type Row = Record<string, unknown>

async function makeList(app: TestApp, members: readonly string[]): Promise<{ ID: number; Address: string }> {
  const made = await app.mailjet('POST', '/v3/REST/contactslist', { Name: `Readers ${members.length}` })
  const [list] = (made.body as { Data: { ID: number; Address: string }[] }).Data
  assert.ok(list)
  for (const Email of members) {
    const added = await app.mailjet('POST', `/v3/REST/contactslist/${list.ID}/managecontact`, {
      ...{ Email, Name: Email.split('@')[0], Action: 'addforce' },
    })
    assert.equal(added.status, 201, added.text)
  }
  return list
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20))
}

const env = { PARAVION_SMTP_PLAIN_AUTH_ON_LOOPBACK: 'true' }

scenario(
  'who is subscribed to a list gets what is sent to its address, and may leave it',
  async (t, app) => {
    const list = await makeList(app, [
      'ana@inbox.test',
      'bob@inbox.test',
      'gone@inbox.test',
      'out@inbox.test',
    ])
    const act = (path: string, body: object) => app.mailjet('POST', `/v3/REST/${path}`, body)
    await act(`contactslist/${list.ID}/managecontact`, { Email: 'gone@inbox.test', Action: 'unsub' })
    await app.mailjet('PUT', '/v3/REST/contact/out@inbox.test', { IsExcludedFromCampaigns: true })
    const address = `${list.Address}@lists.mail.paravion.example`
    const sent = await app.mailjet('POST', '/v3.1/send', {
      Messages: [
        {
          From: { Email: app.ready.from },
          To: [{ Email: address, Name: 'Our readers' }],
          Cc: [{ Email: 'ana@inbox.test' }, { Email: 'eve@inbox.test' }],
          Subject: 'Hello {{mj:contact.name}}',
          TextPart: 'News',
          TemplateLanguage: true,
        },
      ],
    })
    assert.equal(sent.status, 200, sent.text)
    const [message] = (sent.body as { Messages: { To: Row[]; Cc: Row[] }[] }).Messages
    assert.deepEqual(
      [message?.To, message?.Cc].map((rows) => rows?.map(({ Email }) => Email)),
      // She is on the list too, and gets it once: both name the same message.
      [[address], ['ana@inbox.test', 'eve@inbox.test']],
    )
    assert.equal(message?.Cc[0]?.MessageID, message?.To[0]?.MessageID)
    await app.idle()
    const received = async () =>
      (await app.admin('GET', '/api/lab/inbox')).body as {
        messages: { id: number; to: string; subject: string }[]
      }
    const { messages } = await received()
    assert.deepEqual(messages.map(({ to, subject }) => [to, subject]).toSorted(), [
      ['ana@inbox.test', 'Hello ana'],
      ['bob@inbox.test', 'Hello bob'],
      ['eve@inbox.test', 'Hello'],
    ])
    const shown = await app.admin('GET', `/api/lab/inbox/${messages[0]?.id}`)
    const { content } = (shown.body as { message: { content: string } }).message
    assert.match(content, new RegExp(`^To: .*${address}`, 'm'))
    assert.match(content, /^List-Unsubscribe: /m)

    // Over SMTP, under the name that clients of the provider know.
    await app.admin('DELETE', '/api/lab/inbox')
    const smtp = await openSmtp(app.ready.submission.starttls ?? 0)
    t.after(() => smtp.close())
    await smtp.say('EHLO client.example')
    const { apiKey, secretKey } = app.credentials
    await smtp.say(`AUTH PLAIN ${Buffer.from(`\0${apiKey}\0${secretKey}`).toString('base64')}`)
    const replies = await smtp.send({
      from: app.ready.from,
      to: [`${list.Address.toUpperCase()}@lists.mailjet.com`, 'bob@inbox.test'],
      data: `From: ${app.ready.from}\r\nSubject: By SMTP\r\n\r\nNews`,
    })
    assert.match(replies.at(-1) ?? '', /^250/)
    await app.idle()
    assert.deepEqual((await received()).messages.map(({ to }) => to).toSorted(), [
      'ana@inbox.test',
      'bob@inbox.test',
    ])
  },
  { env },
)

scenario('a list that nobody is subscribed to, or too many, is refused with words', async (_t, app) => {
  const empty = await makeList(app, [])
  const send = (Email: string) =>
    app.mailjet('POST', '/v3.1/send', {
      Messages: [{ From: { Email: app.ready.from }, To: [{ Email }], TextPart: 'x' }],
    })
  const nobody = await send(`${empty.Address}@lists.mail.paravion.example`)
  assert.equal(nobody.status, 400, nobody.text)
  assert.match(nobody.text, /nobody is subscribed to the list 'Readers 0'/)

  const full = await makeList(app, ['first@inbox.test'])
  const rows = Array.from({ length: 1_000 }, (_one, index) => ({ Email: `reader+${index}@inbox.test` }))
  const job = await app.mailjet('POST', `/v3/REST/contactslist/${full.ID}/managemanycontacts`, {
    ...{ Action: 'addforce', Contacts: rows },
  })
  assert.equal(job.status, 201, job.text)
  const jobId = (job.body as { Data: { JobID: number }[] }).Data[0]?.JobID
  const path = `/v3/REST/contactslist/${full.ID}/managemanycontacts/${jobId}`
  await until(async () => (await app.mailjet('GET', path)).text.includes('Completed'))
  const tooMany = await send(`${full.Address}@lists.mailjet.com`)
  assert.equal(tooMany.status, 400, tooMany.text)
  assert.match(tooMany.text, /has more than 1000 members: reach it by a campaign/)
})
