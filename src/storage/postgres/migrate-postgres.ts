import type pg from 'pg'
import { checkVersion, createMeta, readVersion, statementsSince } from '../migrate.ts'
import { postgresDialect } from '../migrations/migration.ts'
import type { ColumnType, ColumnTypes } from './bulk-statement.ts'

// Any number will do, as long as nobody else in the database takes the same one.
const migrationLock = 0x50564f4e

/** Brings the database to our version; of several nodes that start together one does it and the others wait. */
export async function migratePostgres(pool: pg.Pool): Promise<ColumnTypes> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query(`SELECT pg_advisory_xact_lock(${migrationLock})`)
    await client.query(createMeta)
    const { rows } = await client.query<{ value: string }>(readVersion)
    for (const statement of statementsSince(checkVersion(rows[0]?.value), postgresDialect)) {
      await client.query(statement)
    }
    await client.query('COMMIT')
    const types = await readColumnTypes(client)
    client.release()
    return types
  } catch (error) {
    // Closing the connection rolls back.
    client.release(true)
    throw error
  }
}

async function readColumnTypes(client: pg.PoolClient): Promise<ColumnTypes> {
  const { rows } = await client.query<{ name: string; type: ColumnType }>(
    `SELECT table_name || '.' || column_name AS name, data_type AS type
     FROM information_schema.columns WHERE table_schema = current_schema()`,
  )
  return new Map(rows.map(({ name, type }) => [name, type]))
}
