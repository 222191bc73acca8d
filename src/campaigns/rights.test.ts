/** A mailing goes out only while its key may send it, and as its sender. */
import assert from 'node:assert/strict'
import { createTestCampaigns } from '../../test/campaigns-world.ts'
import { addMembers, keyId, makeMailing, readers, until, work } from '../../test/mailing-world.ts'
import { storageTest } from '../../test/storage.ts'
import type { AccountId } from '../mail/ids.ts'
import { systemClock } from '../runtime/clock.ts'
import { resumeMailing, scheduleMailing, sendMailing } from './change-state.ts'
import type { CampaignsContext } from './context.ts'
import { noCounts } from './run-mailings.ts'
import { changeMailing, getMailing } from './store-mailings.ts'

storageTest('when its key is suspended, what is left of it waits for a person', async (t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, readers(3))
  const { db } = storage
  await db
    .insertInto('api_keys')
    .values({
      ...{ id: keyId, account_id: 1 as AccountId, name: 'k', public_key: 'p', secret_hash: 's' },
      ...{ is_master: 0, is_active: 1, created_at: 1, rotated_at: null },
    })
    .execute()
  const { id } = await sendMailing(ctx, await makeMailing(ctx))
  await db.updateTable('api_keys').set({ is_active: 0 }).execute()
  work(t, ctx)
  const paused = await until(storage, id, ({ state }) => state === 'paused')
  assert.deepEqual([paused.pausedBy, paused.handed, paused.pending], ['problem', 0, 3])
  await assert.rejects(resumeMailing(ctx, paused), /The API key is suspended/)
  await db.updateTable('api_keys').set({ is_active: 1 }).execute()
  await resumeMailing(ctx, paused)
  const sent = await until(storage, id, ({ state }) => state === 'sent')
  assert.equal(sent.handed, 3)
})

storageTest('what is edited while it is being looked at is not sent', async (_t, storage) => {
  // The same moment for all of it: what was changed must be noticed all the same.
  const clock = { ...systemClock, now: () => 1_800_000_000_000 }
  const plain = createTestCampaigns(storage, { clock })
  await addMembers(storage, readers(2))
  const draft = await makeMailing(plain)
  let isEdited = false
  const ctx: CampaignsContext = {
    ...plain,
    async maySendAs(key, from) {
      if (!isEdited) await changeMailing(plain, draft, { senderEmail: 'otherceo@bank.example' })
      isEdited = true
      return plain.maySendAs(key, from)
    },
  }
  const now = () => getMailing(storage.db, draft)
  await assert.rejects(sendMailing(ctx, await now()), /was changed meanwhile/)
  await changeMailing(plain, draft, { senderEmail: 'news@shop.example' })
  isEdited = false
  await assert.rejects(scheduleMailing(ctx, await now(), clock.now() + 60_000), /was changed meanwhile/)
  assert.equal((await getMailing(storage.db, draft)).state, 'draft')
})

storageTest('nothing is stored as a sender that the key may not use', async (t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, readers(2))
  const { id } = await sendMailing(ctx, await makeMailing(ctx))
  await storage.db.updateTable('mailings').set({ sender_email: 'otherceo@bank.example' }).execute()
  work(t, ctx)
  const paused = await until(storage, id, ({ state }) => state === 'paused')
  assert.equal(paused.pausedBy, 'problem')
  assert.match(paused.reason, /^otherceo@bank\.example is not an active sender/)
  assert.deepEqual(await storage.db.selectFrom('messages').select('id').execute(), [])
})

storageTest(
  'a sender that was taken away stops what is left, also when it is resumed',
  async (t, storage) => {
    let delivered = 0
    let mayStill = true
    const ctx = createTestCampaigns(storage, {
      countsOf: async () => ({ ...noCounts, delivered }),
      maySendAs: async () => mayStill,
    })
    await addMembers(storage, readers(600))
    const { id } = await sendMailing(ctx, await makeMailing(ctx))
    work(t, ctx)
    await until(storage, id, ({ handed }) => handed === 500)
    mayStill = false
    delivered = 500
    const paused = await until(storage, id, ({ state }) => state !== 'sending')
    assert.deepEqual([paused.state, paused.pausedBy, paused.pending], ['paused', 'problem', 100])
    await assert.rejects(resumeMailing(ctx, paused), /is not an active sender/)
    mayStill = true
    await resumeMailing(ctx, paused)
    await until(storage, id, ({ state }) => state === 'sent')
  },
)

storageTest('what could not be looked at when its time came is still scheduled', async (t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, readers(2))
  const { id } = await scheduleMailing(ctx, await makeMailing(ctx), systemClock.now())
  const asked = Promise.withResolvers<void>()
  const blind = createTestCampaigns(storage, {
    async maySendAs() {
      asked.resolve()
      throw new Error('nobody answers')
    },
  })
  const runner = work(t, blind)
  await asked.promise
  await runner.stop()
  const left = await getMailing(storage.db, { keyId, id })
  assert.deepEqual([left.state, left.startedAt], ['scheduled', null])
  // As after half an hour of that.
  await storage.db.updateTable('work').set({ attempts: 30, due_at: 0 }).execute()
  work(t, blind)
  const paused = await until(storage, id, ({ state }) => state !== 'scheduled')
  assert.deepEqual([paused.state, paused.pausedBy], ['paused', 'problem'])
})
