import { type DestinationStream, type Logger, pino } from 'pino'

/** Structured log: a few words and fields, one line per change of state. Never a body, a password or a key. */
export type Log = Pick<Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'> & {
  child(bindings: Record<string, unknown>): Log
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** A JSON log at `level`, one object per line on `destination` (standard error when left out). */
export function createLog({ level, destination }: { level: LogLevel; destination?: DestinationStream }): Log {
  const options = { level, timestamp: pino.stdTimeFunctions.isoTime, base: null }
  return pino(options, destination ?? pino.destination({ fd: 2, sync: true }))
}

export const silentLog: Log = pino({ level: 'silent' })
