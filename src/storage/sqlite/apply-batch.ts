/** Runs a batch of commits in the storage thread: in one transaction, or one by one when something is wrong with it. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { WriteStatement } from '../storage.ts'
import { type PackedBatch, type UnpackedCommit, type UnpackedWrite, unpackBatch } from './batch.ts'
import { kindOfFailure, type ThreadFailure, toFailure } from './failures.ts'

/** Commits that were not applied, by their place in the batch. */
export type Exception = { index: number; lost: true } | { index: number; lost: false; failure: ThreadFailure }

export type BatchWriter = {
  apply(batch: PackedBatch): Exception[]
}

/** Something of the commit is in the transaction already, and must be undone. */
class MustUndo extends Error {}

// A full disk refuses everything; trying hundreds of commits one by one would only make all of them wait.
const failuresInARow = 3

export function createBatchWriter(db: DatabaseSync): BatchWriter {
  const statements = new Map<number, StatementSync>()
  const widths = new Map<number, number>()

  function prepare(definition: WriteStatement) {
    statements.set(definition.index, db.prepare(toSql(definition)))
    widths.set(definition.index, definition.set.length + definition.where.length)
  }

  function run({ index, values }: UnpackedWrite): number {
    const statement = statements.get(index)
    if (statement === undefined) throw new Error(`Statement ${index} was never defined.`)
    return Number(statement.run(...values).changes)
  }

  /** False when a guard did not match; throws MustUndo when something was changed by then. */
  function runCommit({ guards, writes }: UnpackedCommit): boolean {
    for (const [position, guard] of guards.entries()) {
      const changes = run(guard)
      if (changes === 1) continue
      if (position > 0 || changes > 1) throw new MustUndo('A later guard did not match exactly one row.')
      return false
    }
    for (const write of writes) run(write)
    return true
  }

  function transaction<T>(work: () => T): T {
    db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      db.exec('COMMIT')
      return result
    } catch (error) {
      // SQLite may have rolled back by itself, after FULL for one.
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }

  function applyTogether(commits: readonly UnpackedCommit[]): Exception[] {
    return transaction(() => {
      const exceptions: Exception[] = []
      for (const [index, commit] of commits.entries()) {
        if (!runCommit(commit)) exceptions.push({ index, lost: true })
      }
      return exceptions
    })
  }

  /** One transaction, and a savepoint for each commit, so that those in order do not suffer for the others. */
  function applyWithSavepoints(commits: readonly UnpackedCommit[]): Exception[] {
    return transaction(() => {
      const exceptions: Exception[] = []
      for (const [index, commit] of commits.entries()) {
        db.exec('SAVEPOINT one')
        const exception = attempt(index, commit)
        if (exception !== undefined) {
          exceptions.push(exception)
          db.exec('ROLLBACK TO one')
        }
        db.exec('RELEASE one')
      }
      return exceptions
    })
  }

  function attempt(index: number, commit: UnpackedCommit): Exception | undefined {
    try {
      return runCommit(commit) ? undefined : { index, lost: true }
    } catch (error) {
      if (error instanceof MustUndo) return { index, lost: true }
      const failure = toFailure(error)
      if (kindOfFailure(failure.code) === 'unavailable') throw error
      return { index, lost: false, failure }
    }
  }

  /** A transaction each: what frees space or needs none may still pass when the disk is full. */
  function applyOneByOne(commits: readonly UnpackedCommit[]): Exception[] {
    const exceptions: Exception[] = []
    let refused: { count: number; failure: ThreadFailure } | undefined
    for (const [index, commit] of commits.entries()) {
      if (refused !== undefined && refused.count >= failuresInARow) {
        exceptions.push({ index, lost: false, failure: refused.failure })
        continue
      }
      try {
        for (const exception of applyWithSavepoints([commit])) exceptions.push({ ...exception, index })
        refused = undefined
      } catch (error) {
        const failure = toFailure(error)
        exceptions.push({ index, lost: false, failure })
        refused = { count: (refused?.count ?? 0) + 1, failure }
      }
    }
    return exceptions
  }

  return {
    apply(batch) {
      for (const definition of batch.definitions) prepare(definition)
      const commits = unpackBatch(batch, widths)
      try {
        return applyTogether(commits)
      } catch (error) {
        if (kindOfFailure(toFailure(error).code) === 'unavailable') return applyOneByOne(commits)
      }
      try {
        return applyWithSavepoints(commits)
      } catch {
        return applyOneByOne(commits)
      }
    },
  }
}

const quoted = (name: string) => `"${name}"`
const assigned = (name: string) => `"${name}" = ?`

function toSql({ kind, table, set, where }: WriteStatement): string {
  const condition = where.map(assigned).join(' AND ')
  switch (kind) {
    case 'insert':
    case 'ensure': {
      const insert = `INSERT INTO ${quoted(table)} (${set.map(quoted).join(', ')}) VALUES (${set.map(() => '?').join(', ')})`
      return kind === 'insert' ? insert : `${insert} ON CONFLICT DO NOTHING`
    }
    case 'update':
      return `UPDATE ${quoted(table)} SET ${set.map(assigned).join(', ')} WHERE ${condition}`
    case 'delete':
      return `DELETE FROM ${quoted(table)} WHERE ${condition}`
  }
}
