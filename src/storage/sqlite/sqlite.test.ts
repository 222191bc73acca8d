import assert from 'node:assert/strict'
import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { openTestStorage, temporaryFolder } from '../../../test/storage.ts'
import type { AccountId, MessageId } from '../../mail/ids.ts'
import { schemaVersion } from '../migrations/index.ts'
import { restoreBackup } from '../open.ts'
import { defineDelete, defineInsert, type Storage } from '../storage.ts'

const insertBody = defineInsert('bodies', ['message_id', 'content'])
const deleteBody = defineDelete('bodies', ['message_id'])
const body = (id: number, content: Uint8Array = Buffer.alloc(5_000, String(id))) =>
  insertBody({ message_id: id as MessageId, content })

async function bodyIds(storage: Storage) {
  const rows = await storage.db.selectFrom('bodies').select('message_id').orderBy('message_id').execute()
  return rows.map((row) => Number(row.message_id))
}

async function openIn(t: TestContext, folder: string) {
  return openTestStorage(t, { kind: 'sqlite', folder })
}

test('the files of the database are for their owner alone', async (t) => {
  const folder = join(temporaryFolder(t), 'data')
  const storage = await openIn(t, folder)
  await storage.commit({ writes: [body(1)] })

  const modes = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777])
  assert.deepEqual(Object.fromEntries(modes), {
    'paravion.db': 0o600,
    'paravion.db-shm': 0o600,
    'paravion.db-wal': 0o600,
    'paravion.lock': 0o600,
  })
})

test('a commit survives a power cut: the journal is flushed before the answer', async (t) => {
  const storage = await openIn(t, temporaryFolder(t))

  const pragma = (name: string) => sql.raw<Record<string, unknown>>(`PRAGMA ${name}`).execute(storage.db)
  assert.deepEqual((await pragma('synchronous')).rows, [{ synchronous: 2 }])
  assert.deepEqual((await pragma('journal_mode')).rows, [{ journal_mode: 'wal' }])
  assert.deepEqual((await pragma('auto_vacuum')).rows, [{ auto_vacuum: 2 }])
})

test('a full disk refuses commits; space that returns lets them through', async (t) => {
  const storage = await openIn(t, temporaryFolder(t))
  const content = Buffer.alloc(50_000, 'x')
  await storage.commit({ writes: [body(1, content), body(2, content)] })
  const { rows } = await sql<{ page_count: number }>`PRAGMA page_count`.execute(storage.db)
  await sql.raw(`PRAGMA max_page_count = ${rows[0]?.page_count}`).execute(storage.db)

  const refused = await Promise.allSettled(
    Array.from({ length: 10 }, (_, n) => storage.commit({ writes: [body(10 + n, content)] })),
  )
  const mixed = await Promise.allSettled([
    storage.commit({ writes: [body(20, content)] }),
    storage.commit({ writes: [deleteBody({ message_id: 1 as MessageId })] }),
    storage.commit({ writes: [body(21, Buffer.from('small'))] }),
  ])
  const query = storage.db
    .insertInto('accounts')
    .values({ id: 1 as AccountId, name: 'x'.repeat(200_000), created_at: 1 })
    .execute()
  await assert.rejects(query, { name: 'StorageUnavailable' })
  await sql`PRAGMA max_page_count = 1000000`.execute(storage.db)
  const later = await storage.commit({ writes: [body(30, content)] })

  for (const result of refused) {
    assert.ok(result.status === 'rejected')
    assert.equal(result.reason.name, 'StorageUnavailable')
    assert.equal(result.reason.message, 'The database cannot be used now: database or disk is full.')
  }
  assert.deepEqual(
    mixed.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  )
  assert.equal(later, 'applied')
  assert.deepEqual(await bodyIds(storage), [2, 21, 30])
})

test('a transaction that is left open is rolled back, and the others go on', async (t) => {
  const storage = await openIn(t, temporaryFolder(t))
  const account = { id: 1 as AccountId, name: 'a', created_at: 1 }
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let goOn = () => {}
  const distraction = new Promise<void>((resolve) => {
    goOn = resolve
  })
  let begun = () => {}
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve
  })

  const abandoned = storage.db.transaction().execute(async (tx) => {
    await tx.insertInto('accounts').values(account).execute()
    begun()
    await distraction
    await tx.selectFrom('accounts').selectAll().execute()
  })
  await hasBegun
  const waiting = storage.commit({ writes: [body(1)] })
  t.mock.timers.tick(10_000)

  assert.equal(await waiting, 'applied')
  goOn()
  await assert.rejects(abandoned, /rolled back because it had been left open for 10 s without a statement/)
  assert.deepEqual(await storage.db.selectFrom('accounts').selectAll().execute(), [])
})

test('a long read holds up neither commits nor other reads', async (t) => {
  const storage = await openIn(t, temporaryFolder(t))
  let longReadIsDone = false
  const longRead = sql`SELECT COUNT(*) FROM (
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000) SELECT i FROM n)`
    .execute(storage.db)
    .then(() => {
      longReadIsDone = true
    })

  await storage.commit({ writes: [body(1)] })
  const ids = await bodyIds(storage)

  assert.deepEqual({ ids, longReadIsDone }, { ids: [1], longReadIsDone: false })
  await longRead
})

test('a backup made while mail comes in is whole, and can be restored', async (t) => {
  const folder = temporaryFolder(t)
  const backup = join(folder, 'saved.db')
  const data = join(folder, 'data')
  const storage = await openIn(t, data)
  await storage.commit({ writes: Array.from({ length: 200 }, (_, n) => body(n)) })
  let next = 1_000
  let done = false
  const writing = (async () => {
    while (!done) await storage.commit({ writes: [body(next), body(next++ + 100_000)] })
  })()

  await storage.backup(backup)
  done = true
  await writing
  await assert.rejects(storage.backup(backup), {
    code: 'conflict',
    message: `The file ${backup} exists already. A backup never overwrites: name a new file.`,
  })
  assert.throws(() => restoreBackup({ from: backup, folder: data }), { name: 'StorageInUse' })
  await storage.commit({ writes: [body(999_999)] })
  await storage.stop()
  const { keptAs } = restoreBackup({ from: backup, folder: data })

  assert.equal(statSync(backup).mode & 0o777, 0o600)
  assert.equal(keptAs, join(data, 'paravion.db.before-restore-1'))
  assert.ok(existsSync(keptAs))
  const restored = await openIn(t, data)
  const ids = await bodyIds(restored)
  assert.equal(ids.includes(999_999), false)
  assert.deepEqual(
    ids.filter((id) => id >= 100_000).map((id) => id - 100_000),
    ids.filter((id) => id >= 1_000 && id < 100_000),
  )
  assert.ok(ids.length >= 200)
  assert.equal(await restored.commit({ writes: [body(999_999)] }), 'applied')
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('partial')),
    [],
  )
})

test('the database that a restore replaces is kept with its newest commits', async (t) => {
  const folder = temporaryFolder(t)
  const backup = join(folder, 'saved.db')
  const storage = await openIn(t, join(folder, 'data'))
  await storage.backup(backup)
  await storage.commit({ writes: [body(1)] })
  await storage.stop()

  const first = restoreBackup({ from: backup, folder: join(folder, 'data') })
  const second = restoreBackup({ from: backup, folder: join(folder, 'data') })
  const empty = restoreBackup({ from: backup, folder: join(folder, 'other') })

  const kept = new DatabaseSync(first.keptAs ?? '', { readOnly: true })
  assert.equal(kept.prepare('SELECT COUNT(*) AS n FROM bodies').get()?.n, 1)
  kept.close()
  assert.equal(second.keptAs, join(folder, 'data/paravion.db.before-restore-2'))
  assert.equal(empty.keptAs, undefined)
})

const badBackups: { name: string; make(path: string, good: string): void; message: RegExp }[] = [
  { name: 'that does not exist', make: () => {}, message: /^There is no file \S+ to restore from\.$/ },
  {
    name: 'that is no database',
    make: (path) => writeFileSync(path, 'Dear customer, '.repeat(1000)),
    message: /is not a backup that can be read: file is not a database\.$/,
  },
  {
    name: 'of another program',
    make(path) {
      const db = new DatabaseSync(path)
      db.exec("CREATE TABLE meta (name TEXT, value TEXT); INSERT INTO meta VALUES ('schema_version', '1')")
      db.close()
    },
    message: /is not a Paravion database\.$/,
  },
  {
    name: 'that was cut off',
    make(path, good) {
      const db = new DatabaseSync(good)
      db.prepare('VACUUM INTO ?').run(path)
      db.close()
      truncateSync(path, statSync(path).size - 8192)
    },
    message: /(is damaged, and was not restored|is not a backup that can be read): /,
  },
  {
    name: 'of a newer program',
    make(path, good) {
      const db = new DatabaseSync(good)
      db.prepare('VACUUM INTO ?').run(path)
      db.close()
      const copy = new DatabaseSync(path)
      copy.exec(`UPDATE meta SET value = '${schemaVersion + 1}' WHERE name = 'schema_version'`)
      copy.close()
    },
    message: new RegExp(
      `^The database has schema version ${schemaVersion + 1}, this program knows versions up to`,
    ),
  },
]

for (const { name, make, message } of badBackups) {
  test(`a backup ${name} is not restored`, async (t) => {
    const folder = temporaryFolder(t)
    const good = join(folder, 'good.db')
    const data = join(folder, 'data')
    const storage = await openIn(t, data)
    await storage.commit({ writes: Array.from({ length: 50 }, (_, n) => body(n)) })
    await storage.backup(good)
    await storage.stop()
    const bad = join(folder, 'bad.db')
    make(bad, good)

    assert.throws(() => restoreBackup({ from: bad, folder: data }), { message })
    assert.equal((await bodyIds(await openIn(t, data))).length, 50)
  })
}
