/** Tests of a mailing. */
import assert from 'node:assert/strict'
import { createTestCampaigns } from '../../test/campaigns-world.ts'
import { addMembers, listId, makeMailing, readers } from '../../test/mailing-world.ts'
import { storageTest } from '../../test/storage.ts'
import { listOf } from '../contacts/counts.ts'
import type { MessageOptions } from '../intake/submission.ts'
import { testMailing } from './try-mailing.ts'

storageTest('a test does not count for the list, and leads out of it', async (_t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, readers(1))
  const mailbox = { name: '', address: { local: 'r0', domain: 'inbox.example' } }
  await testMailing(ctx, await makeMailing(ctx), [mailbox])
  const { options } = await storage.db.selectFrom('messages').select('options').executeTakeFirstOrThrow()
  assert.equal(listOf(options), null)
  assert.equal((JSON.parse(options) as MessageOptions).leaveListId, listId)
})
