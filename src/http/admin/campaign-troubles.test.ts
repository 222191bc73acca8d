import assert from 'node:assert/strict'
import { createTestCampaigns } from '../../../test/campaigns-world.ts'
import { addMembers, keyId, makeMailing } from '../../../test/mailing-world.ts'
import { storageTest } from '../../../test/storage.ts'
import { systemClock } from '../../runtime/clock.ts'
import { campaignTroubles } from './campaign-troubles.ts'

storageTest(
  'a campaign that stopped by itself needs somebody, one that a person paused does not',
  async (_t, storage) => {
    const ctx = createTestCampaigns(storage)
    await addMembers(storage, [])
    const stopped = await makeMailing(ctx)
    const paused = await makeMailing(ctx)
    for (const [{ id }, paused_by] of [
      [stopped, 'breaker'],
      [paused, 'person'],
    ] as const) {
      await storage.db
        .updateTable('mailings')
        .set({ state: 'paused', paused_by, reason: 'why' })
        .where('id', '=', id)
        .execute()
    }
    assert.deepEqual(await campaignTroubles({ storage, clock: systemClock }, keyId), [
      { kind: 'campaign-paused', id: stopped.id, title: 'T', reason: 'why' },
    ])
  },
)
