/** What template values are worth: looking up, truth, printing, comparing (reference/template-language.md §3). */

import type { Scalar } from './template.ts'

/** Anything that JSON can hold except null, which counts as absent. */
export type Value = Scalar | readonly unknown[] | Readonly<Record<string, unknown>>

const lowerCaseNames = new WeakMap<object, Map<string, string>>()

/**
 * The own property `name`, exactly or else in any case; undefined when it is absent or null. Never a prototype's:
 * `constructor` and `__proto__` are names like any other.
 */
export function propertyOf(container: unknown, name: string): Value | undefined {
  if (typeof container !== 'object' || container === null) return undefined
  if (Array.isArray(container)) return /^\d{1,9}$/.test(name) ? toValue(container[Number(name)]) : undefined
  const record = container as Readonly<Record<string, unknown>>
  if (Object.hasOwn(record, name)) return toValue(record[name])

  let names = lowerCaseNames.get(record)
  if (names === undefined) {
    names = new Map()
    for (const key of Object.keys(record)) {
      const lower = key.toLowerCase()
      if (!names.has(lower)) names.set(lower, key)
    }
    lowerCaseNames.set(record, names)
  }
  const key = names.get(name.toLowerCase())
  return key === undefined ? undefined : toValue(record[key])
}

/** Walks `path` down from `container`. */
export function valueAt(container: unknown, path: readonly string[], from = 0): Value | undefined {
  let value = propertyOf(container, path[from] ?? '')
  for (let index = from + 1; index < path.length && value !== undefined; index++) {
    value = propertyOf(value, path[index] ?? '')
  }
  return value
}

function toValue(value: unknown): Value | undefined {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value
    case 'object':
      return value === null ? undefined : (value as Value)
    default:
      return undefined
  }
}

export function isTrue(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0
  return value !== false && value !== 0 && value !== ''
}

/** Undefined for an object nested so deeply that it cannot be written down. */
export function print(value: Value): string | undefined {
  if (typeof value !== 'object') return printScalar(value)
  try {
    return JSON.stringify(value)
  } catch (error) {
    // How JSON.stringify runs out of stack.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function printScalar(value: Scalar): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? printNumber(value) : String(value)
}

const plainNumbers = new Intl.NumberFormat('en-US', { useGrouping: false, maximumFractionDigits: 20 })

/** The shortest decimal form, never with an exponent. */
function printNumber(value: number): string {
  const text = String(value)
  return text.includes('e') ? plainNumbers.format(value) : text
}

/** The number a value is or, for a string, looks like. */
export function numberIn(value: Value): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.length > 40) return undefined
  return /^\s*-?\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : undefined
}

export function equal(left: Value, right: Value): boolean {
  const leftNumber = numberIn(left)
  const rightNumber = leftNumber === undefined ? undefined : numberIn(right)
  if (leftNumber !== undefined && rightNumber !== undefined) return leftNumber === rightNumber
  if (typeof left === 'object' || typeof right === 'object') return left === right
  return printScalar(left) === printScalar(right)
}

/** Below 0, 0 or above 0 as `left` comes before, with or after `right`; undefined when they have no order. */
export function order(left: Value, right: Value): number | undefined {
  const leftNumber = numberIn(left)
  const rightNumber = leftNumber === undefined ? undefined : numberIn(right)
  if (leftNumber !== undefined && rightNumber !== undefined) return leftNumber - rightNumber
  if (typeof left === 'object' || typeof right === 'object') return undefined
  const leftText = printScalar(left)
  const rightText = printScalar(right)
  return leftText < rightText ? -1 : leftText > rightText ? 1 : 0
}
