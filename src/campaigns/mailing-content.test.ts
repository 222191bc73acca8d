import assert from 'node:assert/strict'
import { createTestCampaigns } from '../../test/campaigns-world.ts'
import { storageTest } from '../../test/storage.ts'
import type { KeyId } from '../mail/ids.ts'
import { readMailingContent, saveMailingContent } from './mailing-content.ts'
import { createMailing } from './store-mailings.ts'

storageTest('of two who save what they changed at once, one is told', async (_t, storage) => {
  const ctx = createTestCampaigns(storage)
  const mailing = await createMailing(ctx, { keyId: 7 as KeyId, builder: 'campaigndraft' })
  for (const round of ['while there is none', 'in place of another']) {
    const { contentId: readContentId } = await readMailingContent(storage.db, mailing.id)
    const saves = await Promise.allSettled(
      ['one', 'other'].map((text) => saveMailingContent(ctx, mailing, { text }, { readContentId })),
    )
    const saved = saves.flatMap((save) => (save.status === 'fulfilled' ? [save.value] : []))
    const refused = saves.flatMap((save) => (save.status === 'rejected' ? [save.reason as unknown] : []))
    assert.equal(saved.length, 1, round)
    assert.equal((refused[0] as { code?: unknown }).code, 'conflict', round)
    assert.deepEqual(await readMailingContent(storage.db, mailing.id), saved[0], round)
  }
})
