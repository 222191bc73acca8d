/** Runs single statements in a database thread: what Kysely compiled. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { TransferListItem } from 'node:worker_threads'
import type { Value } from './batch.ts'
import type { Answer } from './thread.ts'

export type Query = { sql: string; parameters: readonly Value[] }

export type QueryAnswer = {
  rows: Record<string, unknown>[]
  /** Columns that may hold bytes. */
  binary: readonly string[]
  changes: number
  lastRowId: number
}

// Kysely makes a new text for each length of an IN list; what is not asked for again is forgotten.
const preparedAtMost = 200

type Prepared = { statement: StatementSync; columns: number; binary: readonly string[] }

export function createQueryRunner(db: DatabaseSync): { run(query: Query): Answer & { value: QueryAnswer } } {
  const prepared = new Map<string, Prepared>()

  function prepare(sql: string): Prepared {
    const known = prepared.get(sql)
    if (known !== undefined) {
      prepared.delete(sql)
      prepared.set(sql, known)
      return known
    }
    const statement = db.prepare(sql)
    const columns = statement.columns()
    const fresh: Prepared = {
      statement,
      columns: columns.length,
      // Expressions have no declared type: they may be anything.
      binary: columns.filter(({ type }) => type === 'BLOB' || type === null).map(({ name }) => name),
    }
    prepared.set(sql, fresh)
    const oldest = prepared.keys().next()
    if (prepared.size > preparedAtMost && !oldest.done) prepared.delete(oldest.value)
    return fresh
  }

  return {
    run({ sql, parameters }) {
      const { statement, columns, binary } = prepare(sql)
      if (columns === 0) {
        const { changes, lastInsertRowid } = statement.run(...parameters)
        const value = { rows: [], binary: [], changes: Number(changes), lastRowId: Number(lastInsertRowid) }
        return { value }
      }
      const rows = statement.all(...parameters)
      const transfer = new Set<TransferListItem>()
      for (const column of binary) {
        for (const row of rows) {
          const value = row[column]
          if (value instanceof Uint8Array && value.buffer instanceof ArrayBuffer) transfer.add(value.buffer)
        }
      }
      return { value: { rows, binary, changes: 0, lastRowId: 0 }, transfer: [...transfer] }
    },
  }
}
