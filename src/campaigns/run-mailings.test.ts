/** How a mailing is gathered and handed over: whom, whom not, and each once whatever happens. */
import assert from 'node:assert/strict'
import { createTestCampaigns } from '../../test/campaigns-world.ts'
import {
  addMembers,
  deliveries,
  keyId,
  type Member,
  makeMailing,
  readers,
  suppress,
  until,
  work,
} from '../../test/mailing-world.ts'
import { storageTest } from '../../test/storage.ts'
import { eraseContact } from '../contacts/erase.ts'
import type { ContactId, MemberId } from '../mail/ids.ts'
import { systemClock } from '../runtime/clock.ts'
import { type Storage, StorageUnavailable } from '../storage/storage.ts'
import { pauseMailing, resumeMailing, scheduleMailing, sendMailing } from './change-state.ts'
import { gatherStep } from './gather-recipients.ts'
import { handOverStep, openMail } from './hand-over-recipients.ts'
import { readProgress } from './progress.ts'
import { mayBeAhead, noCounts } from './run-mailings.ts'
import { getMailing } from './store-mailings.ts'

const reasons: [member: Member, reason: string | null][] = [
  [{ email: 'fine@a.example' }, null],
  [{ email: 'h@a.example', suppressed: 'hard-bounce', isUnsubscribed: true }, 'hard-bounce'],
  [{ email: 's@a.example', suppressed: 'soft-bounces' }, 'soft-bounces'],
  [{ email: 'c@a.example', suppressed: 'complaint', isPending: true }, 'complaint'],
  [{ email: 'm@a.example', suppressed: 'manual' }, 'manual'],
  [{ email: 'i@a.example', suppressed: 'import' }, 'import'],
  [{ email: 'x@a.example', suppressed: 'unsubscribe', isUnsubscribed: true }, 'excluded-from-campaigns'],
  [{ email: 'u@a.example', isUnsubscribed: true, isPending: true }, 'unsubscribed'],
  [{ email: 'p@a.example', isPending: true }, 'opt-in-pending'],
  [{ email: 'no address' }, 'invalid-address'],
]

storageTest('who gets nothing, and why: the first reason counts', async (t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(
    storage,
    reasons.map(([member]) => member),
  )
  const { id } = await sendMailing(ctx, await makeMailing(ctx))
  work(t, ctx)
  const sent = await until(storage, id, ({ state }) => state === 'sent')
  const rows = await storage.db
    .selectFrom('mailing_recipients')
    .select(['address', 'reason'])
    .where('mailing_id', '=', id)
    .orderBy('contact_id')
    .execute()
  assert.deepEqual(
    rows.map(({ address, reason }) => [address, reason]),
    reasons.map(([{ email }, reason]) => [email, reason]),
  )
  assert.deepEqual([sent.total, sent.pending, sent.handed, sent.excluded], [10, 0, 1, 9])
  const { excluded } = await readProgress(ctx, sent)
  assert.equal(
    Object.values(excluded).reduce((sum, count) => sum + count, 0),
    9,
  )
  assert.deepEqual(await deliveries(storage), [{ recipient: 'fine@a.example', state: 'queued', class: null }])
})

storageTest('an address that is there already is left out, under whichever contact', async (_t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, readers(3))
  const { id } = await sendMailing(ctx, await makeMailing(ctx))
  await gatherStep(ctx, await getMailing(storage.db, { keyId, id }))
  // Erased, and known again under another number.
  await storage.db
    .updateTable('contacts')
    .set({ email: 'erased', erased_at: 1 })
    .where('email', '=', 'r1@inbox.example')
    .execute()
  await addMembers(storage, [{ email: 'r1@inbox.example' }], { firstId: 2_000 })
  await gatherStep(ctx, await getMailing(storage.db, { keyId, id }))
  const after = await getMailing(storage.db, { keyId, id })
  assert.deepEqual([after.total, after.pending, after.excluded], [4, 3, 1])
  assert.deepEqual((await readProgress(ctx, after)).excluded, { duplicate: 1 })
})

storageTest('who opts out while it is being sent gets nothing', async (_t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, readers(5))
  const { id } = await sendMailing(ctx, await makeMailing(ctx))
  const now = () => getMailing(storage.db, { keyId, id })
  while ((await now()).gatheredAt === null) await gatherStep(ctx, await now())
  await storage.db
    .updateTable('list_members')
    .set({ is_unsubscribed: 1 })
    .where('id', '=', 1_001 as MemberId)
    .execute()
  await suppress(storage, 'r2@inbox.example', 'unsubscribe')
  await storage.db
    .deleteFrom('list_members')
    .where('id', '=', 1_003 as MemberId)
    .execute()
  const message = await openMail(ctx, await now())
  assert.ok(message)
  assert.equal((await handOverStep(ctx, await now(), { message, limit: 250 })).kind, 'handed')
  assert.equal((await handOverStep(ctx, await now(), { message, limit: 250 })).kind, 'done')
  const after = await now()
  assert.deepEqual((await readProgress(ctx, after)).excluded, {
    'excluded-from-campaigns': 1,
    gone: 1,
    unsubscribed: 1,
  })
  assert.deepEqual([after.pending, after.handed, after.excluded], [0, 2, 3])
  assert.deepEqual(
    (await deliveries(storage)).map(({ recipient }) => recipient),
    ['r0@inbox.example', 'r4@inbox.example'],
  )
})

storageTest('a batch that somebody else has handed over is not handed over again', async (_t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, readers(300))
  const { id } = await sendMailing(ctx, await makeMailing(ctx))
  const now = () => getMailing(storage.db, { keyId, id })
  while ((await now()).gatheredAt === null) await gatherStep(ctx, await now())
  // Two who have read the same row.
  const seen = await now()
  const [one, other] = await Promise.all([openMail(ctx, seen), openMail(ctx, seen)])
  assert.ok(one && other)
  const opened = await now()
  const message = [one, other].find((found) => found.id === opened.messageId)
  assert.ok(message)
  const kinds = await Promise.all([
    handOverStep(ctx, opened, { message: { ...message }, limit: 250 }),
    handOverStep(ctx, opened, { message: { ...message }, limit: 250 }),
  ])
  assert.deepEqual(kinds.map(({ kind }) => kind).toSorted(), ['handed', 'overtaken'])
  assert.equal((await deliveries(storage)).length, 250)
  assert.equal((await now()).handed, 250)
})

storageTest('several workers on one mailing hand each recipient over once', async (t, storage) => {
  // As many have an answer as are handed over: nobody waits.
  const ctx = createTestCampaigns(storage, { countsOf: async () => ({ ...noCounts, delivered: 4_000 }) })
  await addMembers(storage, readers(1_200))
  for (let n = 0; n < 3; n++) work(t, ctx)
  const { id } = await sendMailing(ctx, await makeMailing(ctx))
  const sent = await until(storage, id, ({ state }) => state === 'sent')
  const rows = await deliveries(storage)
  assert.equal(rows.length, 1_200)
  assert.equal(new Set(rows.map(({ recipient }) => recipient)).size, 1_200)
  assert.deepEqual([sent.total, sent.handed, sent.pending], [1_200, 1_200, 0])
  const events = await storage.db.selectFrom('events').select('id').where('kind', '=', 'accepted').execute()
  assert.equal(events.length, 1_200)
})

storageTest(
  'no more are handed over than may be without an answer; a pause keeps the rest',
  async (t, storage) => {
    let delivered = 0
    const ctx = createTestCampaigns(storage, { countsOf: async () => ({ ...noCounts, delivered }) })
    await addMembers(storage, readers(1_500))
    const { id } = await sendMailing(ctx, await makeMailing(ctx))
    const runner = work(t, ctx)
    await until(storage, id, ({ handed }) => handed >= mayBeAhead(0))
    const paused = await pauseMailing(ctx, await getMailing(storage.db, { keyId, id }), {
      by: 'person',
      reason: 'wait',
    })
    assert.deepEqual([paused.state, paused.handed, paused.pending], ['paused', 500, 1_000])
    delivered = 500
    runner.wake()
    await resumeMailing(ctx, paused)
    const again = await until(storage, id, ({ handed }) => handed >= 1_000)
    assert.deepEqual([again.state, again.handed], ['sending', 1_000])
    delivered = 1_000
    await until(storage, id, ({ state }) => state === 'sent')
    assert.equal((await deliveries(storage)).length, 1_500)
  },
)

storageTest('a mailing that does harm is paused, and goes on when a person says so', async (t, storage) => {
  const harm = { ...noCounts, delivered: 400, hardBounced: 100 }
  const ctx = createTestCampaigns(storage, { countsOf: async () => harm })
  await addMembers(storage, readers(800))
  const { id } = await sendMailing(ctx, await makeMailing(ctx))
  work(t, ctx)
  const paused = await until(storage, id, ({ state }) => state === 'paused')
  assert.equal(paused.pausedBy, 'breaker')
  assert.match(paused.reason, /^20 % of the addresses do not exist \(the limit is 5 %\)/)
  assert.ok(paused.pending > 0)
  await resumeMailing(ctx, paused)
  const sent = await until(storage, id, ({ state }) => state === 'sent')
  assert.deepEqual([sent.reason, sent.pausedBy, sent.handed], ['', null, 800])
})

storageTest('a small list that does harm all at once is paused before its end', async (t, storage) => {
  let hardBounced = 0
  const ctx = createTestCampaigns(storage, { countsOf: async () => ({ ...noCounts, hardBounced }) })
  await addMembers(storage, readers(600))
  const { id } = await sendMailing(ctx, await makeMailing(ctx))
  work(t, ctx)
  await until(storage, id, ({ handed }) => handed === 500)
  hardBounced = 500
  const { state, pausedBy, pending } = await until(storage, id, ({ state }) => state !== 'sending')
  assert.deepEqual([state, pausedBy, pending], ['paused', 'breaker', 100])
})

storageTest('a campaign of which nothing can be made is paused while some are left', async (t, storage) => {
  let blocked = 0
  const ctx = createTestCampaigns(storage, { countsOf: async () => ({ ...noCounts, blocked }) })
  await addMembers(storage, readers(600))
  const { id } = await sendMailing(ctx, await makeMailing(ctx))
  work(t, ctx)
  await until(storage, id, ({ handed }) => handed === 500)
  await storage.db.updateTable('deliveries').set({ state: 'blocked', class: 'template-error' }).execute()
  blocked = 500
  const { state, pausedBy, pending, reason } = await until(storage, id, ({ state }) => state !== 'sending')
  assert.deepEqual([state, pausedBy, pending], ['paused', 'breaker', 100])
  assert.match(reason, /^nothing could be made for 100 % of the latest recipients \(the limit is 50 %\)/)
})

storageTest('what is scheduled begins at its time, also when nobody was there then', async (t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, readers(2))
  const draft = await makeMailing(ctx)
  const { id } = await scheduleMailing(ctx, draft, systemClock.now() + 60_000)
  // A minute later, as the clock of whoever comes then says.
  const clock = { ...systemClock, now: () => systemClock.now() + 120_000 }
  const late = createTestCampaigns(storage, { clock })
  work(t, late)
  const sent = await until(storage, id, ({ state }) => state === 'sent')
  assert.equal(sent.handed, 2)
})

storageTest('what is not right any more at its time is told, and nothing is sent', async (t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, readers(2))
  const { id } = await scheduleMailing(ctx, await makeMailing(ctx), systemClock.now())
  await storage.db.updateTable('contact_lists').set({ deleted_at: 1 }).execute()
  work(t, ctx)
  const paused = await until(storage, id, ({ state }) => state === 'paused')
  assert.deepEqual(
    [paused.pausedBy, paused.reason],
    ['problem', 'There is no contact list: choose whom it is for.'],
  )
  assert.deepEqual(await deliveries(storage), [])
})

storageTest(
  'a mailing whose stored mail was forgotten while it was paused stores it anew',
  async (t, storage) => {
    let delivered = 0
    const ctx = createTestCampaigns(storage, { countsOf: async () => ({ ...noCounts, delivered }) })
    await addMembers(storage, readers(600))
    const { id } = await sendMailing(ctx, await makeMailing(ctx))
    work(t, ctx)
    await until(storage, id, ({ handed }) => handed === 500)
    const by = { by: 'person', reason: '' } as const
    const paused = await pauseMailing(ctx, await getMailing(storage.db, { keyId, id }), by)
    await storage.db.deleteFrom('bodies').execute()
    delivered = 500
    await resumeMailing(ctx, paused)
    const sent = await until(storage, id, ({ state }) => state === 'sent')
    assert.notEqual(sent.messageId, paused.messageId)
    assert.equal(sent.campaignId, paused.campaignId)
    assert.equal((await deliveries(storage)).length, 600)
  },
)

storageTest('an erased contact leaves no address among the recipients', async (t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, readers(2))
  const { id } = await sendMailing(ctx, await makeMailing(ctx))
  work(t, ctx)
  await until(storage, id, ({ state }) => state === 'sent')
  assert.equal(await eraseContact(ctx, { keyId, id: 1_000 as ContactId }), true)
  const rows = await storage.db
    .selectFrom('mailing_recipients')
    .select('address')
    .orderBy('contact_id')
    .execute()
  assert.deepEqual(
    rows.map(({ address }) => address),
    ['\\x1000@domain.invalid', 'r1@inbox.example'],
  )
})

storageTest('a campaign goes on when the storage takes writes again', async (t, storage) => {
  let later = 0
  const clock = { ...systemClock, now: () => systemClock.now() + later }
  let refusals = 0
  // A disk that is full until it has refused what was to be done, and then what was to be noted of that.
  const full: Storage = {
    ...storage,
    async commit(commit) {
      if (++refusals <= 2) throw new StorageUnavailable('The disk is full.')
      return storage.commit(commit)
    },
  }
  const ctx = createTestCampaigns(full, { clock })
  await addMembers(storage, readers(3))
  const { id } = await sendMailing(ctx, await makeMailing(ctx))
  const runner = work(t, ctx)
  const settled = () => storage.db.selectFrom('work').select(['owner', 'due_at']).executeTakeFirst()
  while (refusals < 3 || (await settled())?.owner !== null) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  later = 61_000
  runner.wake()
  const sent = await until(storage, id, ({ state }) => state === 'sent')
  assert.equal(sent.handed, 3)
})
