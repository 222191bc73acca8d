import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { postgresMissing } from '../../test/postgres.ts'
import { cleanUp, openTestStorage, storagePlace, storageTest } from '../../test/storage.ts'
import type { AccountId, WorkId } from '../mail/ids.ts'
import { systemClock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import { migrations, schemaVersion } from './migrations/index.ts'
import { openStorage, type StoragePlace } from './open.ts'
import { never } from './schema.ts'
import { defineInsert, type Storage } from './storage.ts'

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

const work = (id: number, owner: string | null, heldAt: number | null = null) =>
  insertWork({
    id: id as WorkId,
    lane: 'bulk',
    key: 'k',
    due_at: never,
    owner,
    attempts: 1,
    held_at: heldAt,
    ref: id,
    created_at: 1,
  })

const workRows = (storage: Storage) =>
  storage.db.selectFrom('work').select(['id', 'owner', 'due_at']).orderBy('id').execute()

/** Starts the process of test/storage-child.ts; `ids` grows as it reports what was acknowledged. */
async function startChild(t: TestContext, place: StoragePlace) {
  const script = join(import.meta.dirname, '../../test/storage-child.ts')
  const child: ChildProcess = spawn(process.execPath, [script, JSON.stringify(place)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  cleanUp(t, kill)
  assert.ok(child.stdout)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  assert.deepEqual(await lines.next(), { value: 'open', done: false })
  return { kill, lines }
}

test('migrations are listed in order, each with the next number', () => {
  const versions = migrations.map(({ version }) => version)
  assert.deepEqual(
    versions,
    versions.map((_, index) => index + 1),
  )
  assert.equal(schemaVersion, versions.at(-1))
})

storageTest('ids are unique and consecutive, however many ask at once', async (t, storage, place) => {
  const other = place.kind === 'postgres' ? await openTestStorage(t, place) : storage
  const counts = Array.from({ length: 3_000 }, (_, n) => (n % 500 === 7 ? 6_000 : 1 + (n % 40)))

  const firsts = await Promise.all(counts.map((count, n) => (n % 2 ? storage : other).reserveIds(count)))

  const ranges = firsts.map((first, n) => ({ first, end: first + (counts[n] ?? 0) }))
  ranges.sort((a, b) => a.first - b.first)
  for (const [n, range] of ranges.entries()) {
    assert.ok(range.first >= (ranges[n - 1]?.end ?? 100_000_000_000), `${range.first} was handed out twice`)
  }
  assert.ok((ranges.at(-1)?.end ?? 0) < 10 ** 15)
})

storageTest('ids are not handed out again after a restart', async (t, storage, place) => {
  const before = await storage.reserveIds(10)
  await storage.stop()

  const after = await (await openTestStorage(t, place)).reserveIds(1)

  assert.ok(after >= before + 10)
})

storageTest('numbers come back as numbers, sums and counts too', async (_t, storage) => {
  await storage.commit({ writes: [work(9_007_199_254_740_990, 'x'), work(1, 'x')] })

  const { rows } = await sql`
    SELECT MAX(id) AS id, COUNT(*) AS count, SUM(attempts) AS sum FROM work`.execute(storage.db)

  assert.deepEqual(rows, [{ id: 9_007_199_254_740_990, count: 2, sum: 2 }])
})

storageTest('a transaction is applied as a whole, and reads its own writes', async (_t, storage) => {
  const account = (id: number) => ({ id: id as AccountId, name: `account ${id}`, created_at: 1 })

  const count = await storage.db.transaction().execute(async (tx) => {
    await tx.insertInto('accounts').values(account(1)).execute()
    const rows = await tx.selectFrom('accounts').select('id').execute()
    return rows.length
  })
  const failed = storage.db.transaction().execute(async (tx) => {
    await tx.insertInto('accounts').values(account(2)).execute()
    throw new Error('changed my mind')
  })

  assert.equal(count, 1)
  await assert.rejects(failed, /changed my mind/)
  assert.deepEqual(await storage.db.selectFrom('accounts').select('id').execute(), [{ id: 1 }])
})

storageTest('transactions and commits at the same time do not mix', async (_t, storage) => {
  const account = (id: number) => ({ id: id as AccountId, name: 'a', created_at: 1 })
  const inTransaction = (id: number) =>
    storage.db
      .transaction()
      .execute(async (tx) => {
        await tx.insertInto('accounts').values(account(id)).execute()
        await tx.selectFrom('accounts').select('id').execute()
        if (id % 2 === 1) throw new Error('odd')
        await tx
          .insertInto('accounts')
          .values(account(id + 1000))
          .execute()
      })
      .catch((error: unknown) => assert.match(String(error), /odd/))

  await Promise.all(
    Array.from({ length: 20 }, (_, n) => [
      inTransaction(n),
      storage.commit({ writes: [work(n, 'x')] }),
      storage.db
        .insertInto('accounts')
        .values(account(n + 2000))
        .execute(),
    ]).flat(),
  )

  const accounts = await storage.db.selectFrom('accounts').select('id').orderBy('id').execute()
  const even = Array.from({ length: 10 }, (_, n) => 2 * n)
  assert.deepEqual(
    accounts.map(({ id }) => Number(id)),
    [...even, ...even.map((n) => n + 1000), ...Array.from({ length: 20 }, (_, n) => n + 2000)],
  )
  assert.equal((await workRows(storage)).length, 20)
})

storageTest('a unique violation is a Conflict in a query too', async (_t, storage) => {
  const insert = () =>
    storage.db
      .insertInto('accounts')
      .values({ id: 1 as AccountId, name: 'a', created_at: 1 })
      .execute()
  await insert()

  await assert.rejects(insert(), { name: 'Conflict' })
})

storageTest('the work of a dead process is due again; what was held stays held', async (_t, storage) => {
  const now = systemClock.now()
  const node = { host: 'h', pid: 1, started_at: 1 }
  await storage.db
    .insertInto('nodes')
    .values([
      { ...node, id: 'dead', seen_at: now - 31_000 },
      { ...node, id: 'alive', seen_at: now - 20_000 },
    ])
    .execute()
  await storage.commit({
    writes: [
      work(1, 'dead'),
      work(2, 'alive'),
      work(3, storage.nodeId),
      work(4, 'dead', 5),
      work(5, null, 5),
    ],
  })

  assert.equal(await storage.releaseDeadNodes(now), 2)
  assert.equal(await storage.releaseDeadNodes(now), 0)

  assert.deepEqual(await workRows(storage), [
    { id: 1, owner: null, due_at: now },
    { id: 2, owner: 'alive', due_at: never },
    { id: 3, owner: storage.nodeId, due_at: never },
    { id: 4, owner: null, due_at: never },
    { id: 5, owner: null, due_at: never },
  ])
})

storageTest('a process that stops gives its leases back', async (t, storage, place) => {
  await storage.commit({ writes: [work(1, storage.nodeId)] })
  await storage.stop()

  const next = await openTestStorage(t, place)

  const [row] = await workRows(next)
  assert.equal(row?.owner, null)
  assert.ok((row?.due_at ?? never) <= systemClock.now())
  assert.deepEqual(
    (await next.db.selectFrom('nodes').select('id').execute()).map(({ id }) => id),
    [next.nodeId],
  )
})

storageTest('a database of a newer program is refused, naming both versions', async (_t, storage, place) => {
  const newer = schemaVersion + 6
  await storage.db
    .updateTable('meta')
    .set({ value: String(newer) })
    .where('name', '=', 'schema_version')
    .execute()
  await storage.stop()

  await assert.rejects(openStorage({ ...place, log: silentLog, clock: systemClock }), {
    name: 'WrongDatabase',
    message:
      `The database has schema version ${newer}, this program knows versions up to ${schemaVersion}. ` +
      'Start the newer program again, or restore a backup from before the upgrade.',
  })
})

storageTest(
  'a kill in the middle loses nothing that was acknowledged, and leaves no half',
  async (t, storage, place) => {
    await storage.stop()
    const acknowledged: number[] = []
    for (const enough of [50, 400]) {
      const child = await startChild(t, place)
      for (let n = 0; n < enough; n++) acknowledged.push(Number((await child.lines.next()).value))
      const killed = child.kill()
      for (let next = await child.lines.next(); !next.done; next = await child.lines.next()) {
        if (/^\d{12}$/.test(next.value)) acknowledged.push(Number(next.value))
      }
      await killed
    }

    const after = await openTestStorage(t, place)
    const bodies = new Map(
      (await after.db.selectFrom('bodies').selectAll().execute()).map((row) => [
        Number(row.message_id),
        row.content,
      ]),
    )
    const halves = await sql`SELECT
    (SELECT COUNT(*) FROM bodies WHERE message_id NOT IN (SELECT message_id FROM events)) AS bodies,
    (SELECT COUNT(*) FROM events WHERE message_id NOT IN (SELECT message_id FROM bodies)) AS events
  `.execute(after.db)
    assert.deepEqual(
      acknowledged.filter((id) => !bodies.has(id)),
      [],
    )
    assert.equal(new Set(acknowledged).size, acknowledged.length)
    assert.deepEqual(halves.rows, [{ bodies: 0, events: 0 }])
    for (const [id, content] of bodies) assert.ok(Buffer.alloc(3_000, String(id)).equals(content))
  },
)

test('a second process on the same data folder is refused, until the first is gone', async (t) => {
  const place = await storagePlace(t, 'sqlite')
  assert.ok(place.kind === 'sqlite')
  const child = await startChild(t, place)
  const open = () => openStorage({ ...place, log: silentLog, clock: systemClock })

  const refusal = await open().then(
    () => assert.fail('two processes have opened it'),
    (error: Error) => error,
  )
  await child.kill()
  const storage = await open()
  cleanUp(t, () => storage.stop())

  assert.equal(refusal.name, 'StorageInUse')
  assert.match(
    refusal.message,
    /^The data folder \S+ is in use by another Paravion process \(process \d+ on \S+\)\. Stop that process, or give this one a folder of its own\.$/,
  )
  assert.equal(await storage.commit({ writes: [work(1, null)] }), 'applied')
})

const skip = postgresMissing ?? false

test('nodes that start at the same moment on an empty PostgreSQL migrate it once', { skip }, async (t) => {
  const place = await storagePlace(t, 'postgres')
  const first = await openTestStorage(t, place)
  await sql`DROP SCHEMA public CASCADE`.execute(first.db)
  await sql`CREATE SCHEMA public`.execute(first.db)

  const nodes = await Promise.all([1, 2, 3, 4].map(() => openTestStorage(t, place)))

  for (const node of nodes) assert.ok((await node.reserveIds(1)) >= 100_000_000_000)
  assert.equal((await first.db.selectFrom('nodes').select('id').execute()).length, 4)
})
