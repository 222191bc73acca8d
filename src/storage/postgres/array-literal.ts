/** PostgreSQL's text form of arrays, https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO. */
import type { Write } from '../storage.ts'
import { storableText } from './storable-text.ts'

type Value = Write['values'][number]

export function formatNumbers(values: readonly Value[]): string {
  let text = '{'
  for (const [index, value] of values.entries()) {
    if (index > 0) text += ','
    text += value === null ? 'NULL' : value
  }
  return `${text}}`
}

export function formatTexts(values: readonly Value[]): string {
  let text = '{'
  for (const [index, value] of values.entries()) {
    if (index > 0) text += ','
    text += value === null ? 'NULL' : `"${escapeText(String(value))}"`
  }
  return `${text}}`
}

function escapeText(value: string): string {
  const escaped = /["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value
  return storableText(escaped)
}
