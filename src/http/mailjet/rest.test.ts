import assert from 'node:assert/strict'
import { httpStorageTest, httpTest, type TestHttp } from '../../../test/http-server.ts'
import { createApiKey } from '../../accounts/api-keys.ts'
import { recordEvent } from '../../events/record.ts'
import type { AttemptId, DeliveryId, MessageId } from '../../mail/ids.ts'
import type { DeliveryState } from '../../storage/schema.ts'

async function sent(http: TestHttp, changes: Record<string, unknown> = {}): Promise<number> {
  const answer = await http.send({
    Messages: [
      {
        From: { Email: 'hello@shop.example' },
        To: [{ Email: 'lea@example.net' }],
        Subject: 'Hello',
        TextPart: 'x',
        ...changes,
      },
    ],
  })
  assert.equal(answer.status, 200, answer.text)
  const { Messages } = answer.body as { Messages: { To: { MessageID: number }[] }[] }
  return Messages[0]?.To[0]?.MessageID ?? 0
}

const get = (http: TestHttp, path: string) => http.call({ path, headers: { authorization: http.basic } })

async function ended(
  http: TestHttp,
  id: number,
  state: DeliveryState,
  deliveryClass: string | null,
): Promise<void> {
  await http.storage.db
    .updateTable('deliveries')
    .set({ state, class: deliveryClass })
    .where('id', '=', id as DeliveryId)
    .execute()
}

async function senderIdOf(http: TestHttp, email: string): Promise<number> {
  const row = await http.storage.db
    .selectFrom('senders')
    .select('id')
    .where('key_id', '=', http.keyId)
    .where('email', '=', email)
    .executeTakeFirstOrThrow()
  return row.id
}

async function postOf(http: TestHttp, resource: string, body: object): Promise<number> {
  const path = `/v3/REST/${resource}`
  const answer = await http.call({ method: 'POST', path, headers: { authorization: http.basic }, body })
  assert.equal(answer.status, 201, answer.text)
  return Number((answer.body as Envelope).Data[0]?.ID)
}

type Envelope = { Count: number; Data: Record<string, unknown>[]; Total: number }
const ids = (answer: { body: unknown }) => (answer.body as Envelope).Data.map((one) => one.ID)

httpStorageTest('a message has the recorded properties', async (http) => {
  const id = await sent(http, { CustomID: 'c-1', TrackOpens: 'enabled', HTMLPart: '<p>x</p>' })
  const answer = await get(http, `/v3/REST/message/${id}`)
  assert.equal(answer.status, 200)
  const envelope = answer.body as Envelope
  assert.deepEqual([envelope.Count, envelope.Total], [1, 1])
  const [row] = envelope.Data
  assert.match(String(row?.ArrivedAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.match(String(row?.UUID), /^[0-9a-f-]{36}$/)
  assert.ok(Number(row?.MessageSize) > 100)
  const { ArrivedAt: _a, UUID: _u, MessageSize: _s, ContactID, SenderID: senderId, ...rest } = row ?? {}
  assert.equal(senderId, await senderIdOf(http, '*@shop.example'))
  assert.deepEqual(ids(await get(http, '/v3/REST/contact')), [ContactID])
  assert.deepEqual(rest, {
    AttachmentCount: 0,
    AttemptCount: 0,
    ContactAlt: '',
    Delay: 0,
    DestinationID: 0,
    FilterTime: 0,
    ID: id,
    IsClickTracked: false,
    IsHTMLPartIncluded: false,
    IsOpenTracked: true,
    IsTextPartIncluded: false,
    IsUnsubTracked: false,
    SpamassRules: '',
    SpamassassinScore: 0,
    StatePermanent: false,
    Status: 'queued',
    Subject: '',
  })
  assert.ok(answer.text.includes(`"ID":${id},`), 'ids are bare integers')

  const shown = await get(http, `/v3/rest/MESSAGE/${id}?ShowSubject=true&showcontactalt=1&ShowCustomID=true`)
  const [full] = (shown.body as Envelope).Data
  assert.deepEqual([full?.Subject, full?.ContactAlt, full?.CustomID], ['Hello', 'lea@example.net', 'c-1'])
})

httpStorageTest('lists are paged, sorted, counted and filtered', async (http) => {
  const first = await sent(http, { CustomID: 'a' })
  const second = await sent(http, { CustomID: 'b', CustomCampaign: 'Spring' })
  const third = await sent(http, { From: { Email: 'x@other.example' } })
  await ended(http, first, 'failed', 'invalid-recipient')
  await ended(http, second, 'failed', 'throttled')
  const cases: [string, number[]][] = [
    ['', [first, second, third]],
    ['?Limit=2', [first, second]],
    ['?limit=0&OFFSET=1', [first, second, third]],
    ['?Sort=ID+DESC', [third, second, first]],
    ['?sort=ArrivedAt%20desc&limit=1', [third]],
    ['?CustomID=b', [second]],
    ['?CustomCampaign=Spring', [second]],
    ['?CustomCampaign=Autumn', []],
    ['?MessageStatus=hardbounced', [first]],
    ['?MessageStatus=9,8', [second, third]],
    ['?MessageStatus=5', [first, second]],
    ['?MessageStatus=opened', []],
    ['?MessageState=1', [first]],
    ['?MessageState=7', [third]],
    ['?From=x@other.example', [third]],
    ['?FromDomain=shop.example', [first, second]],
    // Mail with a name is no campaign to a list.
    ['?FromType=1', [first, second, third]],
    ['?FromType=2', []],
    ['?FromType=3', []],
    ['?ContactAlt=lea@example.net&Limit=1&Limit=3', [first]],
    ['?FromTS=4000000000', []],
    ['?ToTS=2020-01-01T00:00:00Z', []],
    ['?FromTS=2020-01-01&ToTS=4000000000', [first, second, third]],
    ['?FromTS=&Unknown=1', [first, second, third]],
    ['?Limit=-1', [first, second, third]],
  ]
  for (const [query, expected] of cases) {
    const answer = await get(http, `/v3/REST/message${query}`)
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(ids(answer), expected, query)
    assert.equal((answer.body as Envelope).Total, expected.length, query)
  }
  assert.deepEqual((await get(http, '/v3/REST/message?countOnly=1')).body, { Count: 3, Data: [], Total: 3 })
  const counted = (await get(http, '/v3/REST/message?countrecords=1&limit=1')).body as Envelope
  assert.deepEqual([counted.Count, counted.Total], [1, 3])
  const [row] = ((await get(http, `/v3/REST/message/${first}`)).body as Envelope).Data
  assert.deepEqual([row?.Status, row?.StateID], ['hardbounced', 1])
  const [tagged] = ((await get(http, `/v3/REST/message/${second}`)).body as Envelope).Data
  assert.equal(typeof tagged?.CampaignID, 'number')
})

httpStorageTest('messages are chosen by their sender, contact, campaign, list and reason', async (http) => {
  const list = await postOf(http, 'contactslist', { Name: 'Readers' })
  const contact = await postOf(http, 'contact', { Email: 'lea@example.net' })
  const first = await sent(http, { To: [{ Email: 'Lea@Example.net' }], StatisticsContactsListID: list })
  const second = await sent(http, { To: [{ Email: 'max@example.net' }], CustomCampaign: 'Spring' })
  const third = await sent(http, { From: { Email: 'x@other.example' }, To: [{ Email: 'max@example.net' }] })
  const domain = await senderIdOf(http, '*@shop.example')
  const sender = await postOf(http, 'sender', { Email: 'Hello@shop.example' })
  await ended(http, first, 'failed', 'invalid-recipient')
  await ended(http, second, 'dropped', 'transient')
  const campaign = await http.storage.db.selectFrom('campaigns').select('id').executeTakeFirstOrThrow()
  const all = [first, second, third]
  const cases: [string, number[]][] = [
    [`?Contact=${contact}`, [first]],
    [`?ContactID=${contact}`, [first]],
    [`?ContactID=${list}`, []],
    ['?ContactAlt=lea@example.net', [first]],
    ['?ContactAlt=LEA@EXAMPLE.NET', [first]],
    ['?ContactAlt=ea@example.net', []],
    [`?FromID=${sender}`, [first, second]],
    [`?Sender=${sender}`, [first, second]],
    [`?SenderID=${sender}`, [first, second]],
    // The address itself goes before its domain.
    [`?SenderID=${domain}`, []],
    ['?From=HELLO@shop.example', [first, second]],
    [`?Campaign=${campaign.id}`, [second]],
    ['?CampaignStatus=0', [second]],
    ['?CampaignStatus=1', []],
    ['?IsStarred=true', []],
    ['?IsStarred=false', all],
    ['?IsDeleted=true', []],
    ['?IsNewsletterTool=1', []],
    ['?IsNewsletterTool=0', all],
    [`?ContactsList=${list}`, [first]],
    [`?ContactsListID=${list + 1}`, []],
    ['?Period=Day', all],
    ['?BounceReason=User%20unknown', [first]],
    ['?BounceReason=quota%20exceeded', []],
    ['?BounceReason=nonsense', []],
    ['?MessageState=10', [second]],
    ['?MessageState=1', [first]],
    ['?Destination=7', []],
    ['?Destination=0', all],
    ['?PlanSubscription=7', []],
  ]
  for (const [query, expected] of cases) {
    const answer = await get(http, `/v3/REST/message${query}`)
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(ids(answer), expected, query)
    const { body } = await get(http, `/v3/REST/message${query}&countOnly=1`)
    assert.equal((body as Envelope).Count, expected.length, query)
  }
  for (const query of [`ContactsList=${list}`, 'IsStarred=true', 'IsDeleted=true', 'FromTS=1&Period=Day']) {
    const found = ids(await get(http, `/v3/REST/messageinformation?${query}`))
    assert.deepEqual(found, cases.find(([other]) => other === `?${query}`)?.[1] ?? all, query)
  }
  assert.equal((await get(http, '/v3/REST/message?Period=Decade')).status, 400)
  const [, max] = ids(await get(http, '/v3/REST/contact'))
  const rows = ((await get(http, '/v3/REST/message')).body as Envelope).Data
  assert.deepEqual(
    rows.map(({ SenderID, ContactID, Status, StateID }) => [SenderID, ContactID, Status, StateID]),
    [
      [sender, contact, 'hardbounced', 1],
      [sender, max, 'blocked', 10],
      [0, max, 'blocked', 7],
    ],
  )
})

httpStorageTest('messagesentstatistics is chosen by bounces and complaints', async (http) => {
  const contact = await postOf(http, 'contact', { Email: 'lea@example.net' })
  const first = await sent(http)
  const second = await sent(http, { To: [{ Email: 'max@example.net' }] })
  await ended(http, first, 'failed', 'mailbox-full')
  await ended(http, second, 'delivered', null)
  const complainedAt = 1_700_000_000_000
  const { message_id: messageId } = await http.storage.db
    .selectFrom('deliveries')
    .select('message_id')
    .where('id', '=', second as DeliveryId)
    .executeTakeFirstOrThrow()
  await http.storage.commit({
    writes: [
      recordEvent({
        message_id: messageId,
        delivery_id: second as DeliveryId,
        key_id: http.keyId,
        attempt_id: null,
        kind: 'complained',
        at: complainedAt,
        class: null,
        detail: 'abuse by Yahoo!-Mail-Feedback',
      }),
    ],
  })
  await http.storage.db
    .insertInto('stat_deliveries')
    .values({
      delivery_id: second as DeliveryId,
      message_id: messageId,
      key_id: http.keyId,
      counted_as: 'sent',
      opened_at: null,
      clicked_at: null,
      unsubscribed_at: null,
      complained_at: complainedAt,
      opens: 0,
      clicks: 0,
    })
    .execute()
  const cases: [string, number[]][] = [
    ['?Sort=ArrivalTs+DESC', [second, first]],
    [`?Contact=${contact}`, [first]],
    ['?BounceEventFromTs=2020-01-01', [first]],
    ['?BounceEventFromTs=4000000000', []],
    ['?BounceEventToTs=2020-01-01', []],
    ['?SpamEventFromTs=1700000000', [second]],
    ['?SpamEventFromTs=1700000001', []],
    ['?SpamEventToTs=1699999999', []],
    ['?WorkflowID=3', []],
    ['?ContactsList=3', []],
    ['?MessageStatus=spam', [second]],
  ]
  for (const [query, expected] of cases) {
    const answer = await get(http, `/v3/REST/messagesentstatistics${query}`)
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(
      (answer.body as Envelope).Data.map(({ MessageID }) => MessageID),
      expected,
      query,
    )
  }
  const rows = ((await get(http, '/v3/REST/messagesentstatistics')).body as Envelope).Data
  assert.deepEqual(
    rows.map(({ FBLSource }) => FBLSource),
    ['', 'Yahoo!-Mail-Feedback'],
  )
})

httpStorageTest('history has one row for each event that Mailjet knows', async (http) => {
  const id = await sent(http)
  const { message_id } = await http.storage.db
    .selectFrom('deliveries')
    .select('message_id')
    .where('id', '=', id as DeliveryId)
    .executeTakeFirstOrThrow()
  const event = {
    message_id: message_id as MessageId,
    delivery_id: id as DeliveryId,
    key_id: http.keyId,
    attempt_id: null,
  }
  const attempt = 7 as AttemptId
  const greylisted = {
    kind: 'deferred',
    class: 'greylisted',
    attempt_id: attempt,
    detail: '450 later',
  } as const
  await http.storage.commit({
    writes: [
      recordEvent({ ...event, ...greylisted, at: 1_700_000_000_000 }),
      // Nothing new.
      recordEvent({ ...event, ...greylisted, at: 1_700_000_050_000 }),
      // No host has said so.
      recordEvent({ ...event, ...greylisted, class: 'routing', at: 1_700_000_060_000 }),
      recordEvent({ ...event, ...greylisted, attempt_id: null, class: 'throttled', at: 1_700_000_070_000 }),
      recordEvent({
        ...event,
        kind: 'bounced',
        at: 1_700_000_100_500,
        class: 'invalid-recipient',
        detail: '550 5.1.1 no',
      }),
      recordEvent({ ...event, kind: 'dropped', at: 1_700_000_200_000, class: null, detail: 'Dropped' }),
    ],
  })
  const rows = [
    ['450 later', 1_700_000_000, 'softbounced', 'greylisted'],
    ['550 5.1.1 no', 1_700_000_100, 'hardbounced', 'user unknown'],
    ['Dropped', 1_700_000_200, 'blocked', 'system issue'],
  ]
  const expected = {
    Count: 3,
    Data: rows.map(([Comment, EventAt, EventType, State]) => ({
      ...{ Comment, EventAt, EventType, State, Useragent: '', UseragentID: 0 },
    })),
    Total: 3,
  }
  assert.deepEqual((await get(http, `/v3/REST/messagehistory/${id}`)).body, expected)
  assert.deepEqual((await get(http, `/v3/REST/messagehistory?Message=${id}`)).body, expected)
  const none = { Count: 0, Data: [], Total: 0 }
  assert.deepEqual((await get(http, '/v3/REST/messagehistory/12345')).body, none)
  assert.deepEqual((await get(http, '/v3/REST/messagehistory/x')).body, none)
})

httpTest('information and reasons', async (http) => {
  const id = await sent(http)
  const answer = await get(http, `/v3/REST/messageinformation/${id}`)
  const [row] = (answer.body as Envelope).Data
  const { CreatedAt: _c, MessageSize: _s, ContactID, ...rest } = row ?? {}
  assert.deepEqual(ids(await get(http, '/v3/REST/contact')), [ContactID])
  assert.deepEqual(rest, {
    CampaignID: 0,
    ClickTrackedCount: 0,
    ID: id,
    OpenTrackedCount: 0,
    QueuedCount: 1,
    SendEndAt: '',
    SentCount: 0,
    SpamAssassinRules: { ALT: '', ID: -1 },
    SpamAssassinScore: 0,
  })
  assert.deepEqual((await get(http, '/v3/REST/messagestate/1')).body, {
    Count: 1,
    Data: [{ ID: 1, RelatedTo: 'recipient', State: 'user unknown' }],
    Total: 1,
  })
  assert.equal(((await get(http, '/v3/REST/messagestate?limit=0')).body as Envelope).Count, 21)
})

httpTest('errors have the shape of the REST services', async (http) => {
  const cases: [string, string, number, string, string?][] = [
    ['GET', '/v3/REST/message/12345', 404, 'Object not found'],
    ['GET', '/v3/REST/message/99999999999999999999', 404, 'Object not found'],
    ['GET', '/v3/REST/message/lea@example.net', 404, 'Object not found'],
    ['GET', '/v3/REST/nonsense', 400, 'Unknown resource: "nonsense"', 'Bad Request'],
    ['GET', '/v3/REST/message/1/export', 400, 'Unknown resource: "message/export"', 'Bad Request'],
    ['POST', '/v3/REST/message', 405, 'Method not allowed'],
    ['DELETE', '/v3/REST/message/1', 405, 'Method not allowed'],
    ['OPTIONS', '/v3/REST/message', 405, 'Method not allowed'],
    ['GET', '/V3/REST/message/12345', 404, 'Object not found'],
    ['GET', '/V3/rest/Nonsense', 400, 'Unknown resource: "Nonsense"', 'Bad Request'],
    ['GET', '/v3/REST/contact/export', 404, 'There is no action "export" of contact here'],
    ['POST', '/v3/REST/message/export', 404, 'There is no action "export" of message here'],
    ['GET', '/v3/nothing', 404, 'There is nothing at /v3/nothing'],
    ['GET', '/v3/send', 405, 'Method not allowed. Use POST.'],
    ['GET', '/v3/REST/message/%E0%A4%A', 400, 'The address of the request is not well-formed'],
  ]
  for (const [method, path, status, message, info = ''] of cases) {
    const answer = await http.call({ method, path, headers: { authorization: http.basic } })
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`)
    assert.deepEqual(answer.body, { ErrorInfo: info, ErrorMessage: message, StatusCode: status }, path)
  }
  const html = await http.call({ path: '/v3.1/REST/message', headers: { authorization: http.basic } })
  assert.deepEqual([html.status, html.headers['content-type']], [404, 'text/html'])
})

httpTest('another key sees nothing of it', async (http) => {
  const id = await sent(http, { CustomID: 'mine' })
  const { key, secret } = await createApiKey(http.storage, { name: 'other', now: Date.now() })
  const authorization = `Basic ${Buffer.from(`${key.publicKey}:${secret}`).toString('base64')}`
  for (const path of ['message', 'messageinformation', 'message?CustomID=mine', `messagehistory/${id}`]) {
    const answer = await http.call({ path: `/v3/REST/${path}`, headers: { authorization } })
    assert.deepEqual(answer.body, { Count: 0, Data: [], Total: 0 }, path)
  }
  for (const path of ['message', 'messageinformation']) {
    const answer = await http.call({ path: `/v3/REST/${path}/${id}`, headers: { authorization } })
    assert.equal(answer.status, 404)
  }
})
