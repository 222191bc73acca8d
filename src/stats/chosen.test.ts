import assert from 'node:assert/strict'
import { type RawBuilder, sql } from 'kysely'
import { storageTest } from '../../test/storage.ts'
import type { CampaignId, KeyId, MailingId } from '../mail/ids.ts'
import type { Storage } from '../storage/storage.ts'
import { type Choice, readChosenTotals } from './chosen.ts'
import { createCounters } from './counters.ts'

const keyId = 7 as KeyId
const day = 86_400_000
const now = Date.UTC(2026, 5, 15, 12, 2)

/** Messages of the key, `at` so long ago, of a campaign or of none. */
async function count(storage: Storage, at: number, processed: number, campaignId?: number) {
  const counters = createCounters()
  const time = now - at
  counters.addSeries({ source: 'key', sourceId: keyId, timing: 'message', time }, { processed }, time)
  if (campaignId !== undefined) {
    const place = { source: 'campaign', sourceId: campaignId, timing: 'message', time } as const
    counters.addSeries(place, { processed }, time)
  }
  const result = await storage.commit({ writes: await counters.writes(storage) })
  assert.equal(result, 'applied')
}

storageTest('totals of a choice of campaigns, in a time', async (_t, storage) => {
  for (const [id, name, mailingId, owner] of [
    [3, 'mj.nl=9', 9, keyId],
    [4, 'orders', null, keyId],
    [5, 'orders', null, 8],
  ] as const) {
    await storage.db
      .insertInto('campaigns')
      .values({
        id: id as CampaignId,
        key_id: owner as KeyId,
        name,
        created_at: now,
        mailing_id: mailingId as MailingId | null,
        deleted_at: null,
      })
      .execute()
  }
  await count(storage, 0, 1)
  await count(storage, 10 * 60_000, 10, 3)
  await count(storage, 3 * day, 100, 4)
  await count(storage, 500 * day, 1_000)
  const totals = async (choice: Partial<Choice>) => {
    const { processed, ofMailings } = await readChosenTotals(storage.db, { keyId, now, ...choice })
    return [processed, ofMailings]
  }
  assert.deepEqual(await totals({}), [1_111, 10])
  assert.deepEqual(await totals({ from: now - 60_000 }), [1, 0], 'the slice in which it is, and no more')
  assert.deepEqual(await totals({ from: now - day }), [11, 10])
  assert.deepEqual(await totals({ from: now - day, to: now - 6 * 60_000 }), [10, 10])
  assert.deepEqual(await totals({ from: now - 100 * day }), [111, 10], 'by hours')
  assert.deepEqual(await totals({ from: now - 500 * day }), [1_111, 10], 'by days')
  assert.deepEqual(await totals({ to: now - 4 * day }), [1_000, 0])

  const isMailing: RawBuilder<boolean> = sql`campaigns.mailing_id IS NOT NULL`
  const named: RawBuilder<boolean> = sql`campaigns.name = 'orders'`
  assert.deepEqual(await totals({ ofCampaigns: [isMailing], withoutCampaign: false }), [10, 10])
  assert.deepEqual(await totals({ ofCampaigns: [sql`NOT (${isMailing})`] }), [1_101, 0])
  assert.deepEqual(await totals({ ofCampaigns: [named], withoutCampaign: false }), [100, 0])
  assert.deepEqual(await totals({ ofCampaigns: [named, isMailing], withoutCampaign: false }), [0, 0])
})
