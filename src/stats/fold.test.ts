import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postgresMissing } from '../../test/postgres.ts'
import { openTestStorage, storagePlace, storageTest } from '../../test/storage.ts'
import { countColumns } from '../contacts/counts.ts'
import { eraseContact } from '../contacts/erase.ts'
import { forgetOld } from '../delivery/retention.ts'
import { recordEvent } from '../events/record.ts'
import type {
  CampaignId,
  ContactId,
  ContactListId,
  DeliveryId,
  KeyId,
  MemberId,
  MessageId,
  WorkId,
} from '../mail/ids.ts'
import { systemClock } from '../runtime/clock.ts'
import type { EventKind } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import type { StatMetrics, StatSource } from '../storage/tables/statistics.ts'
import { recordVisit } from '../tracking/visits.ts'
import { foldEvents, readProgress } from './fold.ts'
import { forgetShortSlices } from './forget.ts'
import { metricNames } from './metrics.ts'
import { contactStatistics } from './of-contacts.ts'
import { memberStatistics } from './of-members.ts'

const keyId = 7 as KeyId
const campaignId = 3 as CampaignId
const day = Date.UTC(2026, 0, 2)
const lookups = { senderOf: async () => 5, hasList: async (_keyId: KeyId, id: number) => id === 9 }

async function addMessage(
  storage: Storage,
  id: number,
  recipients: readonly string[],
  options: { listId?: number; statisticsContactsListId?: number } = {},
): Promise<void> {
  await storage.db
    .insertInto('messages')
    .values({
      id: id as MessageId,
      key_id: keyId,
      door: 'api',
      lane: 'bulk',
      priority: 2,
      accepted_at: day,
      expires_at: day,
      envelope_from: '',
      from_address: 'news@shop.example',
      subject: '',
      header_message_id: `<${id}@shop.example>`,
      size_bytes: 1,
      recipient_count: recipients.length,
      custom_id: null,
      event_payload: null,
      campaign_id: campaignId,
      options: JSON.stringify(options),
      submission_uuid: '',
    })
    .execute()
  for (const [i, recipient] of recipients.entries()) {
    await storage.db
      .insertInto('deliveries')
      .values({
        id: (id + 1 + i) as DeliveryId,
        message_id: id as MessageId,
        key_id: keyId,
        work_id: 0 as WorkId,
        uuid: '',
        recipient,
        recipient_kind: 'to',
        state: 'delivered',
        class: null,
        reply_code: null,
        reply_text: null,
        attempts: 1,
        next_attempt_at: null,
        updated_at: day,
        dsn: null,
      })
      .execute()
  }
  await event(storage, id, null, 'accepted', day)
}

async function event(
  storage: Storage,
  messageId: number,
  deliveryId: number | null,
  kind: EventKind,
  at: number,
  eventClass: string | null = null,
): Promise<void> {
  const row = recordEvent({
    message_id: messageId as MessageId,
    delivery_id: deliveryId as DeliveryId | null,
    key_id: keyId,
    kind,
    at,
    attempt_id: null,
    class: eventClass,
    detail: null,
  })
  await storage.commit({ writes: [row] })
}

async function visit(
  storage: Storage,
  deliveryId: number,
  {
    kind = 'click',
    position = 0,
    at = day + 60_000,
    agent = '',
  }: {
    kind?: 'open' | 'click'
    position?: number
    at?: number
    agent?: string
  },
): Promise<void> {
  const writes = recordVisit({
    id: await storage.reserveIds(1),
    kind,
    keyId,
    campaignId,
    messageId: 100 as MessageId,
    deliveryId: deliveryId as DeliveryId,
    at,
    url: position === 0 ? '' : 'https://shop.example/',
    position,
    ip: '',
    agent,
    country: 'FR',
    machine: null,
    listId: 0,
  })
  await storage.commit({ writes })
}

async function foldAll(storage: Storage, limit: number): Promise<void> {
  while ((await foldEvents(storage, { lookups, limit })).isMore);
}

async function counters(storage: Storage, source: StatSource, where: Record<string, string | number> = {}) {
  const { timing = 'message', resolution = 'lifetime' } = where
  const rows = await storage.db
    .selectFrom('stat_counters')
    .selectAll()
    .where('source', '=', source)
    .where('timing', '=', timing as 'message')
    .where('resolution', '=', resolution as 'lifetime')
    .orderBy('slice')
    .orderBy('detail')
    .execute()
  return rows.map((row) => [
    [row.source_id, row.slice === 0 ? '' : new Date(row.slice).toISOString().slice(5, 16), row.detail]
      .filter((part) => part !== '')
      .join(' '),
    Object.fromEntries(
      metricNames.filter((name: keyof StatMetrics) => row[name] !== 0).map((name) => [name, row[name]]),
    ),
  ])
}

for (const limit of [1, 3, 1_000]) {
  storageTest(`events are counted once, in steps of ${limit}, whoever counts`, async (_t, storage) => {
    await addMessage(storage, 100, ['a@gmail.com', 'b@inbox.example', 'c@inbox.example'])
    await event(storage, 100, 101, 'delivered', day + 1_000)
    await event(storage, 100, 102, 'deferred', day + 1_000, 'greylisted')
    await Promise.all([foldAll(storage, limit), foldAll(storage, limit)])
    await event(storage, 100, 102, 'delivered', day + 7_200_000)
    await event(storage, 100, 103, 'delivered', day + 2_000)
    await visit(storage, 101, { kind: 'open', agent: 'Mozilla/5.0 (via ggpht.com GoogleImageProxy)' })
    await visit(storage, 101, { position: 1 })
    await visit(storage, 101, { position: 1, at: day + 90_000_000 })
    await visit(storage, 101, { position: 2, at: day + 90_000_000 })
    await Promise.all([foldAll(storage, limit), foldAll(storage, limit), foldAll(storage, limit)])
    // A report comes late; its message was counted as sent, of which nothing is remembered.
    await event(storage, 100, 103, 'bounced', day + 90_000_000, 'invalid-recipient')
    await foldAll(storage, limit)
    await foldAll(storage, limit)

    const all = {
      processed: 3,
      sent: 2,
      hard_bounced: 1,
      opened: 1,
      opens: 1,
      clicked: 1,
      clicks: 3,
      open_delay: 60,
    }
    assert.deepEqual(await counters(storage, 'key'), [['7', all]])
    assert.deepEqual(await counters(storage, 'campaign', { resolution: 'hour' }), [['3 01-02T00:00', all]])
    assert.deepEqual(await counters(storage, 'sender', { resolution: 'day' }), [['5 01-02T00:00', all]])
    assert.deepEqual(await counters(storage, 'key', { timing: 'event', resolution: 'hour' }), [
      [
        '7 01-02T00:00',
        { processed: 3, sent: 2, deferred: 1, opened: 1, opens: 1, open_delay: 60, clicked: 1, clicks: 1 },
      ],
      ['7 01-02T02:00', { sent: 1 }],
      ['7 01-03T01:00', { hard_bounced: 1, clicks: 2 }],
    ])
    assert.deepEqual(await counters(storage, 'campaign-esp'), [
      ['3 Gmail', { sent: 1, opened: 1, opens: 1, open_delay: 60, clicked: 1, clicks: 3 }],
      ['3 others', { sent: 1, hard_bounced: 1 }],
    ])
    assert.deepEqual(await counters(storage, 'key-agent'), [
      ['7 Webmail\tGmail', { opened: 1, opens: 1, open_delay: 60 }],
    ])
    assert.deepEqual(await counters(storage, 'campaign-country'), [
      ['3 FR', { opened: 1, opens: 1, open_delay: 60, clicked: 1, clicks: 3 }],
    ])
    const links = await storage.db.selectFrom('stat_links').selectAll().orderBy('position').execute()
    assert.deepEqual(
      links
        .filter(({ source }) => source === 'campaign')
        .map((row) => [row.position, row.url, row.clicked_messages, row.clicked_events]),
      [
        [1, 'https://shop.example/', 1, 2],
        [2, 'https://shop.example/', 1, 1],
      ],
    )
    const kept = await storage.db
      .selectFrom('stat_deliveries')
      .select('delivery_id')
      .orderBy('delivery_id')
      .execute()
    assert.deepEqual(
      kept.map((row) => row.delivery_id),
      [101, 102, 103],
    )
  })
}

storageTest('counts outlive the messages that they count; short slices do not', async (_t, storage) => {
  await addMessage(storage, 100, ['a@inbox.example'])
  await event(storage, 100, 101, 'delivered', day)
  await visit(storage, 101, { position: 1 })
  await foldAll(storage, 1_000)
  const year = 365 * 86_400_000
  await forgetOld(storage, { now: day + year, bodiesDays: 1, messagesDays: 90 })
  for (const table of ['messages', 'events', 'visits', 'stat_deliveries', 'stat_clicked'] as const) {
    assert.deepEqual(await storage.db.selectFrom(table).selectAll().execute(), [], table)
  }
  await forgetShortSlices(storage, day + year)
  const kept = await storage.db.selectFrom('stat_counters').select('resolution').distinct().execute()
  assert.deepEqual(kept.map((row) => row.resolution).toSorted(), ['day', 'hour', 'lifetime'])
  await forgetShortSlices(storage, day + 2 * year)
  const all = { processed: 1, sent: 1, clicked: 1, clicks: 1, click_delay: 60 }
  assert.deepEqual(await counters(storage, 'key', { resolution: 'hour' }), [])
  assert.deepEqual(await counters(storage, 'key', { resolution: 'day' }), [['7 01-02T00:00', all]])
  assert.deepEqual(await counters(storage, 'key'), [['7', all]])
  // Nothing is counted again.
  await foldAll(storage, 1_000)
  assert.deepEqual(await counters(storage, 'key'), [['7', all]])
})

storageTest('a contact knows what reached it and what it did, each once', async (_t, storage) => {
  await storage.db
    .insertInto('contacts')
    .values([
      { id: 1 as ContactId, key_id: keyId, email: 'ana@inbox.example', created_at: day },
      // Of another key.
      { id: 2 as ContactId, key_id: 8 as KeyId, email: 'ana@inbox.example', created_at: day },
    ])
    .execute()
  await addMessage(storage, 100, ['Ana@inbox.example', 'stranger@inbox.example'])
  await addMessage(storage, 200, ['ana@inbox.example'])
  await event(storage, 100, 101, 'delivered', day + 5)
  await event(storage, 100, 102, 'delivered', day + 6)
  await event(storage, 200, 201, 'delivered', day + 1)
  await visit(storage, 101, { kind: 'open', at: day + 20 })
  await visit(storage, 101, { position: 1, at: day + 30 })
  await event(storage, 200, 201, 'opened', day + 40, 'bot')
  await event(storage, 200, 201, 'unsubscribed', day + 25)
  await Promise.all([foldAll(storage, 2), foldAll(storage, 2), foldAll(storage, 2)])
  await foldAll(storage, 2)
  const rows = await storage.db.selectFrom('contacts').selectAll().orderBy('id').execute()
  assert.deepEqual(
    rows.map((row) => [
      row.delivered_count,
      row.last_activity_at,
      row.last_open_at,
      row.last_click_at,
      row.unsubscribed_at,
    ]),
    [
      [2, day + 30, day + 20, day + 30, day + 25],
      [0, null, null, null, null],
    ],
  )
})

storageTest(
  'contacts and lists are counted once each, from the beginning of a message or not',
  async (_t, storage) => {
    const people = [
      { contactId: 1 as ContactId, email: 'ana@inbox.example', createdAt: day },
      { contactId: 2 as ContactId, email: 'bob@inbox.example', createdAt: day - 1 },
      { contactId: 3 as ContactId, email: 'late@inbox.example', createdAt: day + 1 },
    ] as const
    const contacts = people.map(({ contactId, email, createdAt }) => ({
      ...{ id: contactId, key_id: keyId, email, created_at: createdAt },
    }))
    await storage.db.insertInto('contacts').values(contacts).execute()
    const all = ['Ana@inbox.example', 'bob@inbox.example', 'late@inbox.example', 'stranger@inbox.example']
    await addMessage(storage, 100, all, { listId: 9 })
    await addMessage(storage, 200, ['ana@inbox.example', 'bob@inbox.example'], {
      statisticsContactsListId: 9,
    })
    // Not a list of this key.
    await addMessage(storage, 300, ['bob@inbox.example'], { listId: 8 })
    for (const delivery of [101, 102, 103, 104]) await event(storage, 100, delivery, 'delivered', day + 5)
    await event(storage, 300, 301, 'delivered', day + 5)
    await event(storage, 200, 201, 'deferred', day + 6, 'greylisted')
    await event(storage, 200, 202, 'bounced', day + 7, 'invalid-recipient')
    await visit(storage, 101, { kind: 'open', at: day + 20 })
    await visit(storage, 101, { kind: 'open', at: day + 21 })
    await visit(storage, 101, { position: 1, at: day + 30 })
    await event(storage, 100, 102, 'complained', day + 40)
    await Promise.all([foldAll(storage, 2), foldAll(storage, 2), foldAll(storage, 3)])
    await event(storage, 200, 201, 'delivered', day + 50)
    await event(storage, 100, 102, 'bounced', day + 60, 'invalid-recipient')
    await foldAll(storage, 1_000)

    const page = { limit: 10, offset: 0, sort: { by: 'id', descending: false } } as const
    const told = (rows: { counts: object }[]) =>
      rows.map(({ counts }) =>
        Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0 && count !== null)),
      )
    const anas = { sent: 2, opened: 1, clicked: 1, lastAt: day + 50 }
    assert.deepEqual(told(await contactStatistics(storage.db, { keyId }, page)), [
      anas,
      // A bounce is no sign of life.
      { sent: 1, hard_bounced: 2, complained: 1, lastAt: day + 5 },
      { lastAt: day + 5 },
    ])
    const members = people.map(({ contactId }, i) => ({
      ...{ id: i as MemberId, key_id: keyId, list_id: 9 as ContactListId, contact_id: contactId },
      ...{ is_unsubscribed: 0 as const, subscribed_at: null, unsubscribed_at: null },
    }))
    await storage.db.insertInto('list_members').values(members).execute()
    assert.deepEqual(told(await memberStatistics(storage.db, { keyId }, page)), [
      anas,
      { hard_bounced: 2, complained: 1, lastAt: day + 60 },
      {},
    ])
    assert.deepEqual(await counters(storage, 'list'), [
      [
        '9',
        {
          processed: 6,
          sent: 4,
          hard_bounced: 2,
          opened: 1,
          clicked: 1,
          complained: 1,
          opens: 2,
          clicks: 1,
          complaints: 1,
        },
      ],
    ])
    const kept = await storage.db.selectFrom('contacts').select('delivered_count').orderBy('id').execute()
    assert.deepEqual(
      kept.map((row) => row.delivered_count),
      [2, 1, 0],
    )

    await eraseContact({ storage, clock: systemClock }, { keyId, id: people[0].contactId })
    const left = await storage.db.selectFrom('member_counts').select('contact_id').distinct().execute()
    assert.deepEqual(
      left.map((row) => row.contact_id),
      [people[1].contactId],
    )
    const emptied = await storage.db
      .selectFrom('contacts')
      .selectAll()
      .where('id', '=', people[0].contactId)
      .executeTakeFirst()
    assert.deepEqual(
      Object.values(countColumns).map((column) => emptied?.[column]),
      Object.values(countColumns).map(() => 0),
    )
  },
)

storageTest(
  'what waits for a contact is told, and once it is counted it waits no longer',
  async (_t, storage) => {
    const id = 1 as ContactId
    const listId = 9 as ContactListId
    await storage.db
      .insertInto('contacts')
      .values({ id, key_id: keyId, email: 'ana@inbox.example', created_at: day })
      .execute()
    await storage.db
      .insertInto('list_members')
      .values(
        [9, 10].map((list) => ({
          ...{ id: list as MemberId, key_id: keyId, list_id: list as ContactListId, contact_id: id },
          ...{ is_unsubscribed: 0 as const, subscribed_at: day, unsubscribed_at: null },
        })),
      )
      .execute()
    await addMessage(storage, 100, ['ana@inbox.example'], { listId })
    await addMessage(storage, 200, ['ana@inbox.example'])
    await storage.db.updateTable('deliveries').set({ state: 'queued' }).execute()
    const page = { limit: 10, offset: 0, sort: { by: 'id', descending: false } } as const
    const queued = async () => {
      const people = await contactStatistics(storage.db, { keyId, queued: true }, page)
      const members = await memberStatistics(storage.db, { keyId, queued: true }, page)
      return [...people, ...members].map((row) => [row.id, row.counts.queued])
    }
    assert.deepEqual(await queued(), [
      [1, 2],
      [9, 1],
    ])
    // An operator holds what was put off.
    await event(storage, 100, 101, 'deferred', day + 1, 'greylisted')
    await storage.db.updateTable('deliveries').set({ state: 'held' }).execute()
    await foldAll(storage, 10)
    assert.deepEqual(await queued(), [[1, 1]])
  },
)

storageTest('mail that was simply sent leaves nothing to remember', async (_t, storage) => {
  await addMessage(storage, 100, ['a@inbox.example'])
  await event(storage, 100, 101, 'delivered', day)
  await foldAll(storage, 1_000)
  assert.equal((await storage.db.selectFrom('stat_deliveries').selectAll().execute()).length, 0)
  assert.equal(await readProgress(storage), 2)
})

test('what is written while others write is not passed over (postgres)', {
  skip: postgresMissing ?? false,
}, async (t) => {
  const storage = await openTestStorage(t, await storagePlace(t, 'postgres'))
  await addMessage(storage, 100, ['a@inbox.example', 'b@inbox.example'])
  const release = Promise.withResolvers<void>()
  const written = Promise.withResolvers<void>()
  const late = storage.db.transaction().execute(async (tx) => {
    await tx
      .insertInto('events')
      .values({
        message_id: 100 as MessageId,
        delivery_id: 101 as DeliveryId,
        key_id: keyId,
        kind: 'delivered',
        at: day,
        attempt_id: null,
        class: null,
        detail: null,
      })
      .execute()
    written.resolve()
    await release.promise
  })
  await written.promise
  await event(storage, 100, 102, 'delivered', day)
  let isSettled = false
  const settled = storage.settledEventId(0).then((id) => {
    isSettled = true
    return id
  })
  // Others go on, and the waiting goes on with them.
  for (let i = 0; i < 20; i++) await event(storage, 100, 102, 'complained', day)
  const tooEarly = isSettled
  release.resolve()
  await late
  assert.equal(tooEarly, false)
  assert.ok((await settled) >= 3)
  await foldAll(storage, 1_000)
  assert.deepEqual(await counters(storage, 'key'), [
    ['7', { processed: 2, sent: 2, complained: 1, complaints: 20 }],
  ])
})
