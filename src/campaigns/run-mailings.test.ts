/** How a mailing is gathered and handed over: whom, whom not, and each once whatever happens. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { createTestCampaigns } from '../../test/campaigns-world.ts'
import { cleanUp, storageTest } from '../../test/storage.ts'
import { listOf } from '../contacts/counts.ts'
import { eraseContact } from '../contacts/erase.ts'
import { loadClaimed } from '../delivery/load.ts'
import { listQueue } from '../delivery/queue-view.ts'
import { settleExpired } from '../delivery/settle.ts'
import { readStory } from '../events/story.ts'
import type { MessageOptions } from '../intake/submission.ts'
import type { AccountId, ContactId, ContactListId, KeyId, MailingId, MemberId } from '../mail/ids.ts'
import { createQueue } from '../queue/queue.ts'
import { systemClock } from '../runtime/clock.ts'
import { type Storage, StorageUnavailable } from '../storage/storage.ts'
import type { SuppressionReason } from '../storage/tables/suppressions.ts'
import { pauseMailing, resumeMailing, scheduleMailing, sendMailing } from './change-state.ts'
import type { CampaignsContext } from './context.ts'
import { gatherStep } from './gather.ts'
import { handOverStep, openMail } from './hand-over.ts'
import type { Mailing } from './mailing.ts'
import { saveMailingContent } from './mailing-content.ts'
import { readProgress } from './progress.ts'
import { mayBeAhead, noCounts, startMailings } from './run-mailings.ts'
import { changeMailing, createMailing, getMailing } from './store-mailings.ts'
import { testMailing } from './try-mailing.ts'

const keyId = 7 as KeyId
const listId = 50 as ContactListId

type Member = {
  email: string
  isUnsubscribed?: boolean
  isPending?: boolean
  suppressed?: SuppressionReason
}

async function addMembers(
  storage: Storage,
  members: readonly Member[],
  { firstId = 1_000 } = {},
): Promise<void> {
  const { db } = storage
  const isNew = firstId === 1_000
  if (isNew) {
    await db
      .insertInto('contact_lists')
      .values({ id: listId, key_id: keyId, name: 'Readers', address: 'abc', created_at: 1, deleted_at: null })
      .execute()
  }
  for (let from = 0; from < members.length; from += 200) {
    const part = members.slice(from, from + 200)
    await db
      .insertInto('contacts')
      .values(
        part.map(({ email, isPending }, place) => ({
          id: (firstId + from + place) as ContactId,
          key_id: keyId,
          email,
          name: '',
          is_opt_in_pending: isPending ? (1 as const) : (0 as const),
          created_at: 1,
        })),
      )
      .execute()
    await db
      .insertInto('list_members')
      .values(
        part.map(({ isUnsubscribed }, place) => ({
          id: (firstId + from + place) as MemberId,
          key_id: keyId,
          list_id: listId,
          contact_id: (firstId + from + place) as ContactId,
          is_unsubscribed: isUnsubscribed ? (1 as const) : (0 as const),
          subscribed_at: 1,
          unsubscribed_at: null,
        })),
      )
      .execute()
  }
  for (const { email, suppressed } of members) if (suppressed) await suppress(storage, email, suppressed)
}

async function suppress(storage: Storage, address: string, reason: SuppressionReason): Promise<void> {
  await storage.db
    .insertInto('suppressions')
    .values({
      ...{ address, reason, key_id: keyId, origin: '', created_at: 1 },
      ...{ message_id: null, delivery_id: null, opted_out_at: reason === 'unsubscribe' ? 1 : null },
    })
    .execute()
}

const readers = (count: number): Member[] =>
  Array.from({ length: count }, (_, n) => ({ email: `r${n}@inbox.example` }))

async function makeMailing(ctx: CampaignsContext): Promise<Mailing> {
  const mailing = await createMailing(ctx, {
    ...{ keyId, listId, builder: 'campaigndraft', title: 'T', subject: 'S' },
    senderEmail: 'news@shop.example',
  })
  await saveMailingContent(ctx, mailing, { text: 'Hello [[data:first:"you"]]' })
  return getMailing(ctx.storage.db, { keyId, id: mailing.id })
}

/** Starts a worker on it, as a process has one. */
function work(t: TestContext, ctx: CampaignsContext) {
  const { storage, clock, log } = ctx
  const runner = startMailings(ctx, { queue: createQueue({ storage, clock, log }) })
  cleanUp(t, () => runner.stop())
  return runner
}

async function until(
  storage: Storage,
  id: MailingId,
  holds: (mailing: Mailing) => boolean,
): Promise<Mailing> {
  for (;;) {
    const mailing = await getMailing(storage.db, { keyId, id })
    if (holds(mailing)) return mailing
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const deliveries = (storage: Storage) =>
  storage.db.selectFrom('deliveries').select(['recipient', 'state', 'class']).orderBy('recipient').execute()

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
  await assert.rejects(sendMailing(ctx, await now()), /was changed by somebody else at the same moment/)
  await changeMailing(plain, draft, { senderEmail: 'news@shop.example' })
  isEdited = false
  await assert.rejects(
    scheduleMailing(ctx, await now(), clock.now() + 60_000),
    /was changed by somebody else/,
  )
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

storageTest('a test does not count for the list, and leads out of it', async (_t, storage) => {
  const ctx = createTestCampaigns(storage)
  await addMembers(storage, readers(1))
  const mailbox = { name: '', address: { local: 'r0', domain: 'inbox.example' } }
  await testMailing(ctx, await makeMailing(ctx), [mailbox])
  const { options } = await storage.db.selectFrom('messages').select('options').executeTakeFirstOrThrow()
  assert.equal(listOf(options), null)
  assert.equal((JSON.parse(options) as MessageOptions).leaveListId, listId)
})
