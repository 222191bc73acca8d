import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { storageTest } from '../../test/storage.ts'
import type { CampaignId, DeliveryId, KeyId, MessageId, WorkId } from '../mail/ids.ts'
import { silentLog } from '../runtime/log.ts'
import type { DeliveryState } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { createRecorder, type Recorder, type Visitor } from './recorder.ts'

const keyId = 7 as KeyId
const person: Visitor = {
  method: 'GET',
  ip: '192.0.2.1',
  agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36',
}

async function world(t: TestContext, storage: Storage, isPrivate = false) {
  const time = { now: 1_000_000 }
  await storage.db
    .insertInto('messages')
    .values({
      id: 100 as MessageId,
      key_id: keyId,
      door: 'api',
      lane: 'bulk',
      priority: 2,
      accepted_at: 0,
      expires_at: 0,
      envelope_from: '',
      from_address: 'news@shop.example',
      subject: '',
      header_message_id: '<1@shop.example>',
      size_bytes: 1,
      recipient_count: 2,
      custom_id: null,
      event_payload: null,
      campaign_id: 3 as CampaignId,
      options: '{}',
      submission_uuid: '',
    })
    .execute()
  const add = (id: number, state: DeliveryState) =>
    storage.db
      .insertInto('deliveries')
      .values({
        id: id as DeliveryId,
        message_id: 100 as MessageId,
        key_id: keyId,
        work_id: 0 as WorkId,
        uuid: '',
        recipient: `${id}@inbox.example`,
        recipient_kind: 'to',
        state,
        class: null,
        reply_code: null,
        reply_text: null,
        attempts: 1,
        next_attempt_at: null,
        updated_at: time.now,
        dsn: null,
      })
      .execute()
  await add(101, 'delivered')
  await add(102, 'queued')
  const recorder: Recorder = createRecorder({
    storage,
    clock: { now: () => time.now, sleep: async () => undefined },
    log: silentLog,
    rules: { of: async () => ({ opens: true, clicks: true, isPrivate }) },
    countryOf: () => 'FR',
    scannerMs: 5_000,
  })
  t.after(() => recorder.stop())
  return { time, recorder }
}

async function visits(storage: Storage) {
  const rows = await storage.db
    .selectFrom('events')
    .innerJoin('visits', 'visits.id', 'events.visit_id')
    .select([
      'visits.delivery_id',
      'events.kind',
      'visits.position',
      'visits.machine',
      'visits.campaign_id',
      'visits.ip',
      'visits.country',
    ])
    .orderBy('events.id')
    .execute()
  return rows.map((row) => Object.values(row))
}

storageTest(
  'what followed all links within seconds was no person, from the first link on',
  async (t, storage) => {
    const { time, recorder } = await world(t, storage)
    time.now += 60_000
    recorder.opened(101, person)
    for (const position of [1, 2, 3]) {
      recorder.clicked({ deliveryId: 101, url: `https://shop.example/${position}`, position }, person)
      time.now += 500
    }
    time.now += 60_000
    recorder.clicked({ deliveryId: 101, url: 'https://shop.example/1', position: 1 }, person)
    await recorder.flush()
    const common = [3, '192.0.2.1', 'FR']
    assert.deepEqual(await visits(storage), [
      [101, 'opened', 0, null, ...common],
      [101, 'clicked', 1, 'many-links', ...common],
      [101, 'clicked', 2, 'many-links', ...common],
      [101, 'clicked', 3, 'many-links', ...common],
      [101, 'clicked', 1, null, ...common],
    ])
  },
)

storageTest('what is private is counted, and nothing more', async (t, storage) => {
  const { time, recorder } = await world(t, storage, true)
  time.now += 60_000
  recorder.opened(101, person)
  // Not delivered as far as we know, and a message that is forgotten.
  recorder.opened(102, person)
  recorder.opened(999, person)
  await recorder.flush()
  assert.deepEqual(await visits(storage), [
    [101, 'opened', 0, null, 3, '', ''],
    [102, 'opened', 0, 'too-soon', 3, '', ''],
  ])
  const rows = await storage.db.selectFrom('visits').select('agent').execute()
  assert.deepEqual(
    rows.map(({ agent }) => agent),
    ['', ''],
  )
})
