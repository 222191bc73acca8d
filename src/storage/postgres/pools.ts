/** Connections to PostgreSQL: some for queries, few for commits. */
import type { PostgresPool } from 'kysely'
import pg from 'pg'
import type { Log } from '../../runtime/log.ts'
import { toError } from './failures.ts'
import { storableText } from './storable-text.ts'

// Numbers as numbers: ids, counts and times are all below 2^53. OIDs of int8 and numeric (what sum() gives).
const numberTypes = new Set([20, 1700])
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    return numberTypes.has(oid) ? Number : pg.types.getTypeParser(oid, format)
  },
}

/** A transaction that waits for something else than the database holds locks for nothing; SQLite's guard is alike. */
const abandonedAfterMs = 10_000

export function createPool(
  url: string,
  { max, pipeline, log }: { max: number; pipeline: boolean; log: Log },
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    pipeline,
    types: types as pg.CustomTypesConfig,
    application_name: 'paravion',
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    idle_in_transaction_session_timeout: abandonedAfterMs,
  })
  // Of connections that nobody is using: the pool drops them and makes new ones.
  pool.on('error', (err) => log.warn({ err }, 'a connection to the database was lost'))
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** For Kysely: the same pool, with text that the database takes, and failing in our words. */
export function withOurErrors(pool: pg.Pool): PostgresPool {
  const wrapped = new WeakMap<pg.PoolClient, ReturnType<typeof wrap>>()
  const wrap = (client: pg.PoolClient) => ({
    query: (sql: string, parameters: readonly unknown[]) =>
      client.query(sql, parameters.map(storable)).catch((error: unknown) => {
        throw toError(error)
      }),
    release: (discard?: boolean) => client.release(discard),
  })
  const ours = {
    options: pool.options,
    async connect() {
      const client = await pool.connect().catch((error: unknown) => {
        throw toError(error)
      })
      const known = wrapped.get(client) ?? wrap(client)
      wrapped.set(client, known)
      return known
    },
    end: () => pool.end(),
  }
  return ours as unknown as PostgresPool
}

function storable(parameter: unknown): unknown {
  return typeof parameter === 'string' ? storableText(parameter) : parameter
}
