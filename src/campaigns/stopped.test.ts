import assert from 'node:assert/strict'
import { createTestCampaigns } from '../../test/campaigns-world.ts'
import { addMembers, makeMailing, readers } from '../../test/mailing-world.ts'
import { storageTest } from '../../test/storage.ts'
import { createApiKey } from '../accounts/api-keys.ts'
import type { AccountId } from '../mail/ids.ts'
import { pauseMailing, sendMailing } from './change-state.ts'
import { stoppedMailings } from './stopped.ts'

storageTest(
  'what stopped by itself waits for somebody; what a person paused does not',
  async (_t, storage) => {
    const ctx = createTestCampaigns(storage)
    await addMembers(storage, readers(2))
    const ids: number[] = []
    for (const by of ['breaker', 'person', 'problem'] as const) {
      const mailing = await sendMailing(ctx, await makeMailing(ctx))
      const { id } = await pauseMailing(ctx, mailing, { by, reason: `by ${by}` })
      ids.push(id)
    }
    await sendMailing(ctx, await makeMailing(ctx))
    const { key } = await createApiKey(storage, { name: 'Shop', now: 1 })
    await storage.db.updateTable('mailings').set({ key_id: key.id }).execute()

    const shown = { publicKey: key.publicKey, title: 'T' }
    assert.deepEqual(await stoppedMailings(storage, key.accountId), [
      { ...shown, id: ids[2], reason: 'by problem' },
      { ...shown, id: ids[0], reason: 'by breaker' },
    ])
    assert.deepEqual(await stoppedMailings(storage, (key.accountId + 1) as AccountId), [])
  },
)
