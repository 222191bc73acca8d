/** SQLite in a data folder: one thread that writes, and threads that read beside it. */
import { Kysely } from 'kysely'
import type { Log } from '../../runtime/log.ts'
import type { Database } from '../database.ts'
import { createGroupCommit, type Outcome } from '../group-commit.ts'
import type { Schema } from '../schema.ts'
import { type Commit, StorageUnavailable } from '../storage.ts'
import type { Exception } from './apply-batch.ts'
import { backupDatabase } from './backup.ts'
import { packBatch } from './batch.ts'
import { createSqliteDialect } from './dialect.ts'
import { toError } from './failures.ts'
import { createGate } from './gate.ts'
import type { Query, QueryAnswer } from './query.ts'
import { createReaders } from './readers.ts'
import { startThread } from './thread.ts'
import type { WriterRequest } from './writer.ts'

export async function openSqlite({ folder, log }: { folder: string; log: Log }): Promise<Database> {
  const onDeath = (error: Error) => log.fatal({ err: error }, 'a storage thread has ended')
  const { thread: writer } = await startThread<WriterRequest>('writer', { data: { folder }, onDeath })
  const readers = createReaders({ folder, onDeath })
  const gate = createGate()
  const known = new Set<number>()
  let stopped = false

  const group = createGroupCommit({
    maxInFlight: 1,
    async apply(commits) {
      for (let closed = gate.closed(); closed !== undefined; closed = gate.closed()) await closed
      const batch = packBatch(commits, known)
      const exceptions = await writer.request({ kind: 'batch', batch }, [batch.bytes.buffer])
      return outcomesOf(commits, exceptions as readonly Exception[])
    },
  })

  const db = new Kysely<Schema>({
    dialect: createSqliteDialect({
      read: readers.read,
      write: async (query: Query) => (await writer.request({ kind: 'query', ...query })) as QueryAnswer,
      gate,
      log,
    }),
  })

  return {
    kind: 'sqlite',
    db,
    commit(commit) {
      if (stopped) return Promise.reject(new StorageUnavailable('The storage has been stopped.'))
      return group.commit(commit)
    },
    // One writer gives the ids and ends its transactions one after the other.
    async settledEventId(known) {
      const row = await db
        .selectFrom('events')
        .select(({ fn }) => fn.max('id').as('id'))
        .executeTakeFirst()
      return Math.max(known, Number(row?.id ?? 0))
    },
    idle: group.idle,
    async tidy() {
      if (group.pending() === 0 && gate.closed() === undefined) await writer.request({ kind: 'tidy' })
    },
    backup: (path) => backupDatabase({ folder, path }),
    async stop() {
      stopped = true
      await group.idle()
      await db.destroy()
      await readers.stop()
      await writer.stop()
    },
  }
}

function outcomesOf(commits: readonly Commit[], exceptions: readonly Exception[]): Outcome[] {
  const outcomes: Outcome[] = commits.map(() => 'applied')
  for (const exception of exceptions) {
    outcomes[exception.index] = exception.lost ? 'lost' : toError(exception.failure)
  }
  return outcomes
}
