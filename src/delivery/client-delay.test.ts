import assert from 'node:assert/strict'
import { startWorld, store } from '../../test/delivery-world.ts'
import { storageTest } from '../../test/storage.ts'

const hour = 60 * 60_000

storageTest('a delay is owed once, after four hours, to whom asked for it', async (t, storage) => {
  const { db } = storage
  const submitted = async (
    acceptedHoursAgo: number,
    dsn: string | null,
    envelopeFrom = 'bounce@shop.example',
  ) => {
    const { message, recipients } = await store(storage, { to: ['busy@example.net'], due: true })
    const accepted_at = Date.now() - acceptedHoursAgo * hour
    await db
      .updateTable('messages')
      .set({ accepted_at, envelope_from: envelopeFrom })
      .where('id', '=', message.id)
      .execute()
    const id = recipients.map(({ deliveryId }) => deliveryId)
    await db.updateTable('deliveries').set({ dsn }).where('id', 'in', id).execute()
    return message.id
  }
  const asked = await submitted(5, 'NOTIFY=DELAY,FAILURE')
  await submitted(3, 'NOTIFY=DELAY')
  await submitted(5, 'NOTIFY=FAILURE')
  await submitted(5, null)
  await submitted(5, 'NOTIFY=DELAY', '')
  const owed = async () =>
    (await db.selectFrom('client_reports').select('message_id').execute()).map((row) =>
      Number(row.message_id),
    )

  const world = await startWorld(
    t,
    storage,
    { rcpt: { 'busy@example.net': '450 4.2.0 busy' } },
    // The second try comes at once, the third never in this test.
    { schedule: { delaysMs: [1], repeatMs: 60_000, jitter: 0, greylistMs: [1, 1] } },
  )
  await world.dispatcher.idle()

  assert.deepEqual(await owed(), [asked])
  const row = await db
    .selectFrom('deliveries')
    .select(['dsn', 'attempts'])
    .where('message_id', '=', asked)
    .executeTakeFirst()
  assert.deepEqual([row?.dsn, Number(row?.attempts)], ['NOTIFY=FAILURE', 2])
})
