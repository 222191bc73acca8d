/** What is left of mailings when time has passed. */
import assert from 'node:assert/strict'
import { createTestCampaigns } from '../../test/campaigns-world.ts'
import { storageTest } from '../../test/storage.ts'
import type { ContactId, DeliveryId, KeyId, MailingId } from '../mail/ids.ts'
import { systemClock } from '../runtime/clock.ts'
import type { Storage } from '../storage/storage.ts'
import { cancelMailing, deleteMailing, pauseMailing } from './change-state.ts'
import { deletedMailingDays, forgetOldRecipients, purgeDeletedMailings } from './forget-recipients.ts'
import type { Mailing } from './mailing.ts'
import { saveMailingContent } from './mailing-content.ts'
import { createMailing, findMailing, getMailing } from './store-mailings.ts'

const keyId = 7 as KeyId
const day = 86_400_000
const start = 1_800_000_000_000

/** Being sent, with more recipients than are forgotten in one step. */
async function sending(storage: Storage, clock: { now(): number }): Promise<Mailing> {
  const ctx = createTestCampaigns(storage, { clock: { ...systemClock, ...clock } })
  const { id } = await createMailing(ctx, { keyId, builder: 'campaigndraft', subject: 'S' })
  await saveMailingContent(ctx, await getMailing(storage.db, { keyId, id }), { text: 'Hello' })
  await storage.db
    .updateTable('mailings')
    .set({ state: 'sending', started_at: clock.now(), gathered_at: clock.now() })
    .where('id', '=', id)
    .execute()
  for (let from = 0; from < 1_200; from += 200) {
    await storage.db
      .insertInto('mailing_recipients')
      .values(
        Array.from({ length: 200 }, (_, n) => ({
          mailing_id: id,
          contact_id: (1 + from + n) as ContactId,
          address: `r${from + n}@inbox.example`,
          ...{ state: 'pending' as const, reason: null, delivery_id: null as DeliveryId | null },
        })),
      )
      .execute()
  }
  await storage.db
    .insertInto('mailing_exclusions')
    .values({ mailing_id: id, reason: 'gone', count: 1 })
    .execute()
  return getMailing(storage.db, { keyId, id })
}

async function rowsOf({ db }: Storage, id: MailingId): Promise<number[]> {
  const counts: number[] = []
  for (const table of ['mailing_recipients', 'mailing_contents', 'mailing_exclusions'] as const) {
    const { count } = await db
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('mailing_id', '=', id)
      .executeTakeFirstOrThrow()
    counts.push(Number(count))
  }
  return counts
}

storageTest('a campaign that stays paused ends, and its recipients are forgotten', async (_t, storage) => {
  let now = start
  const clock = { ...systemClock, now: () => now }
  const ctx = createTestCampaigns(storage, { clock })
  const mailing = await sending(storage, clock)
  now = start + 50 * day
  const paused = await pauseMailing(ctx, mailing, { by: 'person', reason: 'wait' })
  // Since it was paused, not since it was begun.
  await forgetOldRecipients(storage, { now: start + 100 * day, messagesDays: 90 })
  assert.equal((await getMailing(storage.db, paused)).state, 'paused')
  assert.deepEqual(await rowsOf(storage, mailing.id), [1_200, 1, 1])
  await forgetOldRecipients(storage, { now: start + 141 * day, messagesDays: 90 })
  const ended = await getMailing(storage.db, paused)
  assert.deepEqual([ended.state, ended.pausedBy, ended.endedAt], ['cancelled', null, now])
  assert.deepEqual(await rowsOf(storage, mailing.id), [0, 1, 1])
})

storageTest('what is being sent keeps its recipients, however long it takes', async (_t, storage) => {
  const mailing = await sending(storage, { now: () => start })
  await forgetOldRecipients(storage, { now: start + 1_000 * day, messagesDays: 90 })
  await purgeDeletedMailings(storage, start + 1_000 * day)
  assert.equal((await getMailing(storage.db, mailing)).state, 'sending')
  assert.deepEqual(await rowsOf(storage, mailing.id), [1_200, 1, 1])
})

storageTest(
  'a deleted campaign is gone after a while, with all that was written for it',
  async (_t, storage) => {
    let now = start
    const clock = { ...systemClock, now: () => now }
    const ctx = createTestCampaigns(storage, { clock })
    const mailing = await sending(storage, clock)
    const other = await sending(storage, clock)
    now = start + 10 * day
    await deleteMailing(ctx, await cancelMailing(ctx, mailing))
    const longest = now + deletedMailingDays * day
    await purgeDeletedMailings(storage, longest)
    assert.equal((await getMailing(storage.db, mailing)).state, 'deleted')
    await purgeDeletedMailings(storage, longest + 2)
    assert.equal(await findMailing(storage.db, { id: mailing.id }), undefined)
    assert.deepEqual(await rowsOf(storage, mailing.id), [0, 0, 0])
    assert.deepEqual(await rowsOf(storage, other.id), [1_200, 1, 1])
  },
)
