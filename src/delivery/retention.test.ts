import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import { watchQueries } from '../../test/watch-queries.ts'
import type { DeliveryId, KeyId, MessageId, WorkId } from '../mail/ids.ts'
import type { DeliveryState } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { forgetOld } from './retention.ts'

const keyId = 7 as KeyId
const day = 86_400_000
const settings = { now: 100 * day, bodiesDays: 1, messagesDays: 90 }

/** Accepted long ago, with an attempt at each recipient. */
async function addMessage(
  { db }: Storage,
  id: number,
  { recipients, state = 'delivered' }: { recipients: number; state?: DeliveryState },
) {
  const messageId = id as MessageId
  await db
    .insertInto('messages')
    .values({
      ...{ id: messageId, key_id: keyId, door: 'api', lane: 'bulk', priority: 2, accepted_at: day },
      ...{ expires_at: day, envelope_from: '', from_address: 'news@shop.example', subject: '' },
      ...{ header_message_id: `<${id}@shop.example>`, size_bytes: 1, recipient_count: recipients },
      ...{ custom_id: null, event_payload: null, campaign_id: null, options: '{}', submission_uuid: '' },
    })
    .execute()
  const ids = Array.from({ length: recipients }, (_, index) => id + 1 + index)
  for (let from = 0; from < recipients; from += 500) {
    const some = ids.slice(from, from + 500)
    const deliveries = some.map((one) => ({
      ...{ id: one as DeliveryId, message_id: messageId, key_id: keyId, work_id: one as WorkId, uuid: '' },
      ...{ recipient: `r${one}@inbox.example`, recipient_kind: 'to' as const, state, class: null },
      ...{
        reply_code: null,
        reply_text: null,
        attempts: 1,
        next_attempt_at: null,
        updated_at: day,
        dsn: null,
      },
    }))
    await db.insertInto('deliveries').values(deliveries).execute()
  }
}

const left = async ({ db }: Storage, table: 'messages' | 'deliveries') =>
  (await db.selectFrom(table).select('id').orderBy('id').execute()).map(({ id }) => Number(id))

storageTest(
  'old messages are forgotten with their deliveries, however many; what waits stays',
  async (_t, storage) => {
    await addMessage(storage, 10_000, { recipients: 1_203 })
    await addMessage(storage, 20_000, { recipients: 2 })
    await addMessage(storage, 30_000, { recipients: 1, state: 'deferred' })
    const { db, asked } = watchQueries(storage.db)
    assert.deepEqual(await forgetOld({ ...storage, db }, settings), { bodies: 0, messages: 2 })
    const steps = asked.filter(({ sql }) => sql.startsWith('delete from "deliveries"'))
    assert.equal(steps.length, 3, 'two steps of the large one alone, and one of what is left of both')
    assert.deepEqual(await left(storage, 'messages'), [30_000])
    assert.deepEqual(await left(storage, 'deliveries'), [30_001])
  },
)

storageTest('many ordinary messages cost no more queries than a few', async (_t, storage) => {
  const queriesFor = async (count: number) => {
    for (let n = 1; n <= count; n++) await addMessage(storage, n * 10, { recipients: 1 })
    const { db, asked } = watchQueries(storage.db)
    assert.equal((await forgetOld({ ...storage, db }, settings)).messages, count)
    return asked.length
  }
  assert.equal(await queriesFor(40), await queriesFor(2))
})
