/** Leaving a list and leaving everything, as the page and mail programs do it. */
import assert from 'node:assert/strict'
import { httpStorageTest, type TestHttp } from '../../../test/http-server.ts'
import { oneOf, restCaller, rowsOf } from '../../../test/rest-calls.ts'
import { addSuppression } from '../../contacts/suppressions.ts'
import type { DeliveryId, KeyId, MessageId, WorkId } from '../../mail/ids.ts'

const address = 'lea@inbox.test'
const deliveryId = 5 as DeliveryId

/** A list with one contact, and the page of a mail that she got as a member of it. */
async function mailToList(http: TestHttp) {
  const call = restCaller(http)
  const listId = Number(oneOf(await call('POST', 'contactslist', { Name: 'Offers' })).ID)
  await call('POST', `contactslist/${listId}/managecontact`, { Email: address, Action: 'addforce' })
  await storeDelivery(http)
  const { keyId, tracking } = http
  const page = (list: number) =>
    `/u/${tracking.tokens.unsubscribe({ deliveryId, keyId, listId: list, campaignId: 0, address })}`
  return {
    listId,
    page: page(listId),
    pageWithoutList: page(0),
    async isUnsubscribed() {
      const [member] = rowsOf(await call('GET', `listrecipient?ContactsList=${listId}`))
      return member?.IsUnsubscribed
    },
  }
}

async function storeDelivery({ storage, keyId }: TestHttp): Promise<void> {
  const messageId = 4 as MessageId
  await storage.db
    .insertInto('messages')
    .values({
      id: messageId,
      key_id: keyId,
      door: 'api',
      lane: 'bulk',
      priority: 2,
      accepted_at: 0,
      expires_at: 0,
      envelope_from: '',
      from_address: 'news@shop.example',
      subject: '',
      header_message_id: '<4@shop.example>',
      size_bytes: 1,
      recipient_count: 1,
      custom_id: null,
      event_payload: null,
      campaign_id: null,
      options: '{}',
      submission_uuid: '',
    })
    .execute()
  await storage.db
    .insertInto('deliveries')
    .values({
      id: deliveryId,
      message_id: messageId,
      key_id: keyId,
      work_id: 0 as WorkId,
      uuid: '',
      recipient: address,
      recipient_kind: 'to',
      state: 'delivered',
      class: null,
      reply_code: null,
      reply_text: null,
      attempts: 1,
      next_attempt_at: null,
      updated_at: 0,
      dsn: null,
    })
    .execute()
}

async function look(http: TestHttp, path: string): Promise<string> {
  const answer = await http.call({ path })
  assert.equal(answer.status, 200)
  return answer.text
}

async function press(http: TestHttp, path: string, body: string): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await http.call({ method: 'POST', path, body, headers })
  assert.equal(answer.status, 200)
  return answer.text
}

function buttons(page: string): string[] {
  return [...page.matchAll(/<button[^>]*>([^<]*)</g)].map(([, text]) => text ?? '')
}

/** What each unsubscription that was told was about: the list, or 0. */
async function told({ storage }: TestHttp): Promise<number[]> {
  const rows = await storage.db
    .selectFrom('events')
    .innerJoin('visits', 'visits.id', 'events.visit_id')
    .select('visits.list_id')
    .where('events.kind', '=', 'unsubscribed')
    .orderBy('events.id')
    .execute()
  return rows.map(({ list_id }) => list_id)
}

async function suppressed({ storage }: TestHttp): Promise<string[]> {
  const rows = await storage.db.selectFrom('suppressions').select(['address', 'reason']).execute()
  return rows.map((row) => `${row.address} ${row.reason}`)
}

const leaveList = 'Unsubscribe from this list'
const leaveEverything = 'Unsubscribe from everything of this sender'

httpStorageTest('one click leaves the list of the mail, once, and nothing else', async (http) => {
  const { listId, page, isUnsubscribed } = await mailToList(http)
  assert.deepEqual(buttons(await look(http, page)), [leaveList, leaveEverything])
  assert.equal(await isUnsubscribed(), false, 'looking changes nothing')

  await press(http, page, 'List-Unsubscribe=One-Click')
  const left = await press(http, page, 'List-Unsubscribe=One-Click')

  assert.match(left, /gets no more mail of this list/)
  assert.deepEqual(buttons(left), ['Subscribe again', leaveEverything])
  assert.equal(await isUnsubscribed(), true)
  assert.deepEqual(await suppressed(http), [])
  assert.deepEqual(await told(http), [listId])

  const back = await press(http, page, 'undo=1')
  assert.deepEqual(buttons(back), [leaveList, leaveEverything])
  assert.equal(await isUnsubscribed(), false)
})

httpStorageTest('everything can be left from the mail of a list, and taken back', async (http) => {
  const { listId, page, isUnsubscribed } = await mailToList(http)
  await press(http, page, '')
  const all = await press(http, page, 'everything=1')

  assert.match(all, /gets no more newsletters and offers from this sender/)
  assert.deepEqual(await suppressed(http), [`${address} unsubscribe`])
  assert.deepEqual(await told(http), [listId, 0])

  await press(http, page, 'undo=1')
  assert.deepEqual([await suppressed(http), await isUnsubscribed()], [[], true], 'the list stays left')
  await press(http, page, 'undo=1')
  assert.equal(await isUnsubscribed(), false)
})

httpStorageTest('the page is in the language of the tag that led there, and says so', async (http) => {
  const { page } = await mailToList(http)
  for (const [asked, language, title] of [
    ['', 'en', 'Unsubscribe'],
    ['?l=fr', 'fr', 'Se désabonner'],
    ['?l=xx', 'en', 'Unsubscribe'],
  ] as const) {
    const shown = await look(http, `${page}${asked}`)
    assert.match(shown, new RegExp(`<html lang="${language}">[^]*<h1>${title}</h1>`))
  }
})

httpStorageTest('without a list, or no longer in it, the person leaves everything', async (http) => {
  const { listId, page, pageWithoutList } = await mailToList(http)
  assert.deepEqual(buttons(await look(http, pageWithoutList)), ['Unsubscribe'])
  await restCaller(http)('POST', `contactslist/${listId}/managecontact`, { Email: address, Action: 'remove' })
  assert.deepEqual(buttons(await look(http, page)), ['Unsubscribe'])

  await press(http, page, 'List-Unsubscribe=One-Click')

  assert.deepEqual(await suppressed(http), [`${address} unsubscribe`])
  assert.deepEqual(await told(http), [0])
})

httpStorageTest('who is held back for another reason is told once that they left', async (http) => {
  const { pageWithoutList: page } = await mailToList(http)
  await addSuppression(http.storage, {
    keyId: http.keyId,
    address,
    reason: 'complaint',
    origin: 'test',
    at: 1,
  })
  for (let times = 0; times < 3; times++) {
    assert.deepEqual(buttons(await press(http, page, 'List-Unsubscribe=One-Click')), [])
  }
  assert.deepEqual(await suppressed(http), [`${address} complaint`])
  assert.deepEqual(await told(http), [0])
})

httpStorageTest('a link of another API key changes nothing in this one', async (http) => {
  const { listId, isUnsubscribed } = await mailToList(http)
  const keyId = (http.keyId + 1_000) as KeyId
  const token = http.tracking.tokens.unsubscribe({ deliveryId, keyId, listId, campaignId: 0, address })
  await press(http, `/u/${token}`, 'List-Unsubscribe=One-Click')
  assert.deepEqual([await isUnsubscribed(), await told(http)], [false, []])
})
