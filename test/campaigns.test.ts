/** Campaigns from end to end, on both databases: written, checked, sent, stopped, resumed. */
import assert from 'node:assert/strict'
import { readIncoming } from '../src/mail/incoming-message.ts'
import { scenario, type TestApp } from './app.ts'

export type Campaign = {
  id: number
  state: string
  reason: string
  campaignId: number | null
  allowed: string[]
}

async function post(app: TestApp, path: string, body: unknown = {}): Promise<unknown> {
  const answer = await app.admin('POST', path, body)
  assert.ok(answer.status < 300, `${path}: ${answer.text}`)
  return answer.body
}

/** A list with these members; each with the property `first`. */
async function makeList(
  app: TestApp,
  members: readonly { email: string; first?: string }[],
): Promise<number> {
  const { list } = (await post(app, '/api/contact-lists', { name: 'Readers' })) as { list: { id: number } }
  await app.admin('POST', '/api/contact-properties', { name: 'first', type: 'str' })
  for (const { email, first } of members) {
    await post(app, '/api/contacts', {
      email,
      ...(first !== undefined && { properties: { first } }),
      lists: [{ id: list.id, action: 'addforce' }],
    })
  }
  return list.id
}

async function makeCampaign(
  app: TestApp,
  listId: number,
  { html = '<p>Hello</p>', subject = 'News' }: { html?: string; subject?: string } = {},
): Promise<number> {
  const { campaign } = (await post(app, '/api/campaigns', {
    title: 'Spring',
    subject,
    senderEmail: app.ready.from,
    senderName: 'Shop',
    listId,
  })) as { campaign: Campaign }
  const saved = await app.admin('PUT', `/api/campaigns/${campaign.id}/content`, { html })
  assert.equal(saved.status, 200, saved.text)
  return campaign.id
}

async function read(app: TestApp, id: number) {
  const answer = await app.admin('GET', `/api/campaigns/${id}`)
  assert.equal(answer.status, 200, answer.text)
  return answer.body as {
    campaign: Campaign
    progress: Record<string, number> & { excluded: Record<string, number> }
  }
}

/** Waits for the state, for what is being sent, and for the counts. */
async function until(app: TestApp, id: number, state: string) {
  for (;;) {
    const now = await read(app, id)
    if (now.campaign.state === state) break
    assert.ok(['sending', 'scheduled'].includes(now.campaign.state), JSON.stringify(now))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await app.idle()
  return read(app, id)
}

async function source(app: TestApp, to: string): Promise<string> {
  const [message] = await app.received(to)
  assert.ok(message, `nothing came to ${to}`)
  const answer = await app.admin('GET', `/api/lab/inbox/${message.id}`)
  assert.equal(answer.status, 200, answer.text)
  return (answer.body as { message: { content: string } }).message.content
}

scenario('a campaign reaches each member of the list once, with what is theirs alone', async (_t, app) => {
  const listId = await makeList(app, [
    { email: 'ana@inbox.example', first: 'Ana' },
    { email: 'bo@inbox.example' },
    { email: 'missing@inbox.example', first: 'Mis' },
  ])
  const id = await makeCampaign(app, listId, {
    subject: 'A word for [[data:first:"you"]]',
    html: '<p>Dear {{data:first:"reader"}}</p><p><a href="https://shop.example/?m={{mj:contact.email}}">Shop</a> <a href="[[PERMALINK]]">online</a></p>',
  })
  await app.admin('PATCH', `/api/campaigns/${id}`, { trackClicks: true, trackOpens: true })
  const check = await app.admin('GET', `/api/campaigns/${id}/check`)
  assert.deepEqual(check.body, { problems: [], recipients: 3, excluded: {} })
  await post(app, `/api/campaigns/${id}/send`)
  const { campaign, progress } = await until(app, id, 'sent')
  assert.deepEqual(
    [progress.total, progress.pending, progress.queued, progress.delivered, progress.hardBounced],
    [3, 0, 0, 2, 1],
  )
  assert.deepEqual(campaign.allowed, ['archive', 'delete'])
  const mail = await source(app, 'ana@inbox.example')
  assert.match(mail, /^Subject: A word for Ana\r?$/m)
  assert.match(mail, /^To: ana@inbox\.example\r?$/m)
  assert.match(mail, /^List-Unsubscribe: </m)
  assert.match(mail, /^List-Id: <l/m)
  const { html } = await readIncoming(Buffer.from(mail))
  assert.match(html ?? '', /<p>Dear Ana<\/p>/)
  assert.match(html ?? '', /Unsubscribe<\/a><\/p><img src=/, 'a way out, and the pixel')
  const [, shop = '', online = ''] =
    /href="([^"]+)">Shop<\/a> <a href="([^"]+)">online/.exec(html ?? '') ?? []
  const followed = await fetch(shop, { redirect: 'manual' })
  assert.equal(followed.headers.get('location'), 'https://shop.example/?m=ana@inbox.example')
  const page = await fetch(online)
  const shown = await page.text()
  assert.equal(page.status, 200, shown)
  assert.match(page.headers.get('content-security-policy') ?? '', /^sandbox .*default-src 'none'/)
  assert.match(shown, /<title>A word for Ana<\/title>/)
  assert.match(shown, /href="https:\/\/shop\.example\/\?m=ana@inbox\.example"/, 'nothing is tracked there')
  assert.match(await source(app, 'bo@inbox.example'), /^Subject: A word for you\r?$/m)
})
