import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storageTest } from '../../test/storage.ts'
import { addMail, createWorld, deliver, idsOf, keyId, minute, start } from '../../test/webhook-calls-world.ts'
import { createTestWebhooks, startReceiver } from '../../test/webhooks-world.ts'
import type { CallId } from '../mail/ids.ts'
import { bodiesForVersion } from './body-for-version.ts'
import { listTries } from './call-log.ts'
import { changeCallback } from './callbacks.ts'
import { oweMail } from './calls.ts'
import { addParseRoute } from './parse-routes.ts'
import { tellEvents } from './tell-events.ts'

storageTest('what cannot be made into a call holds no others up, and is given up', async (t, storage) => {
  const receiver = await startReceiver(t)
  const { format } = createTestWebhooks(storage)
  const world = createWorld(storage, receiver, {
    format: {
      ...format,
      mail(mail) {
        if (mail.message.subject === 'Mail 901') throw new Error('no such charset')
        return format.mail(mail)
      },
    },
  })
  const { webhook } = await addParseRoute(world.ctx, { keyId, url: `${receiver.url}/in` })
  for (const id of [901, 902, 903]) {
    const inboxId = await addMail(storage, { id, to: webhook.topic })
    const callId = (await storage.reserveIds(1)) as CallId
    await storage.db
      .transaction()
      .execute((db) => oweMail(db, { webhookId: webhook.id, inboxId, callId, now: start }))
  }
  await world.work()
  assert.deepEqual(
    receiver.received.map(({ body }) => (body as { Subject: string }).Subject),
    ['Mail 902', 'Mail 903'],
  )
  const [first] = await listTries(storage, { webhookId: webhook.id, outcome: 'failed' })
  assert.deepEqual(
    [first?.problem, first?.attempt, first?.status],
    ['the call could not be made: no such charset', 1, null],
  )
  for (let time = 0; time < 60; time++) {
    world.clock.time += minute
    await world.work()
  }
  const after = await world.state(webhook)
  assert.deepEqual([after.waiting, after.state, after.failingSince], [0, 'alive', null])
  const outcomes = (await listTries(storage, { webhookId: webhook.id })).map(({ outcome }) => outcome)
  assert.equal(outcomes.filter((outcome) => outcome === 'failed').length, 9)
  assert.equal(outcomes[0], 'given-up')
})

storageTest(
  'a call with which the process dies each time is made alone, and given up',
  async (t, storage) => {
    const receiver = await startReceiver(t)
    let atOnce = 0
    let most = 0
    const { post } = createTestWebhooks(storage)
    const world = createWorld(storage, receiver, {
      async post(...given) {
        atOnce += 1
        most = Math.max(most, atOnce)
        const posted = await post(...given)
        atOnce -= 1
        return posted
      },
    })
    const hook = await world.add()
    await deliver(storage, 3)
    while ((await tellEvents(world.ctx)).isMore);
    // As the process left them each time: begun, and never settled.
    const died = async (attempts: number) => {
      await storage.db.updateTable('webhook_calls').set({ attempts }).execute()
    }
    await died(4)
    const [last] = await storage.db.selectFrom('webhook_calls').select('id').orderBy('id', 'desc').execute()
    assert.ok(last !== undefined)
    await storage.db.updateTable('webhook_calls').set({ attempts: 5 }).where('id', '=', last.id).execute()
    await world.work()
    assert.deepEqual(idsOf(receiver), [101, 102])
    assert.equal(most, 1)
    const [givenUp] = await listTries(storage, { webhookId: hook.id, outcome: 'given-up' })
    assert.equal(givenUp?.problem, 'it was begun 5 times, and none of them came to an end')
    const after = await world.state(hook)
    assert.deepEqual([after.waiting, after.failingSince], [0, null])
  },
)

storageTest('what happens does not wait for the next try of an older call that fails', async (t, storage) => {
  const receiver = await startReceiver(t)
  const world = createWorld(storage, receiver)
  const hook = await world.add()
  receiver.answer((_request, reply) => {
    const body = receiver.received.at(-1)?.body as { MessageID: number }
    reply.writeHead(body.MessageID === 101 ? 400 : 200).end()
  })
  await deliver(storage, 2)
  await world.work()
  for (let id = 201; id < 205; id++) {
    world.clock.time += 1_000
    await deliver(storage, 1, id)
    await world.work()
  }
  assert.deepEqual(idsOf(receiver), [101, 102, 201, 202, 203, 204])
  assert.equal((await world.state(hook)).waiting, 1)
})

for (const [from, to] of [
  [1, 2],
  [2, 1],
] as const) {
  storageTest(`a backup of version ${to} gets what waited for version ${from}`, async (t, storage) => {
    const receiver = await startReceiver(t)
    const world = createWorld(storage, receiver)
    const hook = await world.add({ version: from })
    const backup = await world.add({ isBackup: true, version: to, url: `${receiver.url}/backup` })
    await deliver(storage, 5)
    while ((await tellEvents(world.ctx)).isMore);
    await changeCallback(world.ctx, hook, { state: 'dead' })
    await world.work()
    assert.deepEqual(idsOf(receiver).toSorted(), [101, 102, 103, 104, 105])
    for (const { path, body } of receiver.received) {
      assert.deepEqual([path, Array.isArray(body)], ['/backup', to === 2])
    }
    assert.equal((await world.state(backup)).waiting, 0)
    const names = receiver.received.map(({ headers }) => headers['x-paravion-id'])
    assert.equal(new Set(names).size, 5)
  })
}

test('bodies have the form of the version', () => {
  const one = '{"event":"sent","Payload":"[\\"é\\"]"}'
  const two = '{"event":"open"}'
  for (const [body, version, bodies] of [
    [one, 1, [one]],
    [one, 2, [`[${one}]`]],
    [`[${one},${two}]`, 1, [one, two]],
    [`[${one},${two}]`, 2, [`[${one},${two}]`]],
  ] as const) {
    assert.deepEqual(bodiesForVersion(body, version), bodies)
  }
})
