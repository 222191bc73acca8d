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

async function audienceOf(app: TestApp, id: number) {
  const answer = await app.admin('GET', `/api/campaigns/${id}/audience`)
  assert.equal(answer.status, 200, answer.text)
  const { countedAt, ...counts } = answer.body as { countedAt: number; recipients: number; excluded: object }
  assert.ok(countedAt > 0 && countedAt <= Date.now(), String(countedAt))
  return counts
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
  assert.deepEqual(check.body, { problems: [], warnings: [] })
  assert.deepEqual(await audienceOf(app, id), { recipients: 3, excluded: {} })
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

scenario('a list of campaigns tells what became of the mail of each', async (_t, app) => {
  const listId = await makeList(app, [{ email: 'ana@inbox.example' }, { email: 'missing@inbox.example' }])
  const sent = await makeCampaign(app, listId)
  await post(app, `/api/campaigns/${sent}/send`)
  await until(app, sent, 'sent')
  // Mail with a name is counted under campaigns too, which are none of these.
  const named = await app.mailjet('POST', '/v3.1/send', {
    Messages: ['one', 'two'].map((CustomCampaign) => ({
      ...{ From: { Email: app.ready.from }, To: [{ Email: 'ana@inbox.example' }], Subject: 'Order' },
      ...{ TextPart: 'Thanks', CustomCampaign },
    })),
  })
  assert.equal(named.status, 200, named.text)
  const again = await makeCampaign(app, listId)
  await post(app, `/api/campaigns/${again}/send`)
  await until(app, again, 'sent')
  const draft = await makeCampaign(app, listId)
  const { body } = await app.admin('GET', '/api/campaigns')
  const { campaigns } = body as {
    campaigns: { id: number; counts: { processed: number; sent: number; hardBounced: number } | null }[]
  }
  assert.deepEqual(
    campaigns.map(({ id, counts }) => [id, counts && [counts.processed, counts.sent, counts.hardBounced]]),
    [
      [draft, null],
      // Whose address does not exist is left out the second time.
      [again, [1, 1, 0]],
      [sent, [2, 1, 1]],
    ],
  )
})

scenario('content that was changed since it was read is kept', async (_t, app) => {
  const { campaign } = (await post(app, '/api/campaigns', {})) as { campaign: Campaign }
  const path = `/api/campaigns/${campaign.id}/content`
  const readContent = async () => {
    const { body } = await app.admin('GET', path)
    return (body as { content: { html: string | null; contentId: number } }).content
  }
  const { contentId: none } = await readContent()
  const put = (html: string, contentId?: number) => app.admin('PUT', path, { html, contentId })
  assert.equal((await put('<p>First</p>', none)).status, 200)
  const first = await readContent()
  const second = await put('<p>Second</p>', first.contentId)
  assert.equal(second.status, 200, second.text)
  for (const old of [none, first.contentId]) {
    const refused = await put('<p>Late</p>', old)
    assert.equal(refused.status, 409, refused.text)
    assert.match(refused.text, /"conflict".*changed by somebody else meanwhile/)
  }
  assert.deepEqual(await readContent(), (second.body as { content: object }).content)
  assert.equal((await put('<p>Whatever it was</p>')).status, 200)
  assert.equal((await readContent()).html, '<p>Whatever it was</p>')
})

scenario('whom nothing can be made for gets nothing, and the story says why', async (_t, app) => {
  const listId = await makeList(app, [
    { email: 'ana@inbox.example', first: 'Ana' },
    { email: 'bo@inbox.example' },
  ])
  const id = await makeCampaign(app, listId, { html: '<p>Dear {{data:first}}</p>' })
  await post(app, `/api/campaigns/${id}/send`)
  const { progress } = await until(app, id, 'sent')
  assert.deepEqual([progress.delivered, progress.blocked, progress.queued], [1, 1, 0])
  const { body } = await app.admin('GET', `/api/campaigns/${id}/recipients?state=handed`)
  const { recipients } = body as { recipients: { address: string; delivery: string; said: string }[] }
  assert.deepEqual(
    recipients.map(({ address, delivery, said }) => [address, delivery, said]),
    [
      ['ana@inbox.example', 'delivered', recipients[0]?.said],
      ['bo@inbox.example', 'blocked', recipients[1]?.said],
    ],
  )
  assert.match(recipients[1]?.said ?? '', /^html: .*Unknown identifier: data:first/)
  const file = await app.admin('GET', `/api/campaigns/${id}/recipients.csv`)
  assert.equal(file.text.split('\n')[0], 'email,state,reason,delivery,said,message_id')
  assert.match(file.text, /^bo@inbox\.example,handed,,blocked,/m)
  const overview = await app.admin('GET', '/api/overview')
  const { attention } = overview.body as { attention: { id: string; subject: string; name?: string }[] }
  assert.deepEqual(
    attention.filter((one) => one.id.startsWith('campaign')).map((one) => [one.id, one.subject, one.name]),
    [['campaign-blocked', String(id), 'Spring']],
  )
})

scenario('what is missing is told all at once, and nothing is sent', async (_t, app) => {
  const made = (await post(app, '/api/campaigns', { senderEmail: 'boss@elsewhere.example' })) as {
    campaign: Campaign
  }
  const { id } = made.campaign
  const check = await app.admin('GET', `/api/campaigns/${id}/check`)
  const { problems } = check.body as { problems: { code: string }[] }
  const codes = ['sender-not-active', 'no-subject', 'no-content', 'no-list']
  assert.deepEqual(
    problems.map(({ code }) => code),
    codes,
  )
  for (const [action, body] of [
    ['send', {}],
    ['schedule', { at: '2020-01-01T00:00:00Z' }],
    ['test', { to: ['ana@inbox.example'] }],
  ] as const) {
    const refused = await app.admin('POST', `/api/campaigns/${id}/${action}`, body)
    assert.equal(refused.status, 400, refused.text)
    assert.match(refused.text, /is not an active sender .* There is no subject/)
  }
  for (const action of ['pause', 'resume', 'cancel', 'unschedule', 'restore']) {
    assert.equal((await app.admin('POST', `/api/campaigns/${id}/${action}`, {})).status, 409, action)
  }
  assert.equal((await read(app, id)).campaign.state, 'draft')
})

scenario(
  'a test goes to whoever is named, with ways out that work; a preview shows one contact',
  async (_t, app) => {
    const listId = await makeList(app, [{ email: 'ana@inbox.example', first: 'Ana' }])
    const id = await makeCampaign(app, listId, {
      subject: 'For {{data:first:"you"}}',
      html: '<p onclick="x()">Dear {{data:first:"reader"}}</p><script>alert(1)</script>',
    })
    await post(app, `/api/campaigns/${id}/test`, { to: ['Ana <ana@inbox.example>', 'boss@inbox.example'] })
    await app.idle()
    assert.match(await source(app, 'boss@inbox.example'), /^Subject: For you\r?$/m)
    const { html } = await readIncoming(Buffer.from(await source(app, 'ana@inbox.example')))
    const [, way = ''] = /href="([^"]+)"[^>]*>Unsubscribe/.exec(html ?? '') ?? []
    const page = await app.inject({ method: 'GET', url: way.slice(new URL(way).origin.length), headers: {} })
    assert.match(page.body, /Unsubscribe from this list/)
    assert.deepEqual((await read(app, id)).campaign.state, 'draft')

    const { contacts } = (await app.admin('GET', '/api/contacts')).body as { contacts: { id: number }[] }
    const preview = await app.admin('GET', `/api/campaigns/${id}/preview?contact=${contacts[0]?.id}`)
    const shown = preview.body as { to: string; subject: string; hasHtml: boolean; problem: string }
    assert.deepEqual(
      [shown.to, shown.subject, shown.hasHtml, shown.problem],
      ['ana@inbox.example', 'For Ana', true, ''],
    )
    const asPage = await app.admin('GET', `/api/campaigns/${id}/preview/html?contact=${contacts[0]?.id}`)
    assert.match(asPage.headers.get('content-security-policy') ?? '', /^sandbox/)
    assert.match(asPage.text, /Dear Ana/)
    assert.doesNotMatch(asPage.text, /script|onclick/)
  },
)

scenario('the mail of one recipient is sent again while they are on the list', async (_t, app) => {
  const emails = ['ana@inbox.example', 'bo@inbox.example']
  const listId = await makeList(
    app,
    emails.map((email) => ({ email })),
  )
  const id = await makeCampaign(app, listId)
  await post(app, `/api/campaigns/${id}/send`)
  await until(app, id, 'sent')
  const { body } = await app.admin('GET', `/api/campaigns/${id}/recipients`)
  const { recipients } = body as { recipients: { address: string; deliveryId: number }[] }
  const resend = (email: string, to?: string) =>
    app.admin(
      'POST',
      `/api/messages/${recipients.find(({ address }) => address === email)?.deliveryId}/resend`,
      to === undefined ? {} : { to: [to] },
    )
  const take = (email: string) =>
    post(app, '/api/contacts', { email, lists: [{ id: listId, action: 'remove' }] })
  assert.equal((await resend('ana@inbox.example')).status, 201)
  await take('ana@inbox.example')
  for (const refused of [
    await resend('ana@inbox.example'),
    await resend('bo@inbox.example', 'ana@inbox.example'),
  ]) {
    assert.equal(refused.status, 409, refused.text)
    assert.match(refused.text, /ana@inbox\.example is not on the list of this campaign any more/)
  }
  assert.equal((await resend('bo@inbox.example', 'colleague@inbox.example')).status, 201)
})

scenario(
  'a copy is a draft with the same content; the archive takes and gives back; a deleted one is gone',
  async (_t, app) => {
    const listId = await makeList(app, [{ email: 'ana@inbox.example' }])
    const id = await makeCampaign(app, listId)
    const copy = (await post(app, `/api/campaigns/${id}/duplicate`, { title: 'Again' })) as {
      campaign: Campaign
    }
    const content = await app.admin('GET', `/api/campaigns/${copy.campaign.id}/content`)
    assert.equal((content.body as { content: { html: string } }).content.html, '<p>Hello</p>')
    await post(app, `/api/campaigns/${id}/send`)
    await until(app, id, 'sent')
    const edited = await app.admin('PATCH', `/api/campaigns/${id}`, { subject: 'Other' })
    assert.equal(edited.status, 409)
    assert.match(edited.text, /it has been sent: duplicate it/)
    assert.equal((await app.admin('PATCH', `/api/campaigns/${id}`, { isStarred: true })).status, 200)
    await post(app, `/api/campaigns/${id}/archive`)
    const listed = async (query: string) => {
      const { body } = await app.admin('GET', `/api/campaigns${query}`)
      return (body as { campaigns: Campaign[] }).campaigns.map((one) => one.id)
    }
    assert.deepEqual(await listed(''), [copy.campaign.id])
    assert.deepEqual(await listed('?state=archived'), [id])
    assert.deepEqual(await listed('?search=AGAIN'), [copy.campaign.id])
    const back = (await post(app, `/api/campaigns/${id}/restore`)) as { campaign: Campaign }
    assert.equal(back.campaign.state, 'sent')
    assert.equal((await app.admin('DELETE', `/api/campaigns/${id}`)).status, 200)
    assert.equal((await app.admin('GET', `/api/campaigns/${id}`)).status, 404)
  },
)

scenario(
  'a bounce and a complaint that come later are those of one recipient, and who leaves gets no more',
  async (_t, app) => {
    const listId = await makeList(app, [
      { email: 'ana@inbox.example' },
      { email: 'bounce-later@inbox.example' },
      { email: 'spam@inbox.example' },
    ])
    const id = await makeCampaign(app, listId)
    await post(app, `/api/campaigns/${id}/send`)
    await until(app, id, 'sent')
    const { html } = await readIncoming(Buffer.from(await source(app, 'ana@inbox.example')))
    const [, way = ''] = /href="([^"]+)"[^>]*>Unsubscribe/.exec(html ?? '') ?? []
    const left = await app.inject({
      method: 'POST',
      url: way.slice(new URL(way).origin.length),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'List-Unsubscribe=One-Click',
    })
    assert.equal(left.status, 200)
    for (;;) {
      const { progress } = await read(app, id)
      const { delivered, hardBounced, complained, unsubscribed } = progress
      if (hardBounced === 1 && complained === 1 && unsubscribed === 1) {
        assert.equal(delivered, 2)
        break
      }
    }
    const copy = (await post(app, `/api/campaigns/${id}/duplicate`)) as { campaign: Campaign }
    const check = await app.admin('GET', `/api/campaigns/${copy.campaign.id}/check`)
    const { problems } = check.body as { problems: { code: string }[] }
    assert.deepEqual(await audienceOf(app, copy.campaign.id), {
      recipients: 0,
      excluded: { unsubscribed: 1, 'hard-bounce': 1, complaint: 1 },
    })
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['no-recipients'],
    )
  },
  { env: { PARAVION_LAB_REPORT_SECONDS: '0' } },
)

scenario(
  'mail that left without tracking says so, whatever is said today; its counts are found by either number',
  async (_t, app) => {
    const listId = await makeList(app, [{ email: 'ana@inbox.example' }])
    const quiet = await makeCampaign(app, listId)
    const early = await app.admin('GET', `/api/stats/campaigns/${quiet}`)
    assert.deepEqual([early.status, /no mail of campaign/.test(early.text)], [404, true], early.text)
    await post(app, `/api/campaigns/${quiet}/send`)
    const { campaign, progress } = await until(app, quiet, 'sent')
    await app.admin('PUT', '/api/tracking', { of: 'key', opens: true })
    const loud = await makeCampaign(app, listId)
    await post(app, `/api/campaigns/${loud}/send`)
    await until(app, loud, 'sent')

    const trackedOf = async (path: string) =>
      ((await app.admin('GET', path)).body as { tracked?: object }).tracked
    const nothing = { opens: false, clicks: false }
    const opens = { opens: true, clicks: false }
    assert.equal(progress.opened, 0)
    assert.deepEqual(await trackedOf(`/api/campaigns/${quiet}`), nothing)
    assert.deepEqual(await trackedOf(`/api/campaigns/${loud}`), opens)
    assert.deepEqual(await trackedOf(`/api/stats/campaigns/${quiet}`), nothing)
    assert.deepEqual(await trackedOf(`/api/stats/campaigns/${loud}`), opens)
    const listed = (await app.admin('GET', '/api/campaigns')).body as {
      campaigns: { id: number; tracked: object | null }[]
    }
    assert.deepEqual(
      listed.campaigns.map(({ id, tracked }) => [id, tracked]),
      [
        [loud, opens],
        [quiet, nothing],
      ],
    )

    const named = await app.admin('GET', `/api/stats/campaigns/${campaign.campaignId}`)
    const same = await app.admin('GET', `/api/stats/campaigns/${quiet}`)
    assert.notEqual(campaign.campaignId, quiet)
    assert.deepEqual([same.status, same.body], [200, named.body])
    const stats = await app.admin('GET', `/api/stats?campaign=${quiet}`)
    assert.equal((stats.body as { totals: { sent: number } }).totals.sent, 1, stats.text)
    assert.equal((await app.admin('GET', `/api/stats/campaigns/${listId}`)).status, 404)

    const other = (await post(app, '/api/keys', { name: 'Other' })) as { key: { publicKey: string } }
    const foreign = await app.admin('GET', `/api/stats/campaigns/${quiet}?key=${other.key.publicKey}`)
    assert.equal(foreign.status, 404, 'each key sees its own')
  },
)
