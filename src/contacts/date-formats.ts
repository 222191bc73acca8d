/** Dates as files write them: `dd/mm/yyyy hh:nn` and the like (reference: contacts.md §7). Pure. */
import { type DateReader, readInstant } from './values.ts'

const tokens = {
  yyyy: '(?<yyyy>\\d{4})',
  yy: '(?<yy>\\d{2})',
  mm: '(?<mm>\\d{1,2})',
  dd: '(?<dd>\\d{1,2})',
  hh: '(?<hh>\\d{1,2})',
  nn: '(?<nn>\\d{1,2})',
  ss: '(?<ss>\\d{1,2})',
} as const

const longestFormat = 60

/** Undefined when the format is none. What it does not fit may still be Unix seconds or RFC 3339. */
export function dateReader(
  format: string | undefined,
  { offsetHours = 0 }: { offsetHours?: number } = {},
): DateReader | undefined {
  const offsetMs = offsetHours * 3_600_000
  if (format === undefined || /rfc\s*3339/i.test(format)) return zoned(offsetMs)
  const pattern = toPattern(format)
  if (pattern === undefined) return undefined
  const standard = zoned(offsetMs)
  return (text) => {
    const parts = pattern.exec(text)?.groups
    return parts === undefined ? standard(text) : toInstant(parts, offsetMs)
  }
}

function zoned(offsetMs: number): DateReader {
  return (text) => {
    const at = readInstant(text)
    const hasZone = /^-?\d+$/.test(text) || /(?:z|[+-]\d{2}:?\d{2})$/i.test(text.slice(10))
    return at === undefined || hasZone ? at : at - offsetMs
  }
}

function toPattern(format: string): RegExp | undefined {
  if (format.length > longestFormat) return undefined
  const seen = new Set<string>()
  let isTwice = false
  const source = format.replaceAll(/yyyy|yy|mm|dd|hh|nn|ss|[^a-z]+|[a-z]+/gi, (part) => {
    const name = part.toLowerCase()
    if (!(name in tokens)) return part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')
    if (seen.has(name)) isTwice = true
    seen.add(name)
    return tokens[name as keyof typeof tokens]
  })
  const hasDay = (seen.has('yyyy') || seen.has('yy')) && seen.has('mm') && seen.has('dd')
  return hasDay && !isTwice ? new RegExp(`^${source}$`, 'i') : undefined
}

function toInstant(parts: Record<string, string | undefined>, offsetMs: number): number | undefined {
  const number = (name: string) => Number(parts[name] ?? 0)
  const short = number('yy')
  // As spreadsheets do: 29 is 2029, 30 is 1930.
  const year = parts.yyyy === undefined ? short + (short < 30 ? 2000 : 1900) : number('yyyy')
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${String(year).padStart(4, '0')}-${two(number('mm'))}-${two(number('dd'))}`
  const at = readInstant(`${day}T${two(number('hh'))}:${two(number('nn'))}:${two(number('ss'))}Z`)
  return at === undefined ? undefined : at - offsetMs
}
