export type Inspection = {
  /** Work that the dead process had leased. */
  leased: number
  /** 'ok', or what is wrong. */
  integrity: string
  /** Subjects of the messages that wait. */
  waitingSubjects: string[]
}

const waiting = `SELECT DISTINCT m.subject FROM deliveries d JOIN messages m ON m.id = d.message_id
  WHERE d.state IN ('queued', 'deferred')`

/** Looks into the database of a server that was just killed, before it is started again. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

export async function inspectSqlite(folder: string): Promise<Inspection> {
  const database = new DatabaseSync(join(folder, 'paravion.db'))
  try {
    const integrity = database.prepare('PRAGMA integrity_check').get()
    const leased = database.prepare('SELECT count(*) AS n FROM work WHERE owner IS NOT NULL').get()
    const waitingSubjects = database
      .prepare(waiting)
      .all()
      .map((row) => String(row.subject))
    return { leased: Number(leased?.n), integrity: String(integrity?.integrity_check), waitingSubjects }
  } finally {
    database.close()
  }
}

export async function inspectPostgres(url: string): Promise<Inspection> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const leased = await client.query('SELECT count(*)::int AS n FROM work WHERE owner IS NOT NULL')
    // Every message has its body and a recipient: what was committed was committed whole.
    const torn = await client.query(
      `SELECT count(*)::int AS n FROM messages m
       WHERE NOT EXISTS (SELECT 1 FROM bodies b WHERE b.message_id = m.id)
          OR NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id)`,
    )
    return {
      leased: Number(leased.rows[0]?.n),
      integrity: torn.rows[0]?.n === 0 ? 'ok' : `${torn.rows[0]?.n} torn messages`,
      waitingSubjects: (await client.query(waiting)).rows.map((row) => String(row.subject)),
    }
  } finally {
    await client.end()
  }
}
