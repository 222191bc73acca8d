/** What the console asks about messages: lists, contents, sending again, and what waits by site. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listMessages } from '../src/events/list-messages.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { silentLog } from '../src/runtime/log.ts'
import { openStorage } from '../src/storage/open.ts'
import { scenario, startTestApp, type TestApp } from './app.ts'
import { temporaryFolder } from './storage.ts'

type Listed = {
  messages: { id: number; messageId: number; subject: string; class: string | null }[]
  next: number | null
}

async function list(app: TestApp, query: string): Promise<Listed> {
  const { body, status, text } = await app.admin('GET', `/api/messages?${query}`)
  assert.equal(status, 200, text)
  return body as Listed
}

scenario('messages are found by recipient, sender, subject, state and id, page by page', async (_t, app) => {
  for (const [to, subject] of [
    ['ok@inbox.test', 'Order 1'],
    ['missing@inbox.test', 'Order 2'],
    ['ok@garden.test', 'Invoice 100%'],
  ] as const) {
    await app.send({ to, subject })
  }
  await app.idle()
  const subjects = async (query: string) => (await list(app, query)).messages.map(({ subject }) => subject)
  assert.deepEqual(await subjects(''), ['Invoice 100%', 'Order 2', 'Order 1'])
  assert.deepEqual(await subjects('search=order'), ['Order 2', 'Order 1'])
  assert.deepEqual(await subjects('search=100%25'), ['Invoice 100%'])
  assert.deepEqual(await subjects('search=0_%25'), [])
  assert.deepEqual(await subjects('recipient=ok@INBOX.test'), ['Order 1'])
  assert.deepEqual(await subjects('domain=garden.test'), ['Invoice 100%'])
  assert.deepEqual(await subjects('from=hello@shop.example&state=failed'), ['Order 2'])
  assert.deepEqual(await subjects('class=no-such-class'), [])
  const [failed] = (await list(app, 'state=failed')).messages
  assert.deepEqual(await subjects(`class=${failed?.class}`), ['Order 2'])
  const first = await list(app, 'limit=2')
  assert.equal(first.next, first.messages[1]?.id)
  const second = await list(app, `limit=2&before=${first.next}`)
  assert.deepEqual([second.messages.length, second.next], [1, null])
})

test('a search looks at a window of messages, says how far it came, and goes on from there', async (t) => {
  const folder = temporaryFolder(t)
  const app = await startTestApp(t, 'sqlite', { folder })
  for (const subject of ['needle', 'hay 1', 'hay 2', 'hay 3'])
    await app.send({ to: 'ok@inbox.test', subject })
  await app.idle()
  await app.stop()
  const storage = await openStorage({ kind: 'sqlite', folder, log: silentLog, clock: systemClock })
  const found = await listMessages(storage.db, { search: 'needle', window: 3 })
  assert.deepEqual(found.messages, [])
  assert.ok(found.searchedBackTo !== null && found.next !== null)
  const further = await listMessages(storage.db, { search: 'needle', window: 3, before: found.next })
  assert.deepEqual(
    further.messages.map(({ subject }) => subject),
    ['needle'],
  )
  assert.deepEqual([further.next, further.searchedBackTo], [null, null])
  await storage.stop()
})

scenario('a message is shown as it looks and as it is, and sent again', async (_t, app) => {
  const answer = await app.mailjet('POST', '/v3.1/send', {
    Messages: [
      {
        From: { Email: app.ready.from },
        To: [{ Email: 'ok@inbox.test' }],
        Subject: 'Hello',
        TextPart: 'plain',
        HTMLPart: '<h1>Hi</h1><script>alert(1)</script><img src="https://elsewhere.test/x.png">',
        Attachments: [{ ContentType: 'text/plain', Filename: 'a.txt', Base64Content: 'aGVsbG8=' }],
      },
    ],
  })
  const { Messages } = answer.body as { Messages: { To: { MessageID: number }[] }[] }
  const id = Messages[0]?.To[0]?.MessageID
  const content = await app.admin('GET', `/api/messages/${id}/content`)
  const { header, ...rest } = content.body as { header: string }
  assert.match(header, /^Subject: Hello$/m)
  assert.deepEqual(rest, {
    text: 'plain',
    hasHtml: true,
    attachments: [{ name: 'a.txt', type: 'text/plain', sizeBytes: 5 }],
  })
  const html = await app.admin('GET', `/api/messages/${id}/html`)
  assert.match(html.text, /<h1>Hi<\/h1>/)
  assert.doesNotMatch(html.text, /script|elsewhere/)
  assert.match(html.headers.get('content-security-policy') ?? '', /^sandbox .*frame-ancestors 'self'$/)
  assert.equal(html.headers.get('x-frame-options'), 'SAMEORIGIN')
  const source = await app.admin('GET', `/api/messages/${id}/source`)
  assert.equal(source.headers.get('content-type'), 'message/rfc822')
  assert.match(source.text, /filename="?a\.txt/)

  const again = await app.admin('POST', `/api/messages/${id}/resend`, { to: ['other@inbox.test'] })
  assert.equal(again.status, 201, again.text)
  const [message] = await app.received('other@inbox.test')
  assert.deepEqual([message?.subject, message?.dkim, message?.dmarc], ['Hello', 'pass', 'pass'])
  const bad = await app.admin('POST', `/api/messages/${id}/resend`, { to: ['nobody'] })
  assert.deepEqual([bad.status, (bad.body as { error: { field: string } }).error.field], [400, 'to.0'])
})

scenario('mass mail that is sent again stays mass mail', async (_t, app) => {
  const answer = await app.mailjet('POST', '/v3.1/send', {
    Messages: [
      {
        From: { Email: app.ready.from },
        To: [{ Email: 'ok@inbox.test' }],
        Subject: 'Offers',
        TextPart: 'plain',
        CustomCampaign: 'spring',
      },
    ],
  })
  const { Messages } = answer.body as { Messages: { To: { MessageID: number }[] }[] }
  const again = await app.admin('POST', `/api/messages/${Messages[0]?.To[0]?.MessageID}/resend`, {
    to: ['other@inbox.test'],
  })
  const { messageId } = again.body as { messageId: number }
  const story = await app.admin('GET', `/api/messages/${messageId}`)
  assert.equal((story.body as { story: { message: { lane: string } } }).story.message.lane, 'bulk')
  const [message] = await app.received('other@inbox.test')
  assert.equal(message?.subject, 'Offers')
  const received = await app.admin('GET', `/api/lab/inbox/${message?.id}`)
  assert.match((received.body as { message: { content: string } }).message.content, /^List-Unsubscribe: /m)
})

scenario('what waits is told by site, with the last reply, and a whole site is dropped', async (_t, app) => {
  for (const to of ['busy@inbox.test', 'busy+2@inbox.test', 'busy@garden.test']) await app.send({ to })
  await app.idle()
  const sites = async () => {
    const { body } = await app.admin('GET', '/api/queue/sites')
    return (body as { sites: { domain: string; waiting: number; lastReply: string | null }[] }).sites
  }
  assert.deepEqual(
    (await sites()).map(({ domain, waiting }) => [domain, waiting]),
    [
      ['inbox.test', 2],
      ['garden.test', 1],
    ],
  )
  assert.match((await sites())[0]?.lastReply ?? '', /busy|mailbox|try/i)
  const dropped = await app.admin('POST', '/api/queue/drop', { filter: { domain: 'inbox.test' } })
  assert.equal((dropped.body as { changed: number[] }).changed.length, 2)
  assert.deepEqual(
    (await sites()).map(({ domain }) => domain),
    ['garden.test'],
  )
})
