/**
 * PostgreSQL gives ids in the order in which rows are made, and shows rows in the order in which transactions end: a
 * reader that remembers how far it has come would miss what appears later with a smaller id. Whoever has taken an id
 * holds a lock on the table until then. So: look at the largest id, then at who holds the lock, and wait for these.
 */
import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

const lookEveryMs = 20
/** A transaction that hangs must not stop the caller: then nothing new is settled, and the next call looks again. */
const maxLooks = 100

/** Every event up to this id is there, and none will come. `known`: what was settled before. */
export async function settledEventId(db: Kysely<Schema>, known: number): Promise<number> {
  const row = await db
    .selectFrom('events')
    .select(({ fn }) => fn.max('id').as('id'))
    .executeTakeFirst()
  const largest = Number(row?.id ?? 0)
  if (largest <= known) return known
  let writers = await holders(db, undefined)
  for (let look = 0; writers.length > 0; look++) {
    if (look === maxLooks) return known
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
    writers = await holders(db, writers)
  }
  return largest
}

/** Transactions that write events now; `among`: those of them that still do. */
async function holders(db: Kysely<Schema>, among: readonly string[] | undefined): Promise<string[]> {
  const { rows } = await sql<{ transaction: string }>`
    SELECT virtualtransaction AS transaction FROM pg_locks
    WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
      AND relation = 'events'::regclass
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`.execute(db)
  const found = rows.map(({ transaction }) => transaction)
  return among === undefined ? found : found.filter((one) => among.includes(one))
}
