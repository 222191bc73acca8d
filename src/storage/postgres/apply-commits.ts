/** Applies a batch of commits in one transaction, with one statement for all rows of a kind. */
import type pg from 'pg'
import type { Clock } from '../../runtime/clock.ts'
import type { Outcome } from '../group-commit.ts'
import { type Commit, StorageUnavailable, type WriteStatement } from '../storage.ts'
import { type BulkStatement, type ColumnTypes, createBulkStatement } from './bulk-statement.ts'
import { kindOfFailure, toError } from './failures.ts'
import { type Group, groupWrites } from './group-writes.ts'

/** A guard of the batch did something that must be undone, since another one of the same commit did not match. */
class MustUndo extends Error {}

const triesWhenPassing = 5
/** How long an answer may take whose transaction was being committed when the connection broke. */
const doubtMs = 30_000
const askAgainMs = 250

export function createApplier({
  writers,
  readers,
  types,
  clock,
}: {
  /** Pipelining connections. */
  writers: pg.Pool
  readers: pg.Pool
  types: ColumnTypes
  clock: Clock
}): (commits: readonly Commit[]) => Promise<readonly Outcome[]> {
  const writeStatements = new Map<number, BulkStatement>()
  const guardStatements = new Map<number, BulkStatement>()

  function bulkOf(statement: WriteStatement, returning: boolean): BulkStatement {
    const cache = returning ? guardStatements : writeStatements
    const known = cache.get(statement.index)
    if (known !== undefined) return known
    const made = createBulkStatement(statement, { types, returning })
    cache.set(statement.index, made)
    return made
  }

  const query = (client: pg.PoolClient, { statement, rows }: Group, returning = false) => {
    const { name, text, parameters } = bulkOf(statement, returning)
    return client.query<{ ordinal: number }>({ name, text, values: parameters(rows) })
  }

  /** All of them, or an error. */
  async function applyTogether(commits: readonly Commit[]): Promise<Outcome[]> {
    const client = await writers.connect()
    let transactionId: string | undefined
    let committing = false
    let outcomes: Outcome[] = []
    try {
      const guardGroups = groupWrites(
        commits.map(({ guards = [] }, ordinal) => ({ ordinal, writes: guards })),
      )
      const [, begun, ...guarded] = await allOf([
        client.query('BEGIN'),
        client.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id'),
        ...guardGroups.map((group) => query(client, group, true)),
      ])
      transactionId = begun?.rows[0]?.id
      outcomes = judgeGuards(
        commits,
        guarded.flatMap((result) => result.rows.map((row) => row.ordinal)),
      )
      const applied = commits.flatMap(({ writes }, ordinal) =>
        outcomes[ordinal] === 'applied' ? [{ ordinal, writes }] : [],
      )
      await allOf(groupWrites(applied).map((group) => query(client, group)))
      committing = true
      await client.query('COMMIT')
      client.release()
      return outcomes
    } catch (error) {
      const lostConnection = kindOfFailure(error) === 'unavailable'
      if (lostConnection) client.release(true)
      else await rollBack(client)
      if (lostConnection && committing && transactionId !== undefined) {
        await resolveDoubt(transactionId)
        return outcomes
      }
      throw error
    }
  }

  /** The connection broke during COMMIT. Returns if it was done, throws if not, or if nobody can tell. */
  async function resolveDoubt(transactionId: string) {
    const deadline = clock.now() + doubtMs
    for (;;) {
      try {
        const { rows } = await readers.query<{ status: string | null }>(
          'SELECT pg_xact_status($1::xid8) AS status',
          [transactionId],
        )
        const status = rows[0]?.status
        if (status === 'committed') return
        if (status === 'aborted') throw new StorageUnavailable('The connection was lost; nothing was stored.')
      } catch (error) {
        if (error instanceof StorageUnavailable || kindOfFailure(error) !== 'unavailable') throw error
      }
      if (clock.now() > deadline) {
        throw new StorageUnavailable('The connection was lost during a commit; it may or may not be stored.')
      }
      await clock.sleep(askAgainMs)
    }
  }

  /** Halves a batch that fails until those stand alone that are to blame. */
  async function apply(commits: readonly Commit[], tries = triesWhenPassing): Promise<readonly Outcome[]> {
    try {
      return await applyTogether(commits)
    } catch (error) {
      const kind = kindOfFailure(error)
      if (kind === 'unavailable') throw toError(error)
      if (kind === 'passing' && tries > 1) return apply(commits, tries - 1)
      if (commits.length === 1) return [error instanceof MustUndo ? 'lost' : toError(error)]
    }
    const middle = commits.length >> 1
    return [...(await apply(commits.slice(0, middle))), ...(await apply(commits.slice(middle)))]
  }

  return (commits) => apply(commits)
}

/** `matched` holds a commit's place once for each row that one of its guards changed. */
function judgeGuards(commits: readonly Commit[], matched: readonly number[]): Outcome[] {
  const counts = new Map<number, number>()
  for (const ordinal of matched) counts.set(ordinal, (counts.get(ordinal) ?? 0) + 1)
  return commits.map(({ guards = [] }, ordinal) => {
    const count = counts.get(ordinal) ?? 0
    if (count === guards.length) return 'applied'
    if (count === 0) return 'lost'
    throw new MustUndo('Some guards of a commit matched and others did not.')
  })
}

async function rollBack(client: pg.PoolClient) {
  try {
    await client.query('ROLLBACK')
    client.release()
  } catch {
    // Then the connection is of no use any more, and closing it rolls back.
    client.release(true)
  }
}

/** Waits for all of them, so that none fails unheard; then throws the first failure. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises)
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}
