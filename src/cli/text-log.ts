/** Log lines for people: `14:05:09 info  delivered host=mx.lab.test code=250`. */
import { printable } from './output.ts'

const levels: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}

/** `line` is one line of the JSON log. */
export function formatLogLine(line: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>
  const clock = new Date(String(time)).toTimeString().slice(0, 8)
  const name = (levels[Number(level)] ?? String(level)).padEnd(5)
  const shown = Object.entries(fields).map(([key, value]) => ` ${key}=${formatField(value)}`)
  return `${clock} ${name} ${printable(String(msg ?? ''))}${shown.join('')}${formatError(err)}\n`
}

function formatField(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[^\s"=\p{Cc}]+$/u.test(text) ? text : printable(JSON.stringify(text))
}

/** A stack goes below the line, indented. */
function formatError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  const stack = 'stack' in error ? error.stack : 'message' in error ? error.message : ''
  return String(stack)
    .split('\n')
    .map((line) => `\n    ${printable(line.trim())}`)
    .join('')
}
