/** PostgreSQL, shared by any number of nodes. */
import { Kysely, PostgresDialect } from 'kysely'
import type { Clock } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import { Refused } from '../../runtime/refused.ts'
import type { Database } from '../database.ts'
import { createGroupCommit } from '../group-commit.ts'
import type { Schema } from '../schema.ts'
import { StorageUnavailable, WrongDatabase } from '../storage.ts'
import { createApplier } from './apply-commits.ts'
import { toError } from './failures.ts'
import { migratePostgres } from './migrate-postgres.ts'
import { createPool, withOurErrors } from './pools.ts'
import { settledEventId } from './settled-events.ts'

// One transaction waits for the disk while the next is being filled.
const batchesInFlight = 2
const queryConnections = 10

export async function openPostgres({
  url,
  log,
  clock,
}: {
  url: string
  log: Log
  clock: Clock
}): Promise<Database> {
  const readers = createPool(url, { max: queryConnections, pipeline: false, log })
  const writers = createPool(url, { max: batchesInFlight, pipeline: true, log })
  const types = await migratePostgres(readers).catch(async (error: unknown) => {
    await Promise.all([readers.end(), writers.end()])
    throw error instanceof WrongDatabase ? error : toError(error)
  })
  const group = createGroupCommit({
    maxInFlight: batchesInFlight,
    apply: createApplier({ writers, readers, types, clock }),
  })
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: withOurErrors(readers) }) })
  let stopped = false

  return {
    kind: 'postgres',
    db,
    commit(commit) {
      if (stopped) return Promise.reject(new StorageUnavailable('The storage has been stopped.'))
      return group.commit(commit)
    },
    settledEventId: (known) => settledEventId(db, known),
    idle: group.idle,
    // PostgreSQL's own autovacuum does it.
    tidy: async () => {},
    backup: () =>
      Promise.reject(
        new Refused(
          'bad-value',
          'This instance keeps its data in PostgreSQL. Back it up with pg_dump (for example `pg_dump -Fc "$DATABASE_URL" ' +
            '> paravion.dump`), and restore with pg_restore.',
        ),
      ),
    async stop() {
      stopped = true
      await group.idle()
      await db.destroy()
      await writers.end()
    },
  }
}
