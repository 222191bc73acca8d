/**
 * Finds work that is due, without ever reading all of it. Both indexes hold only what nobody has and nobody holds
 * back; every condition here repeats their WHERE, or they would not be used.
 */
import { type Kysely, sql } from 'kysely'
import type { WorkId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'

type Db = Kysely<Schema>
export type Due = { id: WorkId; key: string }

const free = sql`owner IS NULL AND held_at IS NULL`

/** The longest due first, whatever its key. */
export async function oldestDue(
  db: Db,
  { lane, now, limit }: { lane: string; now: Instant; limit: number },
): Promise<Due[]> {
  const { rows } = await sql<Due>`
    SELECT id, key FROM work WHERE lane = ${lane} AND due_at <= ${now} AND ${free}
    ORDER BY due_at LIMIT ${limit}`.execute(db)
  return rows
}

/**
 * Keys of the lane after `after`, in order, that have work due; the scan jumps from key to key over the index, so that
 * a million items of one key cost as much as one. `last` is the last key looked at; undefined at the end of the lane.
 */
export async function dueKeys(
  db: Db,
  { lane, now, after, limit }: { lane: string; now: Instant; after: string | undefined; limit: number },
): Promise<{ keys: string[]; last: string | undefined }> {
  const start = after === undefined ? sql`` : sql`AND key > ${after}`
  const { rows } = await sql<{ key: string; due: number }>`
    SELECT * FROM (
      WITH RECURSIVE ring(key, n) AS (
        SELECT * FROM (SELECT key, 1 FROM work WHERE lane = ${lane} ${start} AND ${free} ORDER BY key LIMIT 1) first
        UNION ALL
        SELECT (SELECT work.key FROM work WHERE lane = ${lane} AND work.key > ring.key AND ${free}
                ORDER BY work.key LIMIT 1), n + 1
        FROM ring WHERE ring.key IS NOT NULL AND n < ${limit}
      )
      SELECT key, CASE WHEN EXISTS (
        SELECT 1 FROM work WHERE lane = ${lane} AND work.key = ring.key AND due_at <= ${now} AND ${free}
      ) THEN 1 ELSE 0 END AS due
      FROM ring WHERE key IS NOT NULL
    ) looked_at ORDER BY key`.execute(db)
  return {
    keys: rows.filter((row) => row.due === 1).map((row) => row.key),
    last: rows.length < limit ? undefined : rows.at(-1)?.key,
  }
}

/** The longest due of each of the keys. */
export async function dueOfKeys(
  db: Db,
  { lane, now, keys, perKey }: { lane: string; now: Instant; keys: readonly string[]; perKey: number },
): Promise<Due[]> {
  if (keys.length === 0) return []
  const parts = keys.map(
    (key) => sql`SELECT * FROM (
      SELECT id, key FROM work WHERE lane = ${lane} AND key = ${key} AND due_at <= ${now} AND ${free}
      ORDER BY due_at LIMIT ${perKey}) of_key`,
  )
  const { rows } = await sql<Due>`${sql.join(parts, sql` UNION ALL `)}`.execute(db)
  return rows
}

export async function nextDueAt(db: Db, lane: string): Promise<Instant | undefined> {
  const { rows } = await sql<{ due_at: Instant }>`
    SELECT due_at FROM work WHERE lane = ${lane} AND ${free} ORDER BY due_at LIMIT 1`.execute(db)
  return rows[0]?.due_at
}
