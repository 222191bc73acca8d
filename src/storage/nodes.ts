/** The running processes, and what becomes of the work of those that died. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { type Kysely, sql } from 'kysely'
import { never, type Schema } from './schema.ts'

/** The clocks of hosts that share a database must agree better than this. */
const deadAfterMs = 30_000

export type Node = {
  readonly id: string
  /** Says that we live. */
  beat(now: number): Promise<void>
  releaseDead(now: number): Promise<number>
  /** Gives back what we still have, and goes. */
  leave(now: number): Promise<void>
}

/** `alone`: no other process can be on this database, so every lease that is found in it is a dead one's. */
export async function joinNodes(
  db: Kysely<Schema>,
  { now, alone }: { now: number; alone: boolean },
): Promise<Node> {
  const id = randomUUID()
  const row = { id, host: hostname(), pid: process.pid, started_at: now }

  async function beat(at: number) {
    await db
      .insertInto('nodes')
      .values({ ...row, seen_at: at })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ seen_at: at }))
      .execute()
  }

  /** By absence from `nodes` rather than by name: a node given up for dead may have leased more before it was. */
  async function releaseOwnerless(at: number): Promise<number> {
    const { numUpdatedRows } = await db
      .updateTable('work')
      .set({ owner: null, due_at: dueAgain(at) })
      .where('owner', 'is not', null)
      .where('owner', 'not in', db.selectFrom('nodes').select('id'))
      .executeTakeFirst()
    return Number(numUpdatedRows)
  }

  async function releaseDead(at: number): Promise<number> {
    const { numDeletedRows } = await db
      .deleteFrom('nodes')
      .where('seen_at', '<', at - deadAfterMs)
      .where('id', '!=', id)
      .executeTakeFirst()
    // Finding leases means reading all work: only when somebody has died.
    return numDeletedRows > 0n ? releaseOwnerless(at) : 0
  }

  if (alone) await db.deleteFrom('nodes').execute()
  else
    await db
      .deleteFrom('nodes')
      .where('seen_at', '<', now - deadAfterMs)
      .execute()
  await beat(now)
  await releaseOwnerless(now)

  return {
    id,
    beat,
    releaseDead,
    async leave(at) {
      await db
        .updateTable('work')
        .set({ owner: null, due_at: dueAgain(at) })
        .where('owner', '=', id)
        .execute()
      await db.deleteFrom('nodes').where('id', '=', id).execute()
    },
  }
}

/** At once; but what is held stays held. */
const dueAgain = (at: number) =>
  sql<number>`CASE WHEN held_at IS NULL THEN CAST(${at} AS BIGINT) ELSE ${never} END`
