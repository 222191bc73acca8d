import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import type { DeliveryId, KeyId, MessageId, WorkId } from '../mail/ids.ts'
import { never } from '../queue/work.ts'
import type { DeliveryState } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { changeQueue } from './queue-admin.ts'
import { listQueue, showQueued } from './queue-view.ts'

const now = 1_700_000_000_000
const messageId = 100 as MessageId

/** Message 100: deliveries 1 and 2 in work 11 (one.example), 3 in work 12 (two.example). */
async function fill(storage: Storage, states: readonly DeliveryState[] = ['queued', 'deferred', 'queued']) {
  const { db } = storage
  await db
    .insertInto('messages')
    .values({
      id: messageId,
      key_id: 5 as KeyId,
      door: 'api',
      lane: 'transactional',
      priority: 2,
      accepted_at: now,
      expires_at: now + 1000,
      envelope_from: '',
      from_address: 'hello@shop.example',
      subject: 'Hi',
      header_message_id: '<a@shop.example>',
      size_bytes: 5,
      recipient_count: 3,
      custom_id: null,
      event_payload: null,
      campaign_id: null,
      options: '{}',
      submission_uuid: 'u',
    })
    .execute()
  const recipients = ['a@one.example', 'b@one.example', 'c@two.example']
  for (const [index, recipient] of recipients.entries()) {
    const state = states[index] ?? 'queued'
    await db
      .insertInto('deliveries')
      .values({
        id: (index + 1) as DeliveryId,
        message_id: messageId,
        key_id: 5 as KeyId,
        work_id: (index < 2 ? 11 : 12) as WorkId,
        uuid: `u${index}`,
        recipient,
        recipient_kind: 'to',
        state,
        class: null,
        reply_code: null,
        reply_text: null,
        attempts: state === 'deferred' ? 2 : 0,
        next_attempt_at: now + 500,
        updated_at: now,
        dsn: null,
      })
      .execute()
  }
  for (const [id, key] of [
    [11, 'one.example 5'],
    [12, 'two.example 5'],
  ] as const) {
    await db
      .insertInto('work')
      .values({
        id: id as WorkId,
        lane: 'transactional',
        key,
        due_at: now + 500,
        owner: null,
        attempts: 2,
        held_at: null,
        ref: messageId,
        created_at: now,
      })
      .execute()
  }
}

const deliveries = ({ db }: Storage) =>
  db
    .selectFrom('deliveries')
    .select(['state', 'work_id', 'next_attempt_at'])
    .orderBy('id')
    .execute()
    .then((rows) => rows.map((row) => [row.state, row.work_id, row.next_attempt_at]))

const works = ({ db }: Storage) =>
  db
    .selectFrom('work')
    .select(['id', 'key', 'due_at', 'held_at', 'attempts'])
    .orderBy('id')
    .execute()
    .then((rows) => rows.map((row) => ({ ...row })))

const later = now + 100

storageTest('holding a message holds its work, releasing makes it due', async (_t, storage) => {
  await fill(storage)
  const held = await changeQueue(storage, { action: 'hold', ids: [messageId], now: later })
  assert.deepEqual(held, { changed: [1, 2, 3], refused: [] })
  assert.deepEqual(await deliveries(storage), [
    ['held', 11, null],
    ['held', 11, null],
    ['held', 12, null],
  ])
  assert.deepEqual(await works(storage), [
    { id: 11, key: 'one.example 5', due_at: never, held_at: later, attempts: 2 },
    { id: 12, key: 'two.example 5', due_at: never, held_at: later, attempts: 2 },
  ])
  const released = await changeQueue(storage, { action: 'release', ids: [messageId], now: later + 1 })
  assert.deepEqual(released, { changed: [1, 2, 3], refused: [] })
  assert.deepEqual(await deliveries(storage), [
    ['queued', 11, later + 1],
    ['deferred', 11, later + 1],
    ['queued', 12, later + 1],
  ])
  assert.deepEqual(await works(storage), [
    { id: 11, key: 'one.example 5', due_at: later + 1, held_at: null, attempts: 2 },
    { id: 12, key: 'two.example 5', due_at: later + 1, held_at: null, attempts: 2 },
  ])
  const events = await storage.db.selectFrom('events').select(['kind', 'detail']).orderBy('id').execute()
  assert.deepEqual(
    events.map((event) => `${event.kind}: ${event.detail}`),
    [
      ...Array.from({ length: 3 }, () => 'held: Put on hold by an operator'),
      ...Array.from({ length: 3 }, () => 'released: Released by an operator'),
    ],
  )
})

storageTest('one recipient on hold does not keep the others of its domain', async (_t, storage) => {
  await fill(storage)
  await changeQueue(storage, { action: 'hold', ids: [1], now: later })
  const [held, other] = await deliveries(storage)
  assert.deepEqual(other, ['deferred', 11, now + 500])
  const newId = held?.[1]
  assert.ok(typeof newId === 'number' && newId !== 11)
  const all = await works(storage)
  assert.deepEqual(all[0], { id: 11, key: 'one.example 5', due_at: now + 500, held_at: null, attempts: 2 })
  assert.deepEqual(all[2], { id: newId, key: 'one.example 5', due_at: never, held_at: later, attempts: 2 })
  await changeQueue(storage, { action: 'release', ids: [1], now: later })
  assert.deepEqual((await works(storage))[2], {
    id: newId,
    key: 'one.example 5',
    due_at: later,
    held_at: null,
    attempts: 2,
  })
})

storageTest('dropping ends work with its last recipient', async (_t, storage) => {
  await fill(storage)
  await changeQueue(storage, { action: 'drop', ids: [1], now: later })
  assert.deepEqual(
    (await works(storage)).map((work) => work.id),
    [11, 12],
  )
  await changeQueue(storage, { action: 'drop', filter: { domain: 'one.example' }, now: later })
  assert.deepEqual(
    (await works(storage)).map((work) => work.id),
    [12],
  )
  assert.deepEqual(await deliveries(storage), [
    ['dropped', 11, null],
    ['dropped', 11, null],
    ['queued', 12, now + 500],
  ])
})

storageTest('a retry is due now; what is being sent, held or done is refused', async (_t, storage) => {
  await fill(storage, ['deferred', 'delivered', 'held'])
  await storage.db
    .updateTable('work')
    .set({ held_at: now, due_at: never })
    .where('id', '=', 12 as WorkId)
    .execute()
  assert.deepEqual(await changeQueue(storage, { action: 'retry', ids: [messageId], now: later }), {
    changed: [1],
    refused: [
      { id: 2, reason: 'b@one.example is not waiting any more: it is delivered' },
      { id: 3, reason: 'c@two.example is on hold; release it instead' },
    ],
  })
  assert.equal((await works(storage))[0]?.due_at, later)
  await storage.db
    .updateTable('work')
    .set({ owner: storage.nodeId, due_at: never })
    .where('id', '=', 11 as WorkId)
    .execute()
  for (const action of ['retry', 'hold', 'drop'] as const) {
    assert.deepEqual(await changeQueue(storage, { action, ids: [1], now: later }), {
      changed: [],
      refused: [
        {
          id: 1,
          reason: 'a@one.example is being sent at this moment; try again when that attempt has ended',
        },
      ],
    })
  }
  assert.deepEqual(await changeQueue(storage, { action: 'release', ids: [2], now: later }), {
    changed: [],
    refused: [{ id: 2, reason: 'b@one.example is not on hold: it is delivered' }],
  })
  const [first] = await showQueued(storage.db, 1)
  assert.equal(first?.isBeingSent, true)
  await assert.rejects(changeQueue(storage, { action: 'hold', ids: [999], now }), { code: 'not-found' })
})

storageTest('the list is paged and filtered', async (_t, storage) => {
  await fill(storage)
  const list = async (filter: Parameters<typeof listQueue>[1]) =>
    (await listQueue(storage.db, filter)).map((one) => one.id)
  assert.deepEqual(await list({}), [1, 2, 3])
  assert.deepEqual(await list({ limit: 2 }), [1, 2])
  assert.deepEqual(await list({ after: 1 }), [2, 3])
  assert.deepEqual(await list({ after: 2 }), [3])
  assert.deepEqual(await list({ state: 'deferred' }), [2])
  assert.deepEqual(await list({ domain: 'two.example' }), [3])
  assert.deepEqual(await list({ domain: '%' }), [])
  assert.deepEqual(await list({ keyId: 6 as KeyId }), [])
  assert.deepEqual(await list({ messageId }), [1, 2, 3])
})
