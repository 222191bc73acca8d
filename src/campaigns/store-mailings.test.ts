/** Mailings as rows: copied and found. */
import assert from 'node:assert/strict'
import { createTestCampaigns } from '../../test/campaigns-world.ts'
import { storageTest } from '../../test/storage.ts'
import type { ContactListId, KeyId, SegmentId } from '../mail/ids.ts'
import { readMailingContent, saveMailingContent } from './mailing-content.ts'
import { createMailing, duplicateMailing, getMailing, listMailings } from './store-mailings.ts'

const keyId = 7 as KeyId

storageTest(
  'a copy has what is still there of the list, the segment and the content',
  async (_t, storage) => {
    const ctx = createTestCampaigns(storage)
    const { db } = storage
    const listId = 50 as ContactListId
    const segmentId = 60 as SegmentId
    const named = { key_id: keyId, name: 'Readers', created_at: 1, deleted_at: null }
    await db
      .insertInto('contact_lists')
      .values({ ...named, id: listId, address: 'abc' })
      .execute()
    await db
      .insertInto('segments')
      .values({ ...named, id: segmentId, description: '', expression: 'true' })
      .execute()
    const { id } = await createMailing(ctx, {
      ...{ keyId, listId, segmentId, builder: 'campaigndraft', title: 'Spring', subject: 'News' },
      ...{ senderEmail: 'news@shop.example', isStarred: true },
    })
    await saveMailingContent(ctx, await getMailing(db, { keyId, id }), { text: 'Hello' })
    const mailing = await getMailing(db, { keyId, id })
    const copy = await duplicateMailing(ctx, mailing)
    assert.deepEqual(
      [copy.title, copy.subject, copy.senderEmail, copy.listId, copy.segmentId, copy.isStarred],
      ['Spring', 'News', 'news@shop.example', listId, segmentId, false],
    )
    const [first, second] = [await readMailingContent(db, id), await readMailingContent(db, copy.id)]
    assert.deepEqual({ ...second, contentId: 0 }, { ...first, contentId: 0 })
    assert.notEqual(second.contentId, first.contentId)
    await db.updateTable('contact_lists').set({ deleted_at: 2 }).execute()
    const without = await duplicateMailing(ctx, mailing, { title: 'Again' })
    assert.deepEqual([without.title, without.listId, without.segmentId], ['Again', null, segmentId])
    await db.updateTable('segments').set({ deleted_at: 2 }).execute()
    assert.equal((await duplicateMailing(ctx, mailing)).segmentId, null)
  },
)

storageTest('a campaign is found by what its title and its subject say', async (_t, storage) => {
  const ctx = createTestCampaigns(storage)
  const begun = { keyId, builder: 'campaigndraft' } as const
  const { id } = await createMailing(ctx, { ...begun, title: 'ÜBER 100%', subject: 'Ägypten News' })
  await createMailing(ctx, { ...begun, title: 'Other', subject: '100 things' })
  const found = async (search: string) =>
    (await listMailings(storage.db, { keyId, search }, { limit: 10 })).map((one) => one.id)
  for (const search of ['ÜBER', 'Ägypten', 'nEWS', '100%'])
    assert.deepEqual(await found(search), [id], search)
  assert.deepEqual(await found('nowhere'), [])
})
