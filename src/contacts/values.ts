/** Values of properties: checked by type, kept so that they can be compared, shown as they came. Pure. */
import type { PropertyId } from '../mail/ids.ts'
import type { PropertyType } from '../storage/tables/contacts.ts'

export type StoredValue = { text: string } | { number: number }

/** By property; null takes the value away. */
export type NewValues = ReadonlyMap<PropertyId, StoredValue | null>

export type DateReader = (text: string) => number | undefined

const longestText = 10_000
const largest = Number.MAX_SAFE_INTEGER

/** Undefined when the value is not of the type. */
export function readValue(
  type: PropertyType,
  given: unknown,
  { readDate = readInstant }: { readDate?: DateReader } = {},
): StoredValue | undefined {
  if (typeof given !== 'string' && typeof given !== 'number' && typeof given !== 'boolean') return undefined
  const text = String(given)
  switch (type) {
    case 'str': {
      const clean = text.toWellFormed()
      return clean.length > longestText || clean.includes('\0') ? undefined : { text: clean }
    }
    case 'int': {
      const trimmed = text.trim()
      const value = Number(trimmed)
      return /^[+-]?\d+(\.0+)?$/.test(trimmed) && Math.abs(value) <= largest
        ? { number: value + 0 }
        : undefined
    }
    case 'float': {
      const trimmed = text.trim()
      const value = Number(trimmed)
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(trimmed) && Number.isFinite(value)
        ? { number: value + 0 }
        : undefined
    }
    case 'bool': {
      const word = text.trim().toLowerCase()
      if (word === 'true' || word === '1') return { number: 1 }
      return word === 'false' || word === '0' ? { number: 0 } : undefined
    }
    case 'datetime': {
      const at = readDate(text.trim())
      return at === undefined ? undefined : { number: at }
    }
  }
}

/** Texts are compared without regard to letter case. */
export function textKey(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

/** As the wire shows it, which is a text of any type. */
export function formatValue(type: PropertyType, value: StoredValue): string {
  if ('text' in value) return value.text
  switch (type) {
    case 'bool':
      return value.number === 0 ? 'false' : 'true'
    case 'datetime':
      return `${new Date(value.number).toISOString().slice(0, 19)}Z`
    default:
      return String(value.number)
  }
}

/** For templates and JSON of our own: numbers and booleans as such. */
export function plainValue(type: PropertyType, value: StoredValue): string | number | boolean {
  if ('text' in value) return value.text
  if (type === 'bool') return value.number !== 0
  return type === 'datetime' ? formatValue(type, value) : value.number
}

const rfc3339 = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i
const earliest = Date.parse('0001-01-01T00:00:00Z')
const latest = Date.parse('9999-12-31T23:59:59Z')

/** Unix seconds or RFC 3339; without a zone it is UTC. Milliseconds. */
export function readInstant(text: string): number | undefined {
  if (/^-?\d{1,12}$/.test(text)) return within(Number(text) * 1000)
  const [, date, time = '00:00', seconds = ':00', zone = 'Z'] = rfc3339.exec(text) ?? []
  if (date === undefined) return undefined
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase()
  const at = Date.parse(`${date}T${time}${seconds}${offset}`)
  // Date.parse takes the 31st of February for the 3rd of March.
  if (Number.isNaN(at) || new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10) !== date) return undefined
  return within(at)
}

function within(at: number): number | undefined {
  return at >= earliest && at <= latest ? at : undefined
}
