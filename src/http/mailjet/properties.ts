/**
 * Properties of JSON objects as Mailjet reads them (reference/send-api.md §1): names in any case, of repeated ones the
 * last counts, null is absent, unknown ones are ignored. A wrong type spoils the whole call.
 */
import { CallError } from './errors.ts'

export type Properties = ReadonlyMap<string, unknown>

/** Turns a value that is there into what it must be; `path` is for the error. */
export type Reader<T> = (value: unknown, path: string) => T

/** Undefined when the value is no object. */
export function propertiesOf(value: unknown): Properties | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const properties = new Map<string, unknown>()
  for (const [name, property] of Object.entries(value)) properties.set(name.toLowerCase(), property)
  return properties
}

/** `name` as it is documented; undefined when it is absent or null. */
export function readProperty<T>(
  properties: Properties,
  { name, path, reader }: { name: string; path: string; reader: Reader<T> },
): T | undefined {
  const value = properties.get(name.toLowerCase())
  return value === undefined || value === null ? undefined : reader(value, `${path}.${name}`)
}

export function mismatch(expected: string, path: string): CallError {
  return new CallError({
    code: 'mj-0004',
    status: 400,
    message: `Type mismatch. Expected type "${expected}".`,
    relatedTo: [path],
  })
}

export const string: Reader<string> = (value, path) => {
  if (typeof value !== 'string') throw mismatch('string', path)
  // Half a surrogate pair has no UTF-8 form: neither a header nor a database could hold it.
  return value.isWellFormed() ? value : value.toWellFormed()
}

export const boolean: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw mismatch('boolean', path)
  return value
}

export const integer: Reader<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isInteger(value)) throw mismatch('integer', path)
  return value
}

export const object: Reader<Record<string, unknown>> = (value, path) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mismatch('object', path)
  return value as Record<string, unknown>
}

/** `name` is what the error calls an array of these. */
export function arrayOf<T>(name: string, element: Reader<T>): Reader<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw mismatch(name, path)
    return value.map((one: unknown) => element(one, path))
  }
}

export function stringsByName(value: unknown, path: string): Map<string, { name: string; value: string }> {
  const entries = new Map<string, { name: string; value: string }>()
  for (const [name, entry] of Object.entries(object(value, path))) {
    if (entry === null) continue
    entries.set(name.toLowerCase(), { name, value: string(entry, path) })
  }
  return entries
}
