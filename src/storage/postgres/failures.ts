/** What PostgreSQL's error codes mean to the rest of the program (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
import { Conflict, StorageUnavailable } from '../storage.ts'

/** Connection failures, no resources, being shut down or promoted, I/O errors: the place, not the statement. */
const unavailable = /^(08|53|57P0|58|25006|XX)/
/** Serialization failure, deadlock: the same again may work. */
const passing = new Set(['40001', '40P01'])

export type FailureKind = 'conflict' | 'unavailable' | 'passing' | 'error'

export function kindOfFailure(error: unknown): FailureKind {
  if (error instanceof StorageUnavailable) return 'unavailable'
  if (error instanceof Conflict) return 'conflict'
  if (!(error instanceof Error)) return 'error'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === '23505') return 'conflict'
  if (passing.has(code)) return 'passing'
  if (code.length === 5) return unavailable.test(code) ? 'unavailable' : 'error'
  return isConnectionFailure(error, code) ? 'unavailable' : 'error'
}

// pg has no codes for these; Node's own (ECONNREFUSED and the like) are system call errors.
function isConnectionFailure(error: Error, code: string): boolean {
  return (
    /^E[A-Z]+$/.test(code) ||
    /^(Connection terminated|timeout exceeded when trying to connect|Client (has encountered|was closed))/.test(
      error.message,
    ) ||
    (error instanceof AggregateError && error.errors.length > 0)
  )
}

export function toError(error: unknown): Error {
  const { message } = error instanceof Error ? error : new Error(String(error))
  switch (kindOfFailure(error)) {
    case 'conflict':
      return new Conflict(message, { cause: error })
    case 'unavailable':
    case 'passing':
      return new StorageUnavailable(`The database cannot be used now: ${message}`, { cause: error })
    case 'error':
      return new Error(`The database refused a statement: ${message}`, { cause: error })
  }
}
