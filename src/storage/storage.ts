/**
 * What the rest of the program sees of a database. `openStorage` (open.ts) makes one; only storage/ asks which
 * database it is on.
 */
import type { Insertable, Kysely } from 'kysely'
import type { Schema } from './schema.ts'

export type Storage = {
  readonly kind: 'sqlite' | 'postgres'
  /** Typed queries, for everything that is not on the hot path. Safe for concurrent use. */
  readonly db: Kysely<Schema>
  /** The hot path: writes that share transactions with their neighbours. */
  commit(commit: Commit): Promise<CommitResult>
  /** First of `count` consecutive ids, unique across nodes and never handed out twice. */
  reserveIds(count: number): Promise<number>
  /**
   * The largest event id up to which every event is there and none will come: whoever reads events in the order of
   * their ids goes that far, and misses nothing. `known`: what was settled before.
   */
  settledEventId(known: number): Promise<number>
  /** This process, for leases; new at each start. */
  readonly nodeId: string
  /** Takes back the work of processes that died. Called by a timer inside; exposed for tests. */
  releaseDeadNodes(now: number): Promise<number>
  /** Writes a consistent copy while running (SQLite: VACUUM INTO a new file). */
  backup(path: string): Promise<void>
  stop(): Promise<void>
}

/**
 * Writes that stand or fall together: applied in order, durable when the promise resolves.
 * - `guards` are checked first, in the same transaction: each deletes or updates exactly one row that must still be
 *   as expected (our lease). If one does not match, nothing of this commit is applied and the result is `lost`.
 * - A unique violation rejects with `Conflict`; commits that shared its transaction are not harmed.
 * - `isPatient`: nobody waits for the answer, so that it may wait a few milliseconds for others to share a flush with.
 */
export type Commit = {
  isPatient?: boolean
  guards?: readonly Write[]
  writes: readonly Write[]
}

export type CommitResult = 'applied' | 'lost'

/** One row to write; made by the functions that `defineInsert`, `defineUpdate` and `defineDelete` return. */
export type Write = {
  readonly statement: WriteStatement
  readonly values: readonly (string | number | null | Uint8Array)[]
}

/** Registered once per place in the code, as a constant; the writer prepares each only once. */
export type WriteStatement = {
  readonly index: number
  /** `ensure`: an insert that leaves a row alone which is there already. */
  readonly kind: 'insert' | 'ensure' | 'update' | 'delete'
  readonly table: keyof Schema
  /** insert, ensure: columns written. update: columns set, then the columns that must match. delete: columns that must match. */
  readonly set: readonly string[]
  readonly where: readonly string[]
}

const statements: WriteStatement[] = []

function define(statement: Omit<WriteStatement, 'index'>): WriteStatement {
  const defined = { ...statement, index: statements.length }
  statements.push(defined)
  return defined
}

export function writeStatements(): readonly WriteStatement[] {
  return statements
}

type Row<T extends keyof Schema> = Insertable<Schema[T]>
type Column<T extends keyof Schema> = keyof Row<T> & string

function toWrite(statement: WriteStatement, columns: readonly string[], row: Record<string, unknown>): Write {
  return { statement, values: columns.map((column) => row[column] as Write['values'][number]) }
}

/** `const insertMessage = defineInsert('messages', ['id', …])`, then `insertMessage({ id, … })` is a Write. */
export function defineInsert<T extends keyof Schema, C extends Column<T>>(table: T, columns: readonly C[]) {
  const statement = define({ kind: 'insert', table, set: columns, where: [] })
  return (row: Pick<Row<T>, C>): Write => toWrite(statement, columns, row)
}

/** As `defineInsert`; where the row's unique columns are taken, nothing happens. */
export function defineEnsure<T extends keyof Schema, C extends Column<T>>(table: T, columns: readonly C[]) {
  const statement = define({ kind: 'ensure', table, set: columns, where: [] })
  return (row: Pick<Row<T>, C>): Write => toWrite(statement, columns, row)
}

/** Sets `set` where every column of `where` equals the given value. */
export function defineUpdate<T extends keyof Schema, S extends Column<T>, W extends Column<T>>(
  table: T,
  set: readonly S[],
  where: readonly W[],
) {
  const statement = define({ kind: 'update', table, set, where })
  const columns = [...set, ...where]
  return (row: Pick<Row<T>, S | W>): Write => toWrite(statement, columns, row)
}

export function defineDelete<T extends keyof Schema, W extends Column<T>>(table: T, where: readonly W[]) {
  const statement = define({ kind: 'delete', table, set: [], where })
  return (row: Pick<Row<T>, W>): Write => toWrite(statement, where, row)
}

/** A unique constraint said no: somebody else was first. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
}

/** The database cannot take writes now (disk full, connection lost): nothing was stored, try again later. */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable'
}

/** Another process works on this data folder. */
export class StorageInUse extends Error {
  override readonly name = 'StorageInUse'
}

/** The database was written by a newer program than this one, or is not one of ours. */
export class WrongDatabase extends Error {
  override readonly name = 'WrongDatabase'
}
