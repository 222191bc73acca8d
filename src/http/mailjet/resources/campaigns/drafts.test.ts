/** campaigndraft, newsletter, campaign and campaignoverview on the wire. */
import assert from 'node:assert/strict'
import { httpStorageTest, type TestHttp } from '../../../../../test/http-server.ts'
import {
  assertEmpty,
  assertRefused,
  assertSubset,
  oneOf,
  restCaller,
  rowsOf,
  stranger,
} from '../../../../../test/rest-calls.ts'
import { beginMailing } from '../../../../campaigns/change-state.ts'
import { findMailing } from '../../../../campaigns/store-mailings.ts'
import type { MailingId } from '../../../../mail/ids.ts'
import { systemClock } from '../../../../runtime/clock.ts'
import { silentLog } from '../../../../runtime/log.ts'

const wish = { Locale: 'en_US', Subject: 'News', Sender: 'x', SenderEmail: 'News@shop.example' }

httpStorageTest('a draft has the shape of the original, and unset properties are left out', async (http) => {
  const call = restCaller(http)
  const made = oneOf(await call('POST', 'campaigndraft', wish))
  const { ID, CreatedAt, ...rest } = made
  assert.match(String(CreatedAt), /^\d{4}-.*Z$/)
  assert.deepEqual(Object.entries(rest), [
    ['AXFraction', 0],
    ['AXFractionName', ''],
    ['Current', 0],
    ['DeliveredAt', ''],
    ['EditMode', 'tool2'],
    ['IsStarred', false],
    ['IsTextPartIncluded', false],
    ['Locale', 'en_US'],
    ['ModifiedAt', ''],
    ['Preset', ''],
    ['Sender', 'x'],
    ['SenderEmail', 'news@shop.example'],
    ['SenderName', ''],
    ['Status', 0],
    ['Subject', 'News'],
    ['Title', ''],
    ['Url', ''],
    ['Used', false],
  ])
  assert.deepEqual(rowsOf(await call('GET', `campaigndraft/${ID}`)), [made])
  const missing = await call('POST', 'campaigndraft', { Locale: 'en_US' })
  assert.equal(missing.status, 400)
  assert.match(missing.text, /Subject/)
  const nobodys = await stranger(http)
  assert.equal((await nobodys('GET', `campaigndraft/${ID}`)).status, 404)
  assert.equal((await nobodys('PUT', `campaigndraft/${ID}`, { Subject: 'Mine' })).status, 404)
  assert.equal((await nobodys('POST', `campaigndraft/${ID}/send`)).status, 404)
})

httpStorageTest('lists and segments are named by number or by name; 0 takes a segment away', async (http) => {
  const call = restCaller(http)
  const list = oneOf(await call('POST', 'contactslist', { Name: 'Readers' }))
  await call('POST', 'contactmetadata', { Name: 'age', Datatype: 'int' })
  const segment = oneOf(await call('POST', 'contactfilter', { Name: 'Young', Expression: 'age<30' }))
  const made = oneOf(
    await call('POST', 'campaigndraft', {
      ...wish,
      ContactsListALT: list.Address,
      SegmentationALT: 'Young',
    }),
  )
  assertSubset(made, { ContactsListID: list.ID, SegmentationID: segment.ID })
  const bare = { ContactsList: list.ID, Segmentation: segment.ID, Template: 7 }
  assertSubset(oneOf(await call('POST', 'newsletter', { ...wish, ...bare })), {
    ...{ ContactsListID: list.ID, SegmentationID: segment.ID, TemplateID: 7 },
  })
  const changed = oneOf(await call('PUT', `campaigndraft/${made.ID}`, { SegmentationID: 0, Title: 'T' }))
  assert.deepEqual([changed.SegmentationID, changed.Title], [undefined, 'T'])
  assert.equal((await call('PUT', `campaigndraft/${made.ID}`, { ContactsListID: 1 })).status, 400)
  assert.deepEqual(
    rowsOf(await call('GET', `campaigndraft?ContactsList=${list.ID}`)).map((row) => row.ID),
    [made.ID],
  )
})

httpStorageTest('POST empties the parts that it does not name, PUT keeps them', async (http) => {
  const call = restCaller(http)
  const { ID } = oneOf(await call('POST', 'campaigndraft', wish))
  const path = `campaigndraft/${ID}/detailcontent`
  const empty = { Headers: {}, 'Html-part': '', MJMLContent: '', 'Text-part': '' }
  assert.deepEqual(rowsOf(await call('GET', path)), [empty])
  assert.equal((await call('POST', path, { 'Html-part': '<p>a</p>', 'Text-part': 'a' })).status, 201)
  assert.deepEqual(rowsOf(await call('PUT', path, { 'Text-part': 'b' })), [
    { ...empty, 'Html-part': '<p>a</p>', 'Text-part': 'b' },
  ])
  assert.deepEqual(oneOf(await call('POST', path, { 'Text-part': 'c' })), { ...empty, 'Text-part': 'c' })
  assertSubset(oneOf(await call('GET', `campaigndraft/${ID}`)), { IsTextPartIncluded: true })
})

httpStorageTest('what is not ready is refused in the sentences of the original', async (http) => {
  const call = restCaller(http)
  const list = oneOf(await call('POST', 'contactslist', { Name: 'Readers' }))
  const draft = oneOf(await call('POST', 'campaigndraft', { ...wish, SenderEmail: 'boss@other.example' }))
  const send = async () => (await call('POST', `campaigndraft/${draft.ID}/send`)).text
  assert.match(await send(), /"ErrorMessage":"You need to specify a valid and active sender"/)
  await call('PUT', `campaigndraft/${draft.ID}`, { SenderEmail: 'news@shop.example' })
  assert.match(await send(), /"ErrorMessage":"You need to specify a text or HTML part"/)
  await call('POST', `campaigndraft/${draft.ID}/detailcontent`, { 'Text-part': '{{data:' })
  assert.match(await send(), /"ErrorMessage":"The template language of the content has a fault"/)
  await call('POST', `campaigndraft/${draft.ID}/detailcontent`, { 'Text-part': 'a' })
  assert.match(await send(), /"ErrorMessage":"You need to specify a contacts list"/)
  await call('PUT', `campaigndraft/${draft.ID}`, { ContactsListID: list.ID })
  assert.match(await send(), /"ErrorMessage":"The contacts list has no active subscribed recipient"/)
  await call('POST', `contactslist/${list.ID}/managecontact`, { Email: 'ana@a.example', Action: 'addforce' })
  for (const [date, message] of [
    ['2020-01-01T00:00:00Z', 'The date must be in the future'],
    ['tomorrow', 'Object properties invalid'],
  ] as const) {
    const refused = await call('POST', `campaigndraft/${draft.ID}/schedule`, { date })
    assert.equal(refused.status, 400)
    assert.match(refused.text, new RegExp(`"ErrorMessage":"${message}"`))
  }
  const sent = await call('POST', `campaigndraft/${draft.ID}/send`)
  assert.equal(sent.status, 201)
  assert.deepEqual(oneOf(sent), { Status: 'Programmed' })
  const again = await call('POST', `campaigndraft/${draft.ID}/send`)
  assert.equal(again.status, 400)
  assert.match(again.text, /"ErrorMessage":"Newsletter has to be in status draft or programmed"/)
  const edited = await call('PUT', `campaigndraft/${draft.ID}`, { Subject: 'Other' })
  assert.equal(edited.status, 400)
})

httpStorageTest('a status may be set to archived, back, and to deleted', async (http) => {
  const call = restCaller(http)
  const { ID } = oneOf(await call('POST', 'campaigndraft', wish))
  for (const Status of [-1, 0, -2]) {
    assert.equal(oneOf(await call('PUT', `campaigndraft/${ID}`, { Status })).Status, Status)
  }
  assert.equal((await call('PUT', `campaigndraft/${ID}`, { Status: 2 })).status, 400)
  assert.deepEqual(rowsOf(await call('GET', 'campaigndraft')), [])
  assert.equal(rowsOf(await call('GET', 'campaigndraft?IsDeleted=true'))[0]?.ID, ID)
})

httpStorageTest('a newsletter is made in the same way, and is no campaign draft', async (http) => {
  const call = restCaller(http)
  const made = oneOf(await call('POST', 'newsletter', { ...wish, footer: 'none', PolitenessMode: 2 }))
  assertSubset(made, {
    ...{ EditMode: 'tool', EditType: 'full', Footer: 'none', Permalink: 'default', PolitenessMode: 2 },
    ...{ IsHandled: false, Callback: '' },
  })
  assert.equal((await call('GET', `campaigndraft/${made.ID}`)).status, 404)
  const path = `newsletter/${made.ID}/detailcontent`
  assert.deepEqual(oneOf(await call('POST', path, { 'Html-part': '<p>a</p>' })), {
    'Html-part': '<p>a</p>',
    'Text-part': '',
  })
  assertEmpty(await call('DELETE', path), 204)
  assert.deepEqual(rowsOf(await call('GET', path)), [{ 'Html-part': '', 'Text-part': '' }])
})

httpStorageTest('tagged mail is a campaign too, of the current day unless a time is given', async (http) => {
  const call = restCaller(http)
  const sent = await http.send({
    Messages: [
      {
        From: { Email: 'news@shop.example' },
        To: [{ Email: 'ana@a.example' }],
        Subject: 'Order',
        TextPart: 'x',
        CustomCampaign: 'orders',
      },
    ],
  })
  const { MessageID } =
    (sent.body as { Messages: { To: { MessageID: number }[] }[] }).Messages[0]?.To[0] ?? {}
  const [row] = rowsOf(await call('GET', 'campaign'))
  assertSubset(row ?? {}, {
    ...{ CampaignType: 1, CustomValue: 'orders', FirstMessageID: MessageID, FromEmail: 'news@shop.example' },
    ...{ IsDeleted: false, IsStarred: false, Subject: 'Order', SpamassScore: 0, Status: 0 },
    ...{ UnsubscribeTrackedCount: 1 },
  })
  assert.equal(row?.NewsLetterID, undefined)
  const yesterday = Date.now() - 86_400_000
  await http.storage.db.updateTable('campaigns').set({ created_at: yesterday }).execute()
  assert.deepEqual(rowsOf(await call('GET', 'campaign')), [])
  for (const query of [
    'FromTS=1',
    'Period=Week',
    'CustomCampaign=orders',
    `CampaignID=${row?.ID}`,
    `Campaign=${row?.ID}`,
    'FromTS=1&FromDomain=shop.example',
  ]) {
    assert.equal(rowsOf(await call('GET', `campaign?${query}`)).length, 1, query)
  }
  assert.deepEqual(rowsOf(await call('GET', 'campaign?FromTS=1&IsNewsletterTool=true')), [])
  assert.equal(oneOf(await call('GET', 'campaign/orders')).ID, row?.ID)
  const changed = oneOf(await call('PUT', 'campaign/orders', { IsStarred: true, IsDeleted: true }))
  assertSubset(changed, { IsStarred: true, IsDeleted: true })
  assert.deepEqual(rowsOf(await call('GET', 'campaign?FromTS=1')), [])
  assert.equal(rowsOf(await call('GET', 'campaign?FromTS=1&IsDeleted=true&IsStarred=true')).length, 1)
  const nobodys = await stranger(http)
  assertRefused(await nobodys('GET', 'campaign/orders'), 404, 'Object not found')
})

httpStorageTest('the overview has drafts, and its key is kind and number', async (http) => {
  const call = restCaller(http)
  const made = oneOf(await call('POST', 'campaigndraft', { ...wish, Title: 'April' }))
  const [row] = rowsOf(await call('GET', 'campaignoverview'))
  assert.deepEqual(row, {
    ...{ ClickedCount: 0, DeliveredCount: 0, EditMode: 'tool2', EditType: 'full', ID: made.ID, IDType: 'NL' },
    ...{ OpenedCount: 0, ProcessedCount: 0, SendTimeStart: 0, Starred: false, Status: 0, Subject: 'News' },
    Title: 'April',
  })
  assert.deepEqual(oneOf(await call('GET', `campaignoverview/NL%7C${made.ID}`)), row)
  for (const path of [`campaignoverview/Campaign%7C${made.ID}`, `campaignoverview/${made.ID}`]) {
    assert.equal((await call('GET', path)).status, 404, path)
  }
  assert.deepEqual(rowsOf(await call('GET', 'campaignoverview?Sent=true')), [])
  assert.equal(rowsOf(await call('GET', 'campaignoverview?Drafts=true&Sent=true')).length, 1)
  assert.equal(rowsOf(await call('GET', 'campaignoverview?Sent=false')).length, 1)
  assert.deepEqual(rowsOf(await call('GET', 'campaignoverview?Drafts=false')), [])
  assert.deepEqual(oneOf(await call('GET', `campaignoverview?ID=${made.ID}`)), row)
  assert.deepEqual(rowsOf(await call('GET', `campaignoverview?ID=${Number(made.ID) + 1}`)), [])
})

/** A draft that could be sent, and its list. */
async function ready(http: TestHttp) {
  const call = restCaller(http)
  const list = oneOf(await call('POST', 'contactslist', { Name: 'Readers' }))
  await call('POST', `contactslist/${list.ID}/managecontact`, { Email: 'ana@a.example', Action: 'addforce' })
  const { ID } = oneOf(await call('POST', 'campaigndraft', { ...wish, ContactsListID: list.ID }))
  await call('POST', `campaigndraft/${ID}/detailcontent`, { 'Text-part': 'a' })
  return { call, list, path: `campaigndraft/${ID}`, id: Number(ID) as MailingId }
}

/** Its time has come, and something is in its way. */
async function stopAtItsTime(http: TestHttp, id: MailingId) {
  const mailing = await findMailing(http.storage.db, { id })
  assert(
    mailing !== undefined &&
      (await beginMailing({ ...http, clock: systemClock, log: silentLog }, mailing, 'No list.')),
  )
}

httpStorageTest('what stopped before it began says why, and can be moved, changed and sent', async (http) => {
  const { call, path, id } = await ready(http)
  const later = new Date(Date.now() + 3_600_000).toISOString()
  const program = async () => oneOf(await call('POST', `${path}/schedule`, { Date: later }))
  await program()
  await stopAtItsTime(http, id)
  assert.deepEqual(oneOf(await call('GET', `${path}/status`)), { Reason: 'No list.', Status: 'Programmed' })
  assertSubset(oneOf(await call('GET', path)), { Status: 1, Used: false })
  for (const Status of [-1, -2]) assert.equal((await call('PUT', path, { Status })).status, 400)
  assert.equal((await program()).Reason, undefined)
  await stopAtItsTime(http, id)
  assertEmpty(await call('DELETE', `${path}/schedule`), 204)
  assert.deepEqual(oneOf(await call('GET', `${path}/status`)), { Status: 'Draft' })
  await program()
  await stopAtItsTime(http, id)
  assertSubset(oneOf(await call('PUT', path, { Status: 0, Title: 'Again' })), { Status: 0, Title: 'Again' })
  await program()
  await stopAtItsTime(http, id)
  assert.deepEqual(oneOf(await call('POST', `${path}/send`)), { Status: 'Programmed' })
  const { state, startedAt, isUsed } = (await findMailing(http.storage.db, { id })) ?? {}
  assert.deepEqual([state, startedAt !== null, isUsed], ['sending', true, true])
})

httpStorageTest('what stopped on its way goes on or is cancelled, and can then be put away', async (http) => {
  const { call, path, id } = await ready(http)
  await call('POST', `${path}/send`)
  const stop = () =>
    http.storage.db
      .updateTable('mailings')
      .set({ state: 'paused', paused_by: 'breaker', reason: 'Too many bounces.' })
      .where('id', '=', id)
      .execute()
  await stop()
  assert.equal((await call('PUT', path, { Status: 0 })).status, 400)
  assert.equal(oneOf(await call('POST', `${path}/schedule`, { Date: 'NOW' })).Status, 'Programmed')
  await stop()
  assertEmpty(await call('DELETE', `${path}/schedule`), 204)
  assert.equal(oneOf(await call('GET', path)).Status, -3)
  assert.equal(oneOf(await call('PUT', path, { Status: -1 })).Status, -1)
  const tried = await call('POST', `${path}/test`, { Recipients: [{ Email: 'me@shop.example' }] })
  assert.match(tried.text, /"ErrorMessage":"Newsletter has to be in status draft or programmed"/)
  assert.equal(oneOf(await call('PUT', path, { Status: -2 })).Status, -2)
})

httpStorageTest('a list that a programmed campaign goes to is not deleted', async (http) => {
  const { call, list, path } = await ready(http)
  await call('POST', `${path}/schedule`, { Date: new Date(Date.now() + 3_600_000).toISOString() })
  const refused = await call('DELETE', `contactslist/${list.ID}`)
  assert.match(refused.text, /campaign \d+ is scheduled and goes to the list 'Readers'/)
  assert(refused.status >= 400 && refused.status < 500)
  await call('DELETE', `${path}/schedule`)
  assertEmpty(await call('DELETE', `contactslist/${list.ID}`), 204)
})
