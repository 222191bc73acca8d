import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import {
  addMessage,
  createWorld,
  deliver,
  happen,
  hour,
  idsOf,
  minute,
  start,
} from '../../test/webhook-calls-world.ts'
import { startReceiver } from '../../test/webhooks-world.ts'
import { changeCallback } from './callbacks.ts'
import { callLane } from './calls.ts'
import { openHook } from './post-body.ts'
import { replay } from './replay.ts'
import { runCalls } from './run-calls.ts'
import { tellEvents } from './tell-events.ts'
import { selectWebhooks } from './webhooks.ts'

storageTest('who is suspended by hand has missed whatever it was not told', async (t, storage) => {
  const receiver = await startReceiver(t)
  const world = createWorld(storage, receiver)
  const { ctx, clock } = world
  const hook = await world.add()

  await deliver(storage, 1)
  clock.time += 5 * minute
  const untold = await changeCallback(ctx, hook, { state: 'dead' })
  assert.equal(untold.missedSince, start, 'what happened just before, and is not a call yet')
  await world.work()
  const revived = await changeCallback(ctx, untold, { state: 'alive' })
  const range = { from: start, to: clock.time + hour }
  assert.equal((await replay(ctx, revived, range)).count, 1)
  assert.equal((await world.state(hook)).missedSince, null)

  clock.time += 5 * minute
  const dropped = await changeCallback(ctx, revived, { state: 'dead' })
  assert.deepEqual(
    [dropped.missedSince, (await world.state(hook)).waiting],
    [start, 0],
    'what was to be sent again, and was dropped',
  )
  await replay(ctx, await changeCallback(ctx, dropped, { state: 'alive' }), range)
  await world.work()
  assert.deepEqual(idsOf(receiver), [101])

  const at = clock.time
  await addMessage(storage, 201)
  await happen(storage, 201, { at })
  clock.time += 1_000
  while ((await tellEvents(ctx)).isMore);
  clock.time += minute
  const waiting = await changeCallback(ctx, await world.state(hook), { state: 'dead' })
  assert.equal(waiting.missedSince, at, 'what it was owed')
  assert.equal(receiver.received.length, 1)
})

storageTest('a webhook that was added dead has missed what happened since', async (t, storage) => {
  const receiver = await startReceiver(t)
  const world = createWorld(storage, receiver)
  assert.equal((await world.add({ state: 'dead' })).missedSince, start)
})

storageTest('who is suspended by hand hands on what waits, at once', async (t, storage) => {
  const receiver = await startReceiver(t)
  const world = createWorld(storage, receiver)
  const hook = await world.add()
  const backup = await world.add({ isBackup: true, url: `${receiver.url}/backup` })
  await deliver(storage, 3)
  while ((await tellEvents(world.ctx)).isMore);
  let woken = 0
  const wakeCalls = () => {
    woken += 1
  }
  await changeCallback({ ...world.ctx, wakeCalls }, hook, { state: 'dead' })
  assert.deepEqual([(await world.state(hook)).waiting, (await world.state(backup)).waiting, woken], [0, 3, 1])
  await world.work()
  assert.deepEqual(
    receiver.received.map(({ path }) => path),
    ['/backup', '/backup', '/backup'],
  )
})

storageTest(
  'what is on its way when a webhook is suspended does not go to the backup too',
  async (t, storage) => {
    const receiver = await startReceiver(t)
    const world = createWorld(storage, receiver)
    const hook = await world.add()
    await world.add({ isBackup: true, url: `${receiver.url}/backup` })
    await deliver(storage, 6)
    while ((await tellEvents(world.ctx)).isMore);
    const [work] = await world.queue.claim({ lane: callLane, maxItems: 1, maxPerKey: 1 })
    const [row] = await selectWebhooks(storage.db, { id: hook.id }).execute()
    assert.ok(work !== undefined && row !== undefined)
    const suspended = Promise.withResolvers<void>()
    let begun = 0
    const running = runCalls(
      {
        ...world.ctx,
        takeRoom: async () => () => undefined,
        async post(...given) {
          begun += 1
          await suspended.promise
          return world.ctx.post(...given)
        },
      },
      { work, hook: openHook(world.ctx, row), signal: new AbortController().signal },
    )
    while (begun < 4) await new Promise((resolve) => setImmediate(resolve))
    await changeCallback(world.ctx, hook, { state: 'dead' })
    suspended.resolve()
    await running
    await world.work()
    assert.deepEqual(idsOf(receiver).toSorted(), [101, 102, 103, 104, 105, 106])
    const ofBackup = receiver.received.filter(({ path }) => path === '/backup')
    assert.equal(ofBackup.length, 2)
  },
)

for (const [how, change] of [
  ['a new URL', (url: string) => ({ url: `${url}/new` })],
  ['its revival', () => ({ state: 'alive' as const })],
] as const) {
  storageTest(`${how} makes a webhook that fails try at once`, async (t, storage) => {
    const receiver = await startReceiver(t)
    const world = createWorld(storage, receiver)
    const hook = await world.add()
    await deliver(storage, 5)
    receiver.answer(500)
    for (let minutes = 0; minutes < 12 * 60 + 10; minutes++) {
      await world.work()
      world.clock.time += minute
    }
    receiver.answer(200)
    receiver.received.length = 0
    const rested = world.clock.time
    await world.work()
    assert.equal(receiver.received.length, 0, 'it has a rest of half an hour')

    let woken = 0
    const wakeCalls = () => {
      woken += 1
    }
    const ctx = { ...world.ctx, wakeCalls }
    await changeCallback(ctx, await world.state(hook), change(receiver.url))
    const calls = await storage.db
      .selectFrom('webhook_calls')
      .select(['due_at', 'attempts', 'first_failed_at'])
      .execute()
    assert.deepEqual(
      calls,
      Array.from({ length: 5 }, () => ({ due_at: rested, attempts: 0, first_failed_at: null })),
    )
    assert.equal(woken, 1)
    await world.work()
    assert.deepEqual(idsOf(receiver).toSorted(), [101, 102, 103, 104, 105])
  })
}
