/** What SQLite's result codes mean to the rest of the program (https://sqlite.org/rescode.html). */
import { Conflict, StorageInUse, StorageUnavailable, WrongDatabase } from '../storage.ts'

/** An error as it crosses from a database thread. */
export type ThreadFailure = { name: string; message: string; code: number | null; stack?: string }

const uniqueViolations = new Set([1555, 2067, 2579])
// NOMEM, READONLY, IOERR, FULL, CANTOPEN, BUSY, LOCKED: the place, not the statement.
const unavailable = new Set([7, 8, 10, 13, 14, 5, 6])

export type FailureKind = 'conflict' | 'unavailable' | 'error'

export function kindOfFailure(code: number | null): FailureKind {
  if (code === null) return 'error'
  if (uniqueViolations.has(code)) return 'conflict'
  return unavailable.has(code & 0xff) ? 'unavailable' : 'error'
}

export function toFailure(error: unknown): ThreadFailure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), code: null }
  const code = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : null
  const { name, message, stack } = error
  return stack === undefined ? { name, message, code } : { name, message, code, stack }
}

export function toError(failure: ThreadFailure): Error {
  if (failure.name === 'StorageInUse') return new StorageInUse(failure.message)
  if (failure.name === 'WrongDatabase') return new WrongDatabase(failure.message)
  switch (kindOfFailure(failure.code)) {
    case 'conflict':
      return new Conflict(failure.message)
    case 'unavailable':
      return new StorageUnavailable(`The database cannot be used now: ${failure.message}.`)
    case 'error':
      return new Error(`The database refused a statement: ${failure.message}`, { cause: failure.stack })
  }
}
