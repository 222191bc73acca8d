import assert from 'node:assert/strict'
import { startWorld, store } from '../../test/delivery-world.ts'
import { storageTest } from '../../test/storage.ts'
import { recordSoftBounce } from '../contacts/soft-bounces.ts'
import type { DeliveryId, KeyId } from '../mail/ids.ts'
import type { Storage } from '../storage/storage.ts'
import { writesOfLateFailure } from './late-failure.ts'

const day = 24 * 60 * 60_000

async function listed(storage: Storage) {
  const rows = await storage.db
    .selectFrom('suppressions')
    .select(['address', 'reason', 'origin'])
    .orderBy('address')
    .execute()
  return rows.map(({ address, reason, origin }) => [address, reason, origin])
}

/** What waits for a host that has put it off with these words, until its time runs out. */
async function expire(
  storage: Storage,
  said: Record<string, [replyClass: string, code: number, text: string]>,
) {
  const work = await store(storage, { to: Object.keys(said), due: true, lifetimeMs: -1 })
  for (const { deliveryId, address } of work.recipients) {
    const [replyClass, code, text] = said[address] ?? ['', 0, '']
    await storage.db
      .updateTable('deliveries')
      .set({ state: 'deferred', class: replyClass, reply_code: code, reply_text: text })
      .where('id', '=', deliveryId)
      .execute()
  }
  return work
}

storageTest('the fifth time that a mailbox stays full until the end, it is given up', async (t, storage) => {
  const addresses = ['full@example.net', 'later@example.net', 'closed@example.net', 'often@example.net']
  const earlier = addresses.flatMap((address, place) =>
    [40, 30, 20, 10].map((days, nth) => ({
      keyId: 7 as KeyId,
      address,
      deliveryId: (1 + place * 10 + nth) as DeliveryId,
      at: Date.now() - (address.startsWith('often') ? nth * 60_000 : days * day),
    })),
  )
  await storage.commit({ writes: earlier.map(recordSoftBounce) })
  await expire(storage, {
    'full@example.net': ['mailbox-full', 452, '4.2.2 over quota'],
    // Unknown today, and for four weeks, but never for good.
    'later@example.net': ['invalid-recipient', 450, '4.1.1 unknown for now'],
    // The way there, not the address.
    'closed@example.net': ['connection', 421, '4.3.2 closing'],
    // Five times within minutes is one bad day.
    'often@example.net': ['mailbox-full', 452, '4.2.2 over quota'],
  })
  const suppressed: string[] = []
  const world = await startWorld(
    t,
    storage,
    {},
    { onSuppressed: (_key, address) => suppressed.push(address) },
  )
  await world.dispatcher.idle()

  assert.deepEqual(await listed(storage), [
    ['full@example.net', 'soft-bounces', 'the last of many: 452 4.2.2 over quota'],
    ['later@example.net', 'soft-bounces', 'the last of many: 450 4.1.1 unknown for now'],
  ])
  assert.deepEqual(suppressed.sort(), ['full@example.net', 'later@example.net'])
})

storageTest('one expiry gives nobody up, but counts', async (t, storage) => {
  await expire(storage, { 'full@example.net': ['mailbox-full', 452, '4.2.2 over quota'] })
  const world = await startWorld(t, storage, {})
  await world.dispatcher.idle()

  assert.deepEqual(await listed(storage), [])
  const { length } = await storage.db.selectFrom('soft_bounces').selectAll().execute()
  assert.equal(length, 1)
})

storageTest(
  'full mailboxes that reports tell of count too, when the report is proven',
  async (_t, storage) => {
    const keyId = 7 as KeyId
    const late = writesOfLateFailure({ storage, onSuppressed: () => undefined })
    const report = async (
      address: string,
      days: number,
      { replyClass = 'mailbox-full', isProven = true } = {},
    ) => {
      const { message, recipients } = await store(storage, { to: [address] })
      const [recipient] = recipients
      assert.ok(recipient)
      const writes = await late({
        messageId: message.id,
        deliveryId: recipient.deliveryId,
        keyId,
        address,
        class: replyClass,
        said: '552 5.2.2 full',
        isProven,
        at: Date.now() - days * day,
      })
      await storage.commit({ writes })
    }
    for (const days of [40, 30, 20, 10, 0]) {
      await report('full@example.net', days)
      await report('forged@example.net', days, { isProven: false })
      await report('blocked@example.net', days, { replyClass: 'dnsbl' })
    }

    assert.deepEqual(await listed(storage), [
      ['full@example.net', 'soft-bounces', 'the last of many: 552 5.2.2 full'],
    ])
  },
)
