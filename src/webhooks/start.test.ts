import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestStorage, storagePlace } from '../../test/storage.ts'
import { createTestWebhooks, startReceiver } from '../../test/webhooks-world.ts'
import type { KeyId } from '../mail/ids.ts'
import { createQueue } from '../queue/queue.ts'
import { systemClock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import type { Posted } from '../runtime/safe-post.ts'
import { createSeal } from '../runtime/seal.ts'
import { createByteRoom } from './byte-room.ts'
import { addCallback } from './callbacks.ts'
import { oweCalls } from './calls.ts'
import { startWebhooks } from './start.ts'
import { selectWebhooks } from './webhooks.ts'

const clock = systemClock

test('a host that does not answer holds up nobody else, and a stop waits for nobody long', async (t) => {
  const storage = await openTestStorage(t, await storagePlace(t, 'sqlite'))
  const receiver = await startReceiver(t)
  let hanging = 0
  let most = 0
  const world = createTestWebhooks(storage)
  const post: typeof world.post = async (url, request) => {
    if (!url.includes('slow.example')) return world.post(url, request)
    hanging += 1
    most = Math.max(most, hanging)
    await new Promise((resolve) => request.signal?.addEventListener('abort', resolve, { once: true }))
    hanging -= 1
    return { kind: 'failed', reason: 'interrupted' } satisfies Posted
  }
  const ctx = { ...world, post }
  const urls = [...Array.from({ length: 60 }, () => 'http://slow.example/x'), `${receiver.url}/fast`]
  for (const [n, url] of urls.entries()) {
    const { webhook } = await addCallback(ctx, { keyId: n as KeyId, topic: 'delivered', url })
    const calls = Array.from({ length: 10 }, (_, i) => ({
      webhookId: webhook.id,
      content: { body: `{"n":${i}}`, events: 1 },
    }))
    const firstId = await storage.reserveIds(calls.length)
    await storage.commit({ writes: oweCalls(calls, { firstId, now: clock.now() }) })
  }
  const running = startWebhooks(ctx, { queue: createQueue({ storage, clock, log: silentLog }) })
  await receiver.wait(10)
  assert.ok(most <= 16, `${most} at one time to one host`)
  await running.stop({ graceMs: 0 })
  const begun = await storage.db.selectFrom('webhook_calls').select('id').where('attempts', '>', 0).execute()
  assert.deepEqual(begun, [], 'what was interrupted counts for nothing')
})

test('room in memory is given in turns, and never more than there is', async () => {
  const takeRoom = createByteRoom(100)
  const order: string[] = []
  const giveBackA = await takeRoom({ bytes: 60, host: 'app.example' })
  const b = takeRoom({ bytes: 60, host: 'app.example' }).then((give) => {
    order.push('b')
    return give
  })
  const c = takeRoom({ bytes: 10_000, host: 'app.example' }).then((give) => {
    order.push('c')
    return give
  })
  giveBackA()
  const giveBackB = await b
  assert.deepEqual(order, ['b'])
  giveBackB()
  await c
  assert.deepEqual(order, ['b', 'c'])
})

test('a host that keeps its room leaves half of it to the others', async () => {
  const takeRoom = createByteRoom(100)
  const order: string[] = []
  const take = async (name: string, bytes: number, host: string) => {
    const giveBack = await takeRoom({ bytes, host })
    order.push(name)
    return giveBack
  }
  const giveBackHanging = await take('hanging', 90, 'slow.example')
  const nextOfHost = take('the next of its host', 10, 'slow.example')
  const giveBackOther = await take('another host', 40, 'fast.example')
  const third = take('a third', 20, 'third.example')
  giveBackHanging()
  await nextOfHost
  await third
  giveBackOther()
  assert.deepEqual(order, ['hanging', 'another host', 'the next of its host', 'a third'])
})

test('a webhook that cannot be opened is shown to fail, and rests', async (t) => {
  const storage = await openTestStorage(t, await storagePlace(t, 'sqlite'))
  const world = createTestWebhooks(storage)
  const { webhook } = await addCallback(world, {
    keyId: 1 as KeyId,
    topic: 'delivered',
    url: 'http://app.example/x',
  })
  const call = { webhookId: webhook.id, content: { body: '{}', events: 1 } }
  const firstId = await storage.reserveIds(1)
  await storage.commit({ writes: oweCalls([call], { firstId, now: clock.now() }) })
  const logged = Promise.withResolvers<void>()
  const log = { ...silentLog, error: () => logged.resolve() }
  const ctx = { ...world, log, seal: createSeal(Buffer.alloc(32, 8)) }
  const running = startWebhooks(ctx, { queue: createQueue({ storage, clock, log: silentLog }) })
  await logged.promise
  await running.stop({ graceMs: 0 })
  const [after] = await selectWebhooks(storage.db, {}).execute()
  assert.equal(after?.failed_runs, 1)
  assert.match(after?.last_problem ?? '', /^This secret was sealed with the instance key/)
  const [work] = await storage.db.selectFrom('work').select(['owner', 'due_at']).execute()
  assert.equal(work?.owner, null)
})
