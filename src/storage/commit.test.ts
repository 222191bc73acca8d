import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import type { CampaignId, DeliveryId, KeyId, MessageId, WorkId } from '../mail/ids.ts'
import { never } from './schema.ts'
import { Conflict, defineDelete, defineInsert, defineUpdate, type Storage } from './storage.ts'

const insertBody = defineInsert('bodies', ['message_id', 'content'])
const insertCampaign = defineInsert('campaigns', ['id', 'key_id', 'name', 'created_at'])
const renameCampaign = defineUpdate('campaigns', ['name'], ['id'])
const deleteCampaign = defineDelete('campaigns', ['id'])
const insertEvent = defineInsert('events', ['message_id', 'delivery_id', 'key_id', 'kind', 'at', 'detail'])
const insertWork = defineInsert('work', [
  'id',
  'lane',
  'key',
  'due_at',
  'owner',
  'attempts',
  'held_at',
  'ref',
  'created_at',
])
const finishWork = defineDelete('work', ['id', 'owner'])
const touchWork = defineUpdate('work', ['attempts'], ['id', 'owner'])

const body = (id: number, content: Uint8Array = Buffer.from(`body ${id}`)) =>
  insertBody({ message_id: id as MessageId, content })
const campaign = (id: number, name: string) =>
  insertCampaign({ id: id as CampaignId, key_id: 1 as KeyId, name, created_at: 1 })
const work = (id: number, owner: string) =>
  insertWork({
    id: id as WorkId,
    lane: 'bulk',
    key: 'example.com',
    due_at: never,
    owner,
    attempts: 1,
    held_at: null,
    ref: id,
    created_at: 1,
  })
const finish = (id: number, owner: string) => finishWork({ id: id as WorkId, owner })

async function bodyIds(storage: Storage) {
  const rows = await storage.db.selectFrom('bodies').select('message_id').orderBy('message_id').execute()
  return rows.map((row) => Number(row.message_id))
}
async function campaignNames(storage: Storage) {
  const rows = await storage.db.selectFrom('campaigns').select('name').orderBy('id').execute()
  return rows.map((row) => row.name)
}
const leases = (storage: Storage) => storage.db.selectFrom('work').select(['id', 'owner']).execute()

storageTest('what was committed is read back exactly as it was', async (_t, storage) => {
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const detail = 'says "no" \\ {a,b} NULL\r\n\té 漢字 😀 \u0001 end '
  const event = { key_id: 3 as KeyId, kind: 'deferred', at: 8_640_000_000_000_000 } as const

  await storage.commit({
    writes: [
      body(1, everyByte),
      body(2, Buffer.alloc(0)),
      body(3, Buffer.from('a slice of a pool').subarray(2, 7)),
      insertEvent({ ...event, message_id: 1 as MessageId, delivery_id: 9 as DeliveryId, detail }),
      insertEvent({ ...event, message_id: 1 as MessageId, delivery_id: null, detail: '' }),
      insertEvent({ ...event, message_id: 1 as MessageId, delivery_id: null, detail: null }),
    ],
  })

  const bodies = await storage.db.selectFrom('bodies').selectAll().orderBy('message_id').execute()
  assert.deepEqual(bodies, [
    { message_id: 1, content: everyByte },
    { message_id: 2, content: Buffer.alloc(0) },
    { message_id: 3, content: Buffer.from('slice') },
  ])
  const columns = ['message_id', 'delivery_id', 'key_id', 'kind', 'at', 'detail'] as const
  assert.deepEqual(await storage.db.selectFrom('events').select(columns).orderBy('id').execute(), [
    { ...event, message_id: 1, delivery_id: 9, detail },
    { ...event, message_id: 1, delivery_id: null, detail: '' },
    { ...event, message_id: 1, delivery_id: null, detail: null },
  ])
})

storageTest("the caller's buffer is neither detached nor changed", async (_t, storage) => {
  const content = Buffer.alloc(100_000, 'x')

  await Promise.all([
    storage.commit({ writes: [body(1, content)] }),
    storage.commit({ writes: [body(2, content)] }),
  ])

  assert.equal(content.length, 100_000)
  assert.equal(content.toString(), 'x'.repeat(100_000))
})

storageTest('a body of 26 MB is stored whole', async (_t, storage) => {
  const content = Buffer.alloc(26_214_400, 'mail ')

  await Promise.all([storage.commit({ writes: [body(1, content)] }), storage.commit({ writes: [body(2)] })])

  const row = await storage.db
    .selectFrom('bodies')
    .select('content')
    .where('message_id', '=', 1 as MessageId)
    .executeTakeFirstOrThrow()
  assert.ok(content.equals(row.content))
})

storageTest('writes of one commit are applied in their order', async (_t, storage) => {
  await storage.commit({
    writes: [
      campaign(1, 'one'),
      renameCampaign({ id: 1 as CampaignId, name: 'two' }),
      renameCampaign({ id: 1 as CampaignId, name: 'three' }),
      campaign(2, 'gone'),
      deleteCampaign({ id: 2 as CampaignId }),
      campaign(2, 'back'),
      renameCampaign({ id: 2 as CampaignId, name: 'last' }),
    ],
  })

  assert.deepEqual(await campaignNames(storage), ['three', 'last'])
})

storageTest('a conflict harms none of the commits that share its transaction', async (_t, storage) => {
  await storage.commit({ writes: [campaign(1, 'taken')] })

  const results = await Promise.allSettled(
    Array.from({ length: 60 }, (_, n) =>
      storage.commit({ writes: [body(n), campaign(100 + n, n % 20 === 7 ? 'taken' : `campaign ${n}`)] }),
    ),
  )

  const conflicting = results.flatMap((result, n) => (result.status === 'rejected' ? [n] : []))
  assert.deepEqual(conflicting, [7, 27, 47])
  for (const n of conflicting) {
    const result = results[n]
    assert.ok(result?.status === 'rejected' && result.reason instanceof Conflict)
  }
  const others = Array.from({ length: 60 }, (_, n) => n).filter((n) => !conflicting.includes(n))
  assert.deepEqual(await bodyIds(storage), others)
})

storageTest('of two commits that want the same name in one batch, one gets it', async (_t, storage) => {
  const results = await Promise.allSettled(
    [1, 2, 3].map((id) => storage.commit({ writes: [campaign(id, 'summer'), body(id)] })),
  )

  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
  assert.deepEqual(await campaignNames(storage), ['summer'])
  assert.equal((await bodyIds(storage)).length, 1)
})

storageTest('a commit that is our own mistake is rejected alone', async (_t, storage) => {
  const wrong = { ...body(2), values: [2, null] }

  const results = await Promise.allSettled([
    storage.commit({ writes: [body(1)] }),
    storage.commit({ writes: [wrong] }),
    storage.commit({ writes: [body(3)] }),
  ])

  const [, second] = results
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.ok(second?.status === 'rejected' && !(second.reason instanceof Conflict))
  assert.match(String(second.reason), /The database refused a statement: .*(NOT NULL|null value)/)
  assert.deepEqual(await bodyIds(storage), [1, 3])
})

storageTest('a commit whose lease is gone changes nothing', async (_t, storage) => {
  await storage.commit({ writes: [work(1, 'me'), work(2, 'other'), work(3, 'me')] })

  const results = await Promise.all([
    storage.commit({ guards: [finish(1, 'me')], writes: [body(1)] }),
    storage.commit({ guards: [finish(2, 'me')], writes: [body(2)] }),
    storage.commit({ guards: [finish(99, 'me')], writes: [body(3)] }),
    storage.commit({ guards: [finish(3, 'me')], writes: [body(4)] }),
    storage.commit({ guards: [finish(3, 'me')], writes: [body(5)] }),
  ])

  assert.deepEqual(results.slice(0, 3), ['applied', 'lost', 'lost'])
  assert.deepEqual(results.slice(3).sort(), ['applied', 'lost'])
  assert.deepEqual(await leases(storage), [{ id: 2, owner: 'other' }])
  assert.equal((await bodyIds(storage)).length, 2)
})

storageTest('of several guards all must match, or none is applied', async (_t, storage) => {
  await storage.commit({ writes: [work(1, 'me'), work(2, 'other'), work(3, 'me'), work(4, 'me')] })

  const results = await Promise.all([
    storage.commit({ guards: [finish(1, 'me'), finish(2, 'me')], writes: [body(1)] }),
    storage.commit({ guards: [finish(3, 'me'), finish(4, 'me')], writes: [body(2)] }),
    storage.commit({ guards: [finish(2, 'me'), finish(1, 'me')], writes: [body(3)] }),
  ])

  assert.deepEqual(results, ['lost', 'applied', 'lost'])
  assert.deepEqual(await bodyIds(storage), [2])
  assert.equal((await leases(storage)).length, 2)
})

storageTest('a guard that matches more than one row is not a match', async (_t, storage) => {
  const finishAll = defineDelete('work', ['owner'])
  await storage.commit({ writes: [work(1, 'me'), work(2, 'me')] })

  const results = await Promise.all([
    storage.commit({ guards: [finishAll({ owner: 'me' })], writes: [body(1)] }),
    storage.commit({ writes: [body(2)] }),
  ])

  assert.deepEqual(results, ['lost', 'applied'])
  assert.equal((await leases(storage)).length, 2)
})

storageTest('two guards that leave the row as it must be are both a match', async (_t, storage) => {
  await storage.commit({ writes: [work(1, 'me')] })

  const touch = (attempts: number) => touchWork({ id: 1 as WorkId, owner: 'me', attempts })
  const results = await Promise.all([
    storage.commit({ guards: [touch(2)], writes: [] }),
    storage.commit({ guards: [touch(3)], writes: [] }),
  ])

  assert.deepEqual(results, ['applied', 'applied'])
})

storageTest('text with a NUL does not stop the mail that shares its transaction', async (_t, storage) => {
  const event = { delivery_id: null, key_id: 1 as KeyId, kind: 'deferred', at: 1 } as const

  await Promise.all(
    ['one', 'a\0b', 'three'].map((detail, n) =>
      storage.commit({ writes: [insertEvent({ ...event, message_id: n as MessageId, detail })] }),
    ),
  )

  const rows = await storage.db.selectFrom('events').select('detail').orderBy('message_id').execute()
  assert.equal(rows.length, 3)
  assert.match(String(rows[1]?.detail), /^a(\0|\ufffd)b$/)
})

storageTest('a stopped storage refuses commits and has finished those before', async (_t, storage) => {
  const last = storage.commit({ writes: [body(1)] })
  const stopped = storage.stop()

  assert.equal(await last, 'applied')
  await stopped
  await assert.rejects(storage.commit({ writes: [body(2)] }), { name: 'StorageUnavailable' })
})
