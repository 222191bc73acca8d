/** The log that the settings ask for. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type DestinationStream, pino } from 'pino'
import type { Config } from '../config.ts'
import { createLog, type Log } from '../runtime/log.ts'
import { formatLogLine } from './text-log.ts'

export function openLog({ level, format, file }: Config['log']): Log {
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true })
  const target = pino.destination(
    file === undefined ? { fd: 2, sync: true } : { dest: file, append: true, sync: true },
  )
  const lines: DestinationStream = { write: (line) => void target.write(formatLogLine(line)) }
  return createLog({ level, destination: format === 'text' ? lines : target })
}
