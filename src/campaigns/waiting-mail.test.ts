/** Mail of a mailing that waits in the queue: whether it still goes out, and for how long it is tried. */
import assert from 'node:assert/strict'
import { createTestCampaigns } from '../../test/campaigns-world.ts'
import { addMembers, keyId, makeMailing, readers, until, work } from '../../test/mailing-world.ts'
import { storageTest } from '../../test/storage.ts'
import { loadClaimed } from '../delivery/load.ts'
import { listQueue } from '../delivery/queue-view.ts'
import { settleExpired } from '../delivery/settle.ts'
import { readStory } from '../events/story.ts'
import type { MemberId } from '../mail/ids.ts'
import { createQueue } from '../queue/queue.ts'
import { systemClock } from '../runtime/clock.ts'
import { sendMailing } from './change-state.ts'
import { gatherStep } from './gather-recipients.ts'
import { handOverStep, openMail } from './hand-over-recipients.ts'
import { getMailing } from './store-mailings.ts'

storageTest(
  'who left the list, or was taken off it, while their mail waited gets nothing',
  async (t, storage) => {
    const ctx = createTestCampaigns(storage)
    const { db } = storage
    await addMembers(storage, readers(3))
    const { id } = await sendMailing(ctx, await makeMailing(ctx))
    work(t, ctx)
    await until(storage, id, ({ state }) => state === 'sent')
    const member = (one: number) => one as MemberId
    await db.updateTable('list_members').set({ is_unsubscribed: 1 }).where('id', '=', member(1_000)).execute()
    await db.deleteFrom('list_members').where('id', '=', member(1_001)).execute()
    const queue = createQueue(ctx)
    const claimed = await queue.claim({ lane: 'bulk', maxItems: 10, maxPerKey: 10 })
    const { works, suppressed } = await loadClaimed(db, claimed)
    const addresses = (some: typeof works) =>
      some.flatMap(({ recipients }) => recipients.map(({ address }) => address))
    assert.deepEqual(addresses(works), ['r2@inbox.example'])
    assert.deepEqual(
      suppressed
        .flatMap((one) => one.suppressed.map(({ recipient, class: why }) => [recipient.address, why]))
        .toSorted(),
      [
        ['r0@inbox.example', 'suppressed-listed'],
        ['r1@inbox.example', 'suppressed-listed'],
      ],
    )
  },
)

storageTest(
  'each recipient is tried for as long as any other, however late the last came',
  async (_t, storage) => {
    let now = 1_800_000_000_000
    const hour = 3_600_000
    const clock = { ...systemClock, now: () => now }
    const ctx = createTestCampaigns(storage, { clock })
    await addMembers(storage, readers(2))
    const { id } = await sendMailing(ctx, await makeMailing(ctx))
    const row = () => getMailing(storage.db, { keyId, id })
    while ((await row()).gatheredAt === null) await gatherStep(ctx, await row())
    const message = await openMail(ctx, await row())
    assert.ok(message)
    const start = now
    await handOverStep(ctx, await row(), { message, limit: 1 })
    now += 10 * hour
    await handOverStep(ctx, await row(), { message, limit: 1 })
    const { works } = await loadClaimed(
      storage.db,
      await createQueue(ctx).claim({ lane: 'bulk', maxItems: 10, maxPerKey: 10 }),
    )
    const times = new Map(
      works.map(({ message: { acceptedAt, expiresAt }, recipients: [recipient] }) => [
        recipient?.address,
        [acceptedAt - start, expiresAt - start],
      ]),
    )
    // The test's door gives an hour.
    assert.deepEqual(times.get('r0@inbox.example'), [0, hour])
    assert.deepEqual(times.get('r1@inbox.example'), [10 * hour, 11 * hour])
    const [first] = works.filter(({ recipients }) => recipients[0]?.address === 'r0@inbox.example')
    assert.ok(first)
    const { writes } = settleExpired({ ...first, content: message.content }, { owner: 'x', now })
    assert.ok(writes.some(({ values }) => values.includes('not delivered in the 1 h it was allowed')))
    const [told, toldLate] = await Promise.all(
      works.map((one) => readStory(storage.db, one.recipients[0]?.deliveryId ?? 0)),
    )
    assert.deepEqual(
      [told, toldLate].map((story) => (story?.message.expiresAt ?? 0) - start),
      [hour, 11 * hour],
    )
    const shown = await listQueue(storage.db)
    assert.deepEqual(
      shown.map(({ recipient, expiresAt }) => [recipient, expiresAt - start]),
      [
        ['r0@inbox.example', hour],
        ['r1@inbox.example', 11 * hour],
      ],
    )
  },
)
