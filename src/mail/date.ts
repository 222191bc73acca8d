// Each message needs two, and thousands of them have the same second.
let last = { second: Number.NaN, text: '' }

/** RFC 5322 §3.3 date-time in UTC: `Mon, 23 Nov 2026 10:00:00 +0000`. */
export function formatDate(at: number): string {
  const second = Math.floor(at / 1000)
  if (second !== last.second) {
    last = { second, text: new Date(second * 1000).toUTCString().replace('GMT', '+0000') }
  }
  return last.text
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
/** RFC 5322 §4.3, in hours; every other word tells nothing of where it was. */
const zones = new Map(
  Object.entries({ est: -5, edt: -4, cst: -6, cdt: -5, mst: -7, mdt: -6, pst: -8, pdt: -7 }),
)
const rfc5322 =
  /^(?:[a-z]{3,9}\.?,?\s*)?(\d{1,2})\s+([a-z]{3})[a-z]{0,6}\s+(\d{4}|\d{2,3})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([+-]\d{2}:?\d{2}|[a-z]{1,5})?$/i
const iso8601 =
  /^(\d{4})-(\d{2})-(\d{2})[t ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s*([+-]\d{2}:?\d{2}|z)?$/i

/**
 * The value of a Date header, in milliseconds, to the second. The obsolete forms of RFC 5322 count, and ISO 8601, which
 * programs write; no zone is UTC. Undefined for all else, and for days that no calendar has.
 */
export function parseDate(value: string): number | undefined {
  // A comment names the zone that the number has said: `+0200 (CEST)`.
  const text = value
    .slice(0, 100)
    .replaceAll(/\([^()]*\)/g, ' ')
    .trim()
  const mail = rfc5322.exec(text)
  if (mail !== null) {
    const [, day, month = '', year = '', hour, minute, second, zone] = mail
    const place = months.indexOf(month.toLowerCase())
    return place === -1 ? undefined : toTime([fullYear(year), place, day, hour, minute, second], zone)
  }
  const [, year, month, day, hour, minute, second, zone] = iso8601.exec(text) ?? []
  return year === undefined
    ? undefined
    : toTime([Number(year), Number(month) - 1, day, hour, minute, second], zone)
}

/** RFC 5322 §4.3: two digits are of 1950 to 2049, three count from 1900. */
function fullYear(digits: string): number {
  const year = Number(digits)
  if (digits.length === 4) return year
  return digits.length === 2 && year < 50 ? 2000 + year : 1900 + year
}

function toTime(fields: readonly (number | string | undefined)[], zone = ''): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields.map((one) =>
    Number(one ?? 0),
  )
  // 60 is a leap second.
  if (year < 1900 || hour > 23 || minute > 59 || second > 60) return undefined
  const midnight = new Date(Date.UTC(year, month, day))
  if (midnight.getUTCMonth() !== month || midnight.getUTCDate() !== day) return undefined
  const offset = offsetMinutes(zone)
  if (offset === undefined) return undefined
  return midnight.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000
}

function offsetMinutes(zone: string): number | undefined {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? []
  if (sign === undefined) return (zones.get(zone.toLowerCase()) ?? 0) * 60
  if (Number(minutes) > 59) return undefined
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
