import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { postgresMissing } from '../../../test/postgres.ts'
import { openTestStorage, sharedPostgres, storagePlace } from '../../../test/storage.ts'
import type { MessageId } from '../../mail/ids.ts'
import { systemClock } from '../../runtime/clock.ts'
import { silentLog } from '../../runtime/log.ts'
import { openStorage } from '../open.ts'
import { defineInsert } from '../storage.ts'

const skip = postgresMissing ?? false
const insertBody = defineInsert('bodies', ['message_id', 'content'])
const body = (id: number) =>
  insertBody({ message_id: id as MessageId, content: Buffer.alloc(2_000, String(id)) })

test('commits go on after the database has restarted, and nothing is lost or done twice', {
  skip,
}, async (t) => {
  const storage = await openTestStorage(t, await storagePlace(t, 'postgres'))
  const applied: number[] = []
  const refused: Error[] = []
  let next = 1
  let done = false
  const client = async () => {
    while (!done) {
      const id = next++
      await storage.commit({ writes: [body(id)] }).then(
        () => applied.push(id),
        async (error: Error) => {
          refused.push(error)
          await systemClock.sleep(10)
        },
      )
    }
  }
  const clients = Array.from({ length: 8 }, client)
  const server = await sharedPostgres()

  await server.restart()
  const before = applied.length
  while (applied.length < before + 100) await systemClock.sleep(5)
  done = true
  await Promise.all(clients)

  const rows = await storage.db.selectFrom('bodies').select('message_id').execute()
  const stored = new Set(rows.map((row) => Number(row.message_id)))
  assert.deepEqual(
    applied.filter((id) => !stored.has(id)),
    [],
  )
  assert.equal(stored.size, applied.length)
  assert.deepEqual([...new Set(refused.map((error) => error.name))], ['StorageUnavailable'])
})

test('a database that cannot be reached is StorageUnavailable, in words', { skip }, async () => {
  const url = 'postgresql://nobody@127.0.0.1:1/none'

  await assert.rejects(openStorage({ kind: 'postgres', url, log: silentLog, clock: systemClock }), {
    name: 'StorageUnavailable',
    message: /^The database cannot be used now: .*ECONNREFUSED/,
  })
})

test('a backup of PostgreSQL is refused, and says what to use', { skip }, async (t) => {
  const storage = await openTestStorage(t, await storagePlace(t, 'postgres'))

  await assert.rejects(storage.backup('/tmp/never-written'), { name: 'Refused', message: /pg_dump -Fc/ })
})

test('a transaction that is left open is ended by the server', { skip }, async (t) => {
  const storage = await openTestStorage(t, await storagePlace(t, 'postgres'))

  const { rows } = await sql`SHOW idle_in_transaction_session_timeout`.execute(storage.db)

  assert.deepEqual(rows, [{ idle_in_transaction_session_timeout: '10s' }])
})
