/** What an operator sees of the queue. */
import { type Kysely, sql } from 'kysely'
import type { WorkId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'

type Db = Kysely<Schema>

/** `leased`: somebody works on it. `held`: an operator holds it. `due` and `waiting`: before and after its time. */
export type WorkState = 'due' | 'waiting' | 'leased' | 'held'

export type ListedWork = {
  id: WorkId
  lane: string
  key: string
  state: WorkState
  /** Undefined while it is leased or held. */
  dueAt: Instant | undefined
  owner: string | undefined
  attempts: number
  heldAt: Instant | undefined
  ref: number
  createdAt: Instant
}

export type ListFilter = {
  lane?: string
  key?: string
  state?: WorkState
  limit: number
  /** The last id of the page before. */
  after?: WorkId
}

export async function listWork(db: Db, filter: ListFilter, now: Instant): Promise<ListedWork[]> {
  let query = db.selectFrom('work').selectAll().orderBy('id').limit(filter.limit)
  if (filter.lane !== undefined) query = query.where('lane', '=', filter.lane)
  if (filter.key !== undefined) query = query.where('key', '=', filter.key)
  if (filter.after !== undefined) query = query.where('id', '>', filter.after)
  if (filter.state === 'leased') query = query.where('owner', 'is not', null)
  else if (filter.state !== undefined) {
    query = query.where('owner', 'is', null).where('held_at', filter.state === 'held' ? 'is not' : 'is', null)
    if (filter.state === 'due') query = query.where('due_at', '<=', now)
    if (filter.state === 'waiting') query = query.where('due_at', '>', now)
  }
  const rows = await query.execute()
  return rows.map((row) => {
    const state = stateOf(row, now)
    return {
      id: row.id,
      lane: row.lane,
      key: row.key,
      state,
      dueAt: state === 'due' || state === 'waiting' ? row.due_at : undefined,
      owner: row.owner ?? undefined,
      attempts: row.attempts,
      heldAt: row.held_at ?? undefined,
      ref: row.ref,
      createdAt: row.created_at,
    }
  })
}

function stateOf(row: Pick<Schema['work'], 'owner' | 'held_at' | 'due_at'>, now: Instant): WorkState {
  if (row.owner !== null) return 'leased'
  if (row.held_at !== null) return 'held'
  return row.due_at <= now ? 'due' : 'waiting'
}

export type LaneCounts = { lane: string } & Record<WorkState, number>

/** One pass over all work, on a reading connection: for people and metrics, not for each message. */
export async function countWork(db: Db, now: Instant): Promise<LaneCounts[]> {
  const count = (condition: ReturnType<typeof sql>) => sql`COUNT(CASE WHEN ${condition} THEN 1 END)`
  const free = sql`owner IS NULL AND held_at IS NULL`
  const { rows } = await sql<LaneCounts>`
    SELECT lane,
      ${count(sql`${free} AND due_at <= ${now}`)} AS due,
      ${count(sql`${free} AND due_at > ${now}`)} AS waiting,
      ${count(sql`owner IS NOT NULL`)} AS leased,
      ${count(sql`owner IS NULL AND held_at IS NOT NULL`)} AS held
    FROM work GROUP BY lane ORDER BY lane`.execute(db)
  return rows
}
