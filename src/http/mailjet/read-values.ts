/** What POST and PUT set: declared properties in any letter case, types read leniently (reference/rest-conventions.md §4). */
import { readTime } from './filters.ts'
import type { Properties } from './properties.ts'
import { formatTime, type Property } from './resource.ts'
import { badRequest, notSettable, type RestError } from './rest-errors.ts'

/** By declared name; what was not sent (or is null) is not there. */
export type Values = {
  size: number
  text(name: string): string | undefined
  integer(name: string): number | undefined
  boolean(name: string): boolean | undefined
  /** Of a list or an object: as it came. */
  raw(name: string): unknown
}

type Value = string | number | boolean | object
type Declared = Omit<Property<never>, 'value'>

const defaultMaxLength = 255

export function readNew(declared: readonly Declared[], body: Properties): Values {
  const values = new Map<string, Value>()
  for (const property of declared) {
    const given = givenFor(property, body, declared)
    if (property.write === 'never' && given !== undefined) throw notSettable(property.name)
    if (property.write !== 'always' && property.write !== 'at-creation') continue
    if (given === undefined) {
      if (property.isRequired) throw invalid(property, 'MJ03 A non-empty value is required')
      continue
    }
    values.set(property.name, read(property, given))
  }
  return toValues(values)
}

/** Only what becomes different from what is `shown`; what can only be set once is ignored (reference/rest-conventions.md §4). */
export function readChanges(
  declared: readonly Declared[],
  { body, shown }: { body: Properties; shown: Record<string, unknown> },
): Values {
  const values = new Map<string, Value>()
  for (const property of declared) {
    const given = givenFor(property, body, declared)
    if (given === undefined || property.write === undefined) continue
    if (property.write === 'never') throw notSettable(property.name)
    const before = shown[property.name]
    if (property.write === 'at-creation') {
      if (property.refusal !== undefined && !isSame(read(property, given), before)) {
        throw badRequest(property.refusal)
      }
      continue
    }
    const value = read(property, given)
    if (!isEqual(value, before)) values.set(property.name, value)
  }
  return toValues(values)
}

function isEqual(value: Value, before: unknown): boolean {
  return value === before || (typeof value === 'object' && JSON.stringify(value) === JSON.stringify(before))
}

/** What names an object is compared without regard to letter case, as in the path. */
function isSame(value: Value, before: unknown): boolean {
  if (typeof value !== 'string') return value === before
  return value.trim().toLowerCase() === String(before).toLowerCase()
}

/** Another object may be named as `ContactID` and as `Contact` (reference/rest-conventions.md §5). */
function givenFor({ name, type }: Declared, body: Properties, declared: readonly Declared[]): unknown {
  const given = body.get(name.toLowerCase()) ?? undefined
  if (given !== undefined || type !== 'integer' || !/.ID$/.test(name)) return given
  const short = name.slice(0, -2).toLowerCase()
  const isOther = declared.some((other) => other.name.toLowerCase() === short)
  return isOther ? undefined : (body.get(short) ?? undefined)
}

function read(property: Declared, given: unknown): Value {
  switch (property.type) {
    case 'boolean': {
      const word = String(given).toLowerCase()
      if (word === 'true' || word === '1') return true
      if (word === 'false' || word === '0') return false
      throw invalid(property, 'MJ04 Value must be true or false')
    }
    case 'integer': {
      const word = typeof given === 'string' ? property.words?.[given.trim().toLowerCase()] : undefined
      if (word !== undefined) return word
      const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value
      throw invalid(property, 'MJ04 Value must be a whole number')
    }
    case 'time': {
      const text = readText(property, given)
      const at = text === '' ? null : readTime(text)
      if (at === undefined) throw invalid(property, 'MJ04 Value must be a time like 2026-01-31T12:00:00Z')
      return formatTime(at)
    }
    case 'list':
      if (Array.isArray(given)) return given
      throw invalid(property, 'MJ04 Value must be a list')
    case 'object':
      if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given
      throw invalid(property, 'MJ04 Value must be an object')
    default:
      return readText(property, given)
  }
}

function readText(property: Declared, given: unknown): string {
  if (typeof given === 'object') throw invalid(property, 'MJ04 Value must be a text')
  const text = String(given).toWellFormed()
  const { isRequired, maxLength = defaultMaxLength, isOneLine, allowed } = property
  if (isRequired && text.trim() === '') throw invalid(property, 'MJ04 Value must have at least length 1')
  if (text.length > maxLength) throw invalid(property, `MJ04 Value must have at most length ${maxLength}`)
  if ((isOneLine ? /\p{Cc}/u : /[^\P{Cc}\t\r\n]/u).test(text)) {
    throw invalid(property, 'MJ04 Value must not contain control characters')
  }
  if (allowed === undefined) return text
  const found = allowed.find((one) => one.toLowerCase() === text.trim().toLowerCase())
  if (found === undefined) {
    throw invalid(property, `MJ04 Value must be one of: ${allowed.map((one) => `"${one}"`).join(', ')}`)
  }
  return found
}

function invalid({ name }: Declared, reason: string): RestError {
  return badRequest('Object properties invalid', `MJ08 Property ${name} is invalid: ${reason}`)
}

function toValues(values: ReadonlyMap<string, Value>): Values {
  return {
    size: values.size,
    text(name) {
      const value = values.get(name)
      return typeof value === 'string' ? value : undefined
    },
    integer(name) {
      const value = values.get(name)
      return typeof value === 'number' ? value : undefined
    },
    boolean(name) {
      const value = values.get(name)
      return typeof value === 'boolean' ? value : undefined
    },
    raw: (name) => values.get(name),
  }
}
