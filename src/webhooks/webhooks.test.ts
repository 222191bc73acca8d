import assert from 'node:assert/strict'
import { openTestStorage, storageTest } from '../../test/storage.ts'
import {
  addMessage,
  createWorld,
  deliver,
  happen,
  hour,
  idsOf,
  minute,
  otherKey,
  start,
} from '../../test/webhook-calls-world.ts'
import { createTestWebhooks, startReceiver } from '../../test/webhooks-world.ts'
import { Refused } from '../runtime/refused.ts'
import { listTries } from './call-log.ts'
import { changeCallback } from './callbacks.ts'
import { callLane } from './calls.ts'
import type { WebhooksContext } from './context.ts'
import { openHook } from './post-body.ts'
import { replay } from './replay.ts'
import { runCalls } from './run-calls.ts'
import { tellEvents } from './tell-events.ts'
import { selectWebhooks } from './webhooks.ts'

storageTest(
  'each event is told once, in steps of any size, by any number of readers',
  async (t, storage, place) => {
    const receiver = await startReceiver(t)
    const { ctx, clock, add, work } = createWorld(storage, receiver)
    await deliver(storage, 3)
    await add()
    await deliver(storage, 30, 201)
    await addMessage(storage, 301, otherKey)
    await happen(storage, 301, { ofKey: otherKey })

    const other = place.kind === 'postgres' ? await openTestStorage(t, place) : storage
    const both = [ctx, createTestWebhooks(other, { clock })]
    for (let round = 0; round < 20; round++)
      await Promise.all(both.map((one) => tellEvents(one, { limit: 7 })))
    await work()

    const expected = Array.from({ length: 30 }, (_, n) => 201 + n)
    assert.deepEqual(idsOf(receiver).toSorted(), expected, 'nothing before it was there, nothing of others')
  },
)

storageTest(
  'keys without webhooks cost nothing, and a first webhook begins with its time',
  async (t, storage) => {
    const receiver = await startReceiver(t)
    const { ctx, add } = createWorld(storage, receiver)
    await deliver(storage, 5)
    const progress = async () => {
      const row = await storage.db.selectFrom('webhook_progress').select('last_id').executeTakeFirstOrThrow()
      return Number(row.last_id)
    }
    assert.deepEqual(await tellEvents(ctx), { calls: 0, isMore: false })
    assert.equal(await progress(), 0)
    await add()
    await deliver(storage, 1, 201)
    assert.deepEqual(await tellEvents(ctx, { limit: 1 }), { calls: 1, isMore: true })
    assert.ok((await progress()) >= 6)
  },
)

storageTest(
  'version 2 gathers what happened meanwhile, version 1 tells each by itself',
  async (t, storage) => {
    const receiver = await startReceiver(t)
    const { add, work } = createWorld(storage, receiver)
    await add({ version: 2 })
    await add({ topic: 'blocked', url: `${receiver.url}/b` })
    await deliver(storage, 120)
    for (const id of [301, 302]) {
      await addMessage(storage, id)
      await happen(storage, id, { kind: 'blocked', eventClass: 'suppressed' })
    }
    await work()
    const sizes = receiver.received
      .filter(({ path }) => path === '/a')
      .map(({ body }) => (body as object[]).length)
    assert.deepEqual(
      sizes.toSorted((a, b) => b - a),
      [100, 20],
    )
    const single = receiver.received
      .filter(({ path }) => path === '/b')
      .map(({ body }) => (body as { event: string }).event)
    assert.deepEqual(single, ['blocked', 'blocked'])
  },
)

storageTest(
  'a deferral is told once for each reason, and not when no host has spoken',
  async (t, storage) => {
    const receiver = await startReceiver(t)
    const { add, work } = createWorld(storage, receiver)
    await add({ topic: 'bounced' })
    await addMessage(storage, 101)
    for (const [eventClass, isTried] of [
      ['throttled', false],
      ['greylisted', true],
      ['greylisted', true],
      ['mailbox-full', true],
      ['signing', true],
      ['greylisted', true],
    ] as const) {
      await happen(storage, 101, { kind: 'deferred', eventClass, isTried })
      await work()
    }
    await happen(storage, 101, { kind: 'expired', eventClass: 'expired', isTried: false })
    await work()
    const told = receiver.received.map(
      ({ body }) => body as { error: string; hard_bounce: boolean; event: string },
    )
    assert.deepEqual(
      told.map(({ event, error, hard_bounce }) => [event, error, hard_bounce]),
      [
        ['bounce', 'greylisted', false],
        ['bounce', 'quota exceeded', false],
        ['bounce', 'system issue', false],
      ],
    )
  },
)

storageTest(
  'a receiver that fails is asked again with the same body, rarely and with little',
  async (t, storage) => {
    const receiver = await startReceiver(t)
    const world = createWorld(storage, receiver)
    const hook = await world.add()
    await deliver(storage, 10)
    receiver.answer(500)

    await world.work()
    assert.equal(receiver.received.length, 4, 'a few at once, then no more')
    world.clock.time += 29_000
    await deliver(storage, 1, 201)
    await world.work()
    assert.equal(receiver.received.length, 4, 'what happens meanwhile does not make it sooner')
    world.clock.time += 1_000
    await world.work()
    assert.equal(receiver.received.length, 5, 'one call asks whether it is back')
    assert.equal((await world.state(hook)).failingSince, start)

    receiver.answer(202)
    const before = receiver.received.length
    world.clock.time += 30_000
    await world.work()
    world.clock.time += 30_000
    await world.work()
    const after = await world.state(hook)
    assert.deepEqual([after.waiting, after.failingSince, after.lastProblem], [0, null, ''])
    assert.deepEqual([...new Set(idsOf(receiver))].length, 11)
    const tries = receiver.received
      .slice(0, before)
      .map(({ headers, text }) => [headers['x-paravion-id'], text])
    for (const { headers, text } of receiver.received.slice(before)) {
      const same = tries.find(([id]) => id === headers['x-paravion-id'])
      assert.ok(same === undefined || same[1] === text)
    }
    const log = await listTries(storage, { webhookId: hook.id, limit: 200 })
    assert.equal(log.length, receiver.received.length)
    assert.deepEqual(
      [log.at(-1)?.status, log.at(-1)?.answer, log.at(-1)?.outcome, log.at(0)?.outcome],
      [500, 'answer 500', 'failed', 'delivered'],
    )
  },
)

storageTest(
  'after a day the webhook is dead and its backup takes over; a new URL revives it',
  async (t, storage) => {
    const receiver = await startReceiver(t)
    const world = createWorld(storage, receiver)
    const hook = await world.add()
    const backup = await world.add({ isBackup: true, url: `${receiver.url}/backup` })
    await deliver(storage, 2)
    receiver.answer((request, reply) => reply.writeHead(request.url === '/backup' ? 200 : 503).end())
    while ((await world.state(hook)).state === 'alive') {
      await world.work()
      world.clock.time += 5 * minute
      assert.ok(world.clock.time < start + 25 * hour)
    }
    const tries = receiver.received.filter(({ path }) => path === '/a').length
    assert.ok(world.clock.time >= start + 24 * hour)
    assert.ok(tries > 40 && tries < 100, `${tries} tries in a day`)

    await world.work()
    await deliver(storage, 1, 201)
    await world.work()
    const dead = await world.state(hook)
    assert.deepEqual([dead.waiting, dead.missedSince], [0, start])
    const calls = receiver.received.filter(({ path }) => path === '/backup')
    assert.deepEqual(
      calls.map(({ body }) => (body as { MessageID: number }).MessageID).toSorted(),
      [101, 102, 201],
    )

    receiver.answer(200)
    const revived = await changeCallback(world.ctx, dead, { url: `${receiver.url}/new` })
    assert.equal(revived.state, 'alive')
    await deliver(storage, 1, 301)
    await world.work()
    assert.deepEqual(receiver.received.at(-1)?.path, '/new')
    assert.equal((await world.state(backup)).state, 'alive')
  },
)

storageTest('without a backup the missed events can be sent again, once it is alive', async (t, storage) => {
  const receiver = await startReceiver(t)
  const world = createWorld(storage, receiver)
  const hook = await world.add()
  const dead = await changeCallback(world.ctx, hook, { state: 'dead' })
  await deliver(storage, 3)
  await world.work()
  assert.equal(receiver.received.length, 0)
  const range = { from: start - hour, to: start + hour }
  await assert.rejects(replay(world.ctx, dead, range), Refused)
  const alive = await changeCallback(world.ctx, dead, { state: 'alive' })
  assert.equal(alive.missedSince, start)

  assert.deepEqual(await replay(world.ctx, alive, { from: start + 1, to: start + hour }), {
    count: 0,
    next: null,
  })
  assert.deepEqual(await replay(world.ctx, alive, range), { count: 3, next: null })
  await world.work()
  assert.deepEqual(idsOf(receiver), [101, 102, 103])
  assert.equal(receiver.received[0]?.headers['x-paravion-replay'], 'true')
  assert.equal((await world.state(hook)).missedSince, null)
})

storageTest(
  'an event that a receiver cannot take holds no others up, and is given up after a day',
  async (t, storage) => {
    const receiver = await startReceiver(t)
    const world = createWorld(storage, receiver)
    const hook = await world.add()
    await deliver(storage, 1)
    receiver.answer((request, reply) => {
      const body = receiver.received.at(-1)?.body as { MessageID: number }
      void request
      reply.writeHead(body.MessageID === 101 ? 400 : 200).end()
    })
    for (let time = 0; time <= 25; time++) {
      await deliver(storage, 1, 1_000 + time)
      await world.work()
      world.clock.time += hour
    }
    const after = await world.state(hook)
    assert.deepEqual([after.state, after.failingSince, after.waiting], ['alive', null, 0])
    const taken = idsOf(receiver).filter((id) => id !== 101)
    assert.equal(new Set(taken).size, 26)
    const [givenUp] = await listTries(storage, { webhookId: hook.id, outcome: 'given-up' })
    assert.match(givenUp?.body ?? '', /"MessageID":101/)
  },
)

storageTest('what was on its way when a process died is sent again, and nothing else', async (t, storage) => {
  const receiver = await startReceiver(t)
  const world = createWorld(storage, receiver)
  const hook = await world.add()
  await deliver(storage, 6)
  while ((await tellEvents(world.ctx)).isMore);
  // The first call hangs with the process: taken, on its way, never settled.
  const [work] = await world.queue.claim({ lane: callLane, maxItems: 1, maxPerKey: 1 })
  assert.ok(work !== undefined)
  const [row] = await selectWebhooks(storage.db, { id: hook.id }).execute()
  assert.ok(row !== undefined)
  const dying = { ...world.ctx, post: () => new Promise<never>(() => undefined) }
  let begun = 0
  const counting: WebhooksContext = {
    ...dying,
    post: (...given) => {
      begun += 1
      return begun <= 4 ? dying.post() : world.ctx.post(...given)
    },
  }
  void runCalls(
    { ...counting, takeRoom: async () => () => undefined },
    { work, hook: openHook(world.ctx, row), signal: new AbortController().signal },
  )
  while (begun < 4) await new Promise((resolve) => setImmediate(resolve))

  await storage.releaseDeadNodes(Date.now() + 10 * minute)
  await storage.db.updateTable('work').set({ owner: null, due_at: world.clock.time }).execute()
  await world.work()
  assert.deepEqual(idsOf(receiver).toSorted(), [101, 102, 103, 104, 105, 106])
  assert.equal((await world.state(hook)).waiting, 0)
})

storageTest('one webhook for each event of a key, and one that takes over', async (t, storage) => {
  const receiver = await startReceiver(t)
  const { add } = createWorld(storage, receiver)
  await add()
  await add({ isBackup: true })
  await add({ keyId: otherKey })
  await assert.rejects(add(), { code: 'conflict', message: /has a webhook for delivered already/ })
  for (const [input, message] of [
    [{ topic: 'nothing' }, /"nothing" is no event; the events are delivered, opened/],
    [{ topic: 'opened', version: 3 }, /the version is 3/],
    [{ topic: 'opened', url: 'ftp://app.example/' }, /it is no web address/],
    [{ topic: 'opened', url: 'https://app.example:25/' }, /it names port 25/],
    [{ topic: 'opened', url: 'https://app.example/a\nb' }, /blanks or control/],
    [{ topic: 'opened', url: 'https://app.example/#x' }, /after #/],
  ] as const) {
    await assert.rejects(add(input), { code: 'bad-value', message })
  }
})
