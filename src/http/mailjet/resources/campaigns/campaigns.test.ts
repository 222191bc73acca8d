/** What drafts become over REST: their states by number, campaigns of both kinds, and the statistics of them. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { createTestCampaigns } from '../../../../../test/campaigns-world.ts'
import { httpStorageTest, type TestHttp } from '../../../../../test/http-server.ts'
import {
  assertSubset,
  oneOf,
  type RestCall,
  restCaller,
  rowsOf,
  stranger,
} from '../../../../../test/rest-calls.ts'
import { cleanUp } from '../../../../../test/storage.ts'
import { startMailings } from '../../../../campaigns/run-mailings.ts'

const wish = { Locale: 'en_US', Subject: 'For [[data:name]]', Sender: 'x', SenderEmail: 'news@shop.example' }

/** A list with two members, and a draft for it that could be sent. */
async function prepare(call: RestCall, more: object = {}) {
  const list = oneOf(await call('POST', 'contactslist', { Name: 'Readers' }))
  for (const Email of ['ana@inbox.example', 'bo@inbox.example']) {
    await call('POST', `contactslist/${list.ID}/managecontact`, { Email, Action: 'addforce' })
  }
  const draft = oneOf(
    await call('POST', 'campaigndraft', { ...wish, ContactsListID: list.ID, SenderName: 'Shop', ...more }),
  )
  await call('POST', `campaigndraft/${draft.ID}/detailcontent`, { 'Html-part': '<p>a</p>' })
  return { list, draft, path: `campaigndraft/${draft.ID}` }
}

/** Sends it, with the worker that a process has. */
async function sendOut(http: TestHttp, t: TestContext, path: string) {
  const call = restCaller(http)
  assert.equal((await call('POST', `${path}/send`)).status, 201)
  const ctx = createTestCampaigns(http.storage)
  const runner = startMailings(ctx, { queue: http.queue })
  cleanUp(t, () => runner.stop())
  for (;;) {
    const row = oneOf(await call('GET', path))
    if (row.Status === 2) return row
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function sendTagged(http: TestHttp, CustomCampaign: string) {
  const message = { From: { Email: 'news@shop.example' }, To: [{ Email: 'ana@a.example' }], TextPart: 'x' }
  const sent = await http.send({ Messages: [{ ...message, Subject: 'Your order', CustomCampaign }] })
  assert.equal(sent.status, 200, sent.text)
}

const ids = (rows: readonly Record<string, unknown>[], name = 'ID') => rows.map((row) => row[name])

httpStorageTest('a campaign shows the draft that it was, and how it was sent', async (http, t) => {
  const call = restCaller(http)
  await call('POST', 'contactmetadata', { Name: 'age', Datatype: 'int' })
  const segment = oneOf(await call('POST', 'contactfilter', { Name: 'All', Expression: 'not (age=1)' }))
  const { list, draft, path } = await prepare(call, { SegmentationID: segment.ID })
  const sent = await sendOut(http, t, path)
  const campaign = oneOf(await call('GET', `campaign/mj.nl=${draft.ID}`))
  const { CreatedAt, FirstMessageID, FromID, SendStartAt, SendEndAt, ...rest } = campaign
  for (const time of [CreatedAt, SendStartAt, SendEndAt]) assert.match(String(time), /^\d{4}-.*Z$/)
  assert.deepEqual(rest, {
    ...{ CampaignType: 2, ClickTracked: 0, CustomValue: `mj.nl=${draft.ID}`, FromEmail: 'news@shop.example' },
    ...{ FromName: 'Shop', HasHtmlCount: 1, HasTxtCount: 0, ID: sent.CampaignID, IsDeleted: false },
    ...{
      IsStarred: false,
      ListID: list.ID,
      NewsLetterID: draft.ID,
      OpenTracked: 0,
      SegmentationID: segment.ID,
    },
    ...{ SpamassScore: 0, Status: 0, Subject: 'For [[data:name]]', UnsubscribeTrackedCount: 1 },
  })
  const messages = rowsOf(await call('GET', `message?CampaignID=${campaign.ID}`))
  assert.deepEqual([messages.length, messages[0]?.ID], [2, FirstMessageID])
  assert.deepEqual([sent.DeliveredAt, sent.Used], [SendEndAt, true])
  assert.match(String(sent.Url), /^http.*\/v\//)

  await sendTagged(http, 'orders')
  const tagged = oneOf(await call('GET', 'campaign/orders')).ID
  for (const [query, expected] of [
    ['FromType=2', [campaign.ID]],
    ['FromType=1', [tagged]],
    ['FromType=3', []],
    [`ContactsListID=${list.ID}`, [campaign.ID]],
    ['FromDomain=SHOP.example&Sort=ID+DESC', [tagged, campaign.ID].toSorted((a, b) => Number(b) - Number(a))],
    ['FromDomain=hop.example', []],
    [`From=News@shop.EXAMPLE&IsNewsletterTool=false`, [tagged]],
    ['CampaignStatus=1', []],
    ['FromTS=0&Period=Day&IsNewsletterTool=1', [campaign.ID]],
    ['ToTS=2020-01-01&FromTS=1', []],
  ] as const) {
    assert.deepEqual(ids(rowsOf(await call('GET', `campaign?${query}`))), expected, query)
  }
  const other = oneOf(await call('POST', 'campaigndraft', { ...wish, EditMode: 'html2', TemplateID: 7 })).ID
  for (const [query, expected] of [
    [`ContactsListID=${list.ID}`, [draft.ID]],
    [`SegmentationID=${segment.ID}`, [draft.ID]],
    ['SegmentationID=1', []],
    ['TemplateID=7', [other]],
    [`CampaignID=${campaign.ID}`, [draft.ID]],
    [`DeliveredAt=${sent.DeliveredAt}`, [draft.ID]],
    ['DeliveredAt=2020-01-01', []],
    ['Modified=false', [other]],
    ['Modified=true', [draft.ID]],
    ['AXTesting=3', []],
    ['EditMode=HTML2', [other]],
  ] as const) {
    assert.deepEqual(ids(rowsOf(await call('GET', `campaigndraft?${query}`))), expected, query)
  }
  const counted = await call('GET', 'campaign?countOnly=1&FromType=2')
  assert.deepEqual(counted.body, { Count: 1, Data: [], Total: 1 })
})

httpStorageTest('what was sent is shown to anybody, and still found when it is deleted', async (http, t) => {
  const call = restCaller(http)
  const { draft, path } = await prepare(call)
  const html = '<p>Dear [[data:name:"reader"]]</p><p>{{mj:permalink}}</p>'
  await call('PUT', `${path}/detailcontent`, { 'Html-part': html })
  const sent = await sendOut(http, t, path)
  const shown = await http.call({ path: new URL(String(sent.Url)).pathname })
  assert.equal(shown.status, 200)
  assert.match(shown.text, /<p>Dear reader<\/p><p>http\S+\/v\/\S+<\/p>/)
  assert.doesNotMatch(shown.text, /This mail was sent to|Unsubscribe/)
  const deleted = oneOf(await call('PUT', path, { Status: -2 }))
  assertSubset(deleted, { Status: -2, DeliveredAt: sent.DeliveredAt, Url: sent.Url })
  const named = `campaignoverview/Campaign%7C${sent.CampaignID}`
  assertSubset(oneOf(await call('GET', named)), { Status: -2, ID: sent.CampaignID })
  assert.deepEqual(rowsOf(await call('GET', 'campaignoverview?All=true')), [])
  assert.equal(oneOf(await call('GET', `campaigndraft/${draft.ID}`)).Status, -2)
})

httpStorageTest('a draft and the campaign that it became have one star', async (http, t) => {
  const call = restCaller(http)
  const { draft, path } = await prepare(call)
  const { CampaignID } = await sendOut(http, t, path)
  const stars = async () => {
    const all = [path, `campaign/${CampaignID}`, `campaignoverview/Campaign%7C${CampaignID}`]
    const rows = await Promise.all(all.map(async (one) => oneOf(await call('GET', one))))
    const [statistics] = rowsOf(await call('GET', `campaignstatistics/${CampaignID}`))
    return [...rows.map((row) => row.IsStarred ?? row.Starred), statistics?.CampaignIsStarred]
  }
  assert.deepEqual(await stars(), [false, false, false, false])
  await call('PUT', `campaign/${CampaignID}`, { IsStarred: true })
  assert.deepEqual(await stars(), [true, true, true, true])
  assert.deepEqual(ids(rowsOf(await call('GET', 'campaign?IsStarred=true'))), [CampaignID])
  assert.equal((await call('PUT', path, { IsStarred: false })).status, 200)
  assert.deepEqual(await stars(), [false, false, false, false])
  assert.deepEqual(rowsOf(await call('GET', 'campaign?IsStarred=true')), [])
  await call('PUT', `campaign/mj.nl=${draft.ID}`, { IsDeleted: true })
  assert.deepEqual(rowsOf(await call('GET', 'campaign')), [])
  assertSubset(oneOf(await call('GET', path)), { Status: 2, IsStarred: false })
})

httpStorageTest('statistics of a campaign name its draft, its list and its segment', async (http, t) => {
  const call = restCaller(http)
  await call('POST', 'contactmetadata', { Name: 'age', Datatype: 'int' })
  const segment = oneOf(await call('POST', 'contactfilter', { Name: 'All', Expression: 'not (age=1)' }))
  const { list, draft, path } = await prepare(call, { SegmentationID: segment.ID })
  const { CampaignID } = await sendOut(http, t, path)
  await sendTagged(http, 'orders')
  const shown = oneOf(await call('GET', `campaignstatistics/mj.nl=${draft.ID}`))
  assertSubset(shown, {
    ...{ CampaignID, CampaignIsStarred: false, CampaignSubject: 'For [[data:name]]' },
    ...{ ContactListName: 'Readers', NewsLetterID: draft.ID, SegmentName: 'All' },
  })
  const start = oneOf(await call('GET', `campaign/${CampaignID}`)).SendStartAt
  assert.equal(shown.CampaignSendStartAt, start)
  const tagged = oneOf(await call('GET', 'campaignstatistics/orders'))
  assertSubset(tagged, {
    ...{ CampaignSubject: 'Your order', ContactListName: '', NewsLetterID: 0, SegmentName: '' },
  })
  for (const [query, expected] of [
    ['', [CampaignID, tagged.CampaignID]],
    [`NewsLetter=${draft.ID}`, [CampaignID]],
    [`ContactsList=${list.ID}`, [CampaignID]],
    [`Segmentation=${segment.ID}`, [CampaignID]],
    ['Subject=Your order', [tagged.CampaignID]],
    ['FromType=1', [tagged.CampaignID]],
    ['FromType=3', []],
    ['Sort=ID DESC', [tagged.CampaignID, CampaignID]],
    ['Sort=Newsletter.ID DESC', [CampaignID, tagged.CampaignID]],
    ['ToTS=1000', []],
  ] as const) {
    const rows = rowsOf(await call('GET', `campaignstatistics?${query.replaceAll(' ', '+')}`))
    assert.deepEqual(ids(rows, 'CampaignID'), expected, query)
  }
  // Messages have the type of their campaign.
  const messages = async (query: string) => ids(rowsOf(await call('GET', `message?${query}`)))
  const mailed = await messages(`CampaignID=${CampaignID}`)
  const others = await messages('CustomCampaign=orders')
  assert.deepEqual([mailed.length, others.length], [2, 1])
  const { FromID } = oneOf(await call('GET', `campaign/${CampaignID}`))
  for (const [query, expected] of [
    ['FromType=2', mailed],
    ['FromType=1', others],
    ['IsNewsletterTool=true', mailed],
    [`ContactsList=${list.ID}`, mailed],
    [`ContactsListID=${list.ID}&FromType=1`, []],
    [`SenderID=${FromID}`, [...mailed, ...others]],
  ] as const) {
    assert.deepEqual(await messages(query), expected, query)
  }
  const nobodys = await stranger(http)
  assert.equal((await nobodys('GET', `campaignstatistics/${CampaignID}`)).status, 404)
  assert.deepEqual(rowsOf(await nobodys('GET', 'campaignstatistics')), [])
})

httpStorageTest('what a state does not allow is refused, and changes nothing', async (http) => {
  const call = restCaller(http)
  const { path } = await prepare(call)
  const refused = async (method: string, to: string, body?: object) => {
    const answer = await call(method, to, body)
    assert.equal(answer.status, 400, answer.text)
    return (answer.body as { ErrorMessage: string }).ErrorMessage
  }
  assert.equal(await refused('DELETE', `${path}/schedule`), 'Newsletter has to be in status programmed')
  const date = new Date(Date.now() + 3_600_000).toISOString()
  assert.equal((await call('POST', `${path}/schedule`, { Date: date })).status, 201)
  assert.equal(await refused('PUT', path, { Subject: 'Other' }), 'Newsletter has to be in status draft')
  assert.equal(
    await refused('PUT', path, { IsStarred: true, Status: -2 }),
    'Newsletter has to be in status draft, sent or archived',
  )
  assertSubset(oneOf(await call('GET', path)), { Status: 1, IsStarred: false, Subject: wish.Subject })
  assert.equal((await call('DELETE', `${path}/schedule`)).status, 204)
  // A wrong status keeps the rest of the call from being done.
  assert.equal(await refused('PUT', path, { Subject: 'Other', Status: 2 }), 'Object properties invalid')
  assert.equal(oneOf(await call('GET', path)).Subject, wish.Subject)
  assertSubset(oneOf(await call('PUT', path, { Subject: 'Other', Status: -1 })), {
    Status: -1,
    Subject: 'Other',
  })
  const sentence = 'Newsletter has to be in status draft or programmed'
  assert.equal(await refused('POST', `${path}/send`), sentence)
  assertSubset(oneOf(await call('PUT', path, { Subject: 'Back', Status: 0 })), { Status: 0, Subject: 'Back' })
  await call('PUT', path, { Status: -2 })
  const recipients = { Recipients: [{ Email: 'boss@inbox.example' }] }
  assert.equal(await refused('POST', `${path}/test`, recipients), sentence)
  assert.deepEqual(await http.storedMessages(), [])
})

httpStorageTest('archived, the sent one still shows that it was delivered', async (http, t) => {
  const call = restCaller(http)
  const { draft, path } = await prepare(call)
  const sent = await sendOut(http, t, path)
  const other = oneOf(await call('POST', 'campaigndraft', wish))
  const archived = oneOf(await call('PUT', path, { Status: -1 }))
  assert.deepEqual([archived.Status, archived.DeliveredAt, archived.Url], [-1, sent.DeliveredAt, sent.Url])
  for (const [query, expected] of [
    ['IsHandled=true', [draft.ID]],
    ['IsCampaign=false', [other.ID]],
    ['IsArchived=true', [draft.ID]],
    ['Status=Draft', [other.ID]],
    ['Status=-1', [draft.ID]],
  ] as const) {
    assert.deepEqual(ids(rowsOf(await call('GET', `campaigndraft?${query}`))), expected, query)
  }
  assert.equal(oneOf(await call('PUT', path, { Status: 0 })).Status, 2)
})

httpStorageTest('what cannot be is refused, with what would be right', async (http) => {
  const call = restCaller(http)
  const { path } = await prepare(call)
  for (const [method, to, body, why] of [
    ['POST', 'campaigndraft', { ...wish, Locale: 'English' }, /'English' is no locale; write it like en_US/],
    ['POST', 'campaigndraft', { ...wish, EditMode: 'html' }, /EditMode is invalid.*"tool2", "html2", "mjml"/],
    ['POST', 'newsletter', { ...wish, EditMode: 'mjml' }, /EditMode is invalid.*"tool", "html"/],
    ['POST', 'newsletter', { ...wish, Footer: 'mine' }, /Footer is invalid.*"default", "none"/],
    ['PUT', path, { SenderEmail: 'boss' }, /'boss' is not an e-mail address; write name@domain/],
    ['PUT', path, { ReplyEmail: 'a@a.example\r\nBcc: b@b.example' }, /is not an e-mail address/],
    ['PUT', path, { Subject: '' }, /Subject is invalid/],
    ['PUT', path, { ContactsListALT: 'nobodys' }, /There is no contacts list with that ContactsListALT/],
    ['PUT', path, { SegmentationALT: 'nobodys' }, /There is no segmentation with that SegmentationALT/],
    ['PUT', path, { SegmentationID: 1 }, /this API key has no segment 1/],
    ['POST', `${path}/detailcontent`, { Headers: { 'X-A\r\nBcc': 'b@b.example' } }, /X-A/],
    ['POST', `${path}/schedule`, {}, /Date is invalid.*NOW or a time such as/],
    ['POST', `${path}/schedule`, { Date: '2026-13-45T00:00:00Z' }, /Date is invalid/],
    ['PUT', `${path}/schedule`, { Date: '2020-01-01T00:00:00+02:00' }, /The date must be in the future/],
    ['POST', `${path}/schedule`, { Date: '2120-01-01T00:00:00Z' }, /too far in the future/],
    ['POST', `${path}/test`, {}, /Recipients must be an array of 1 to 100/],
    ['POST', `${path}/test`, { Recipients: [{ Name: 'Ana' }] }, /must have an Email that is an address/],
    ['POST', `${path}/test`, { Recipients: [{ Email: 'ana' }] }, /must have an Email that is an address/],
  ] as const) {
    const answer = await call(method, to, body)
    assert.equal(answer.status, 400, `${method} ${to} ${JSON.stringify(body)}: ${answer.text}`)
    const { ErrorMessage, ErrorInfo } = answer.body as Record<string, string>
    assert.match(`${ErrorMessage}: ${ErrorInfo}`, why)
  }
  assertSubset(oneOf(await call('GET', path)), { Status: 0, Used: false, Subject: wish.Subject })
  const line = oneOf(await call('PUT', path, { Subject: 'One\r\nBcc: b@b.example', SenderName: 'A\nB' }))
  assert.deepEqual([line.Subject, line.SenderName], ['One Bcc: b@b.example', 'A B'])
  assert.equal((await call('DELETE', path)).status, 405)
})

httpStorageTest(
  'a newsletter keeps what the old builder wrote, and is sent like a draft',
  async (http, t) => {
    const call = restCaller(http)
    const { list } = await prepare(call)
    const made = oneOf(
      await call('POST', 'newsletter', {
        ...wish,
        ContactsListId: list.ID,
        HeaderText: 'Hello',
        EditMode: 'HTML',
      }),
    )
    const path = `newsletter/${made.ID}`
    const changed = oneOf(
      await call('PUT', path, { FooterWysiwygType: 3, testaddress: 'boss@inbox.example' }),
    )
    assertSubset(changed, {
      ...{ ContactsListID: list.ID, EditMode: 'html', FooterWYSIWYGType: 3, HeaderText: 'Hello' },
      ...{ Permalink: 'default', TestAddress: 'boss@inbox.example' },
    })
    assert.equal((await call('PUT', path, { FooterWysiwygType: 3 })).status, 304)
    await call('PUT', `${path}/detailcontent`, { 'Text-part': 'a' })
    const sent = await sendOut(http, t, path)
    assertSubset(sent, { IsHandled: true, HeaderText: 'Hello' })
    assertSubset(oneOf(await call('GET', `campaign/${sent.CampaignID}`)), {
      ...{ CustomValue: `mj.nl=${made.ID}`, HasHtmlCount: 0, HasTxtCount: 1, NewsLetterID: made.ID },
    })
    assert.deepEqual(rowsOf(await call('GET', 'campaigndraft?IsHandled=true')), [])
    assert.deepEqual(ids(rowsOf(await call('GET', 'newsletter?IsHandled=true'))), [made.ID])
  },
)
