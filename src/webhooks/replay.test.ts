import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import {
  addKeys,
  addMail,
  createWorld,
  hour,
  keyId,
  minute,
  otherKey,
  start,
} from '../../test/webhook-calls-world.ts'
import { startReceiver } from '../../test/webhooks-world.ts'
import { changeWebhook } from './change-webhook.ts'
import { addParseRoute } from './parse-routes.ts'
import { replay } from './replay.ts'
import { addWebhook, removeWebhook } from './webhooks.ts'

const own = 'orders@shop.example'

storageTest('of the mail of a range all that came for the webhook is sent again', async (t, storage) => {
  const receiver = await startReceiver(t)
  const world = createWorld(storage, receiver)
  await addKeys(storage, [keyId, otherKey])
  const { webhook } = await addParseRoute(world.ctx, { keyId, url: `${receiver.url}/in` })
  // Two processes have blocks of ids: what came later may have the smaller one.
  for (const [id, at] of [
    [10, start],
    [500, start + minute],
    [20, start + 2 * minute],
    [510, start + 3 * minute],
    [30, start + 4 * minute],
  ] as const) {
    await addMail(storage, { id, to: webhook.address ?? '', at })
  }
  await addMail(storage, { id: 25, to: own, at: start + 2 * minute })
  world.clock.time = start + hour
  const range = { from: start + minute, to: start + 4 * minute }
  assert.deepEqual(await replay(world.ctx, webhook, range), { count: 3, next: null })
  assert.deepEqual(await replay(world.ctx, webhook, { ...range, after: 20 }), { count: 2, next: null })
  assert.deepEqual(await replay(world.ctx, webhook, { from: 0, to: 1 }), { count: 0, next: null })
  const owed = await storage.db.selectFrom('webhook_calls').select(['inbox_id', 'is_replay']).execute()
  assert.deepEqual(
    owed.map(({ inbox_id, is_replay }) => [inbox_id, is_replay]).toSorted(),
    [20, 500, 500, 510, 510].map((id) => [id, 1]).toSorted(),
  )
})

storageTest('what came for the program of another key is not sent again', async (t, storage) => {
  const receiver = await startReceiver(t)
  const world = createWorld(storage, receiver)
  const { ctx, clock } = world
  await addKeys(storage, [keyId, otherKey])
  const route = { kind: 'mail', topic: own, address: own, url: `${receiver.url}/in` } as const
  const others = await addWebhook(ctx, { ...route, keyId: otherKey }, 'taken')
  await addMail(storage, { id: 10, to: own, at: start })
  await removeWebhook(ctx, others.webhook.id)

  clock.time += minute
  const { webhook } = await addWebhook(ctx, { ...route, keyId }, 'taken')
  await addMail(storage, { id: 20, to: own, at: clock.time + 1 })
  await addMail(storage, { id: 30, to: 'bills@shop.example', at: clock.time + 1 })
  const range = { from: 0, to: start + hour }
  assert.equal((await replay(ctx, webhook, range)).count, 1)

  clock.time += minute
  const changes = { topic: 'bills@shop.example', address: 'bills@shop.example' }
  const changed = await changeWebhook(ctx, { webhook, changes, taken: 'taken' })
  await addMail(storage, { id: 40, to: 'bills@shop.example', at: clock.time + 1 })
  assert.equal((await replay(ctx, changed, range)).count, 1)
})
