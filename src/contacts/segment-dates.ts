/** Dates as text, made by the database from numbers: the same on both, which have no date function in common. */
import { type RawBuilder, sql } from 'kysely'
import type { PropertyId } from '../mail/ids.ts'

const dayMs = 86_400_000
/** From the 1st of March of the year 0, where the arithmetic begins, to 1970. */
const epochMs = 719_468 * dayMs

const token = /yyyy|yy|mm|dd|hh|nn|ss/gi

/** `+03:00` in milliseconds. */
export function readOffset(text: string | undefined): number | undefined {
  const [, sign, hours, minutes] = /^([+-]?)(\d{1,2}):?(\d{2})$/.exec(text?.trim() ?? '') ?? []
  if (hours === undefined || Number(hours) > 14 || Number(minutes) > 59) return undefined
  return (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1)
}

/** The same in JavaScript, for constants. */
export function formatDate(format: string, at: number): string {
  const iso = new Date(at).toISOString()
  const parts: Record<string, string> = {
    yyyy: iso.slice(0, 4),
    yy: iso.slice(2, 4),
    mm: iso.slice(5, 7),
    dd: iso.slice(8, 10),
    hh: iso.slice(11, 13),
    nn: iso.slice(14, 16),
    ss: iso.slice(17, 19),
  }
  return format.toLowerCase().replaceAll(token, (name) => parts[name] ?? name)
}

/** Null where the contact has no such value. The calendar is that of Howard Hinnant's `civil_from_days`. */
export function dateAsText(
  propertyId: PropertyId,
  { format, offsetMs }: { format: string; offsetMs: number },
): RawBuilder<string> {
  return sql`(SELECT ${formatted(format)} FROM (
    SELECT t, d, CASE WHEN mp < 10 THEN mp + 3 ELSE mp - 9 END AS m,
      yoe + era * 400 + CASE WHEN mp < 10 THEN 0 ELSE 1 END AS y FROM (
    SELECT t, era, yoe, mp, doy - (153 * mp + 2) / 5 + 1 AS d FROM (
    SELECT t, era, yoe, doy, (5 * doy + 2) / 153 AS mp FROM (
    SELECT t, era, yoe, doe - (365 * yoe + yoe / 4 - yoe / 100) AS doy FROM (
    SELECT t, era, doe, (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365 AS yoe FROM (
    SELECT t, z / 146097 AS era, z - (z / 146097) * 146097 AS doe FROM (
    SELECT ms / 86400000 AS z, (ms - (ms / 86400000) * 86400000) / 1000 AS t FROM (
    SELECT CAST(v.number_value AS bigint) + ${sql.lit(epochMs + offsetMs)} AS ms FROM contact_values AS v
      WHERE v.contact_id = contacts.id AND v.property_id = ${propertyId}
    ) AS s1) AS s2) AS s3) AS s4) AS s5) AS s6) AS s7) AS s8)`
}

function formatted(format: string): RawBuilder<string> {
  const pieces: RawBuilder<unknown>[] = []
  let end = 0
  const lower = format.toLowerCase()
  for (const match of lower.matchAll(token)) {
    if (match.index > end) pieces.push(sql`${lower.slice(end, match.index)}`)
    pieces.push(parts[match[0] as keyof typeof parts])
    end = match.index + match[0].length
  }
  if (end < lower.length || pieces.length === 0) pieces.push(sql`${lower.slice(end)}`)
  const texts = pieces.map((piece) => sql`CAST(${piece} AS text)`)
  return sql`(${sql.join(texts, sql` || `)})`
}

const two = (number: string) =>
  sql.raw(`(CASE WHEN ${number} < 10 THEN '0' ELSE '' END || CAST(${number} AS text))`)
const parts = {
  yyyy: sql.raw(
    "(CASE WHEN y < 1000 THEN substr('000', length(CAST(y AS text))) ELSE '' END || CAST(y AS text))",
  ),
  yy: two('(y - (y / 100) * 100)'),
  mm: two('m'),
  dd: two('d'),
  hh: two('(t / 3600)'),
  nn: two('((t / 60) - (t / 3600) * 60)'),
  ss: two('(t - (t / 60) * 60)'),
} as const
