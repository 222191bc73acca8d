/** A DNS record as people write it, checked; and the ones people have put into the lab (table lab_records). */
import { isIPv4, isIPv6 } from 'node:net'
import { Refused } from '../runtime/refused.ts'
import type { Storage } from '../storage/storage.ts'

export const recordTypes = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'TXT'] as const
export type RecordType = (typeof recordTypes)[number]

export type DnsRecord = {
  /** Lower-case, no trailing dot; `_` labels allowed. */
  name: string
  type: RecordType
  /** Presentation form: `10 mx.lab.test` for MX, the bare text (not split, not quoted) for TXT. */
  value: string
  /** Seconds. */
  ttl: number
}

export type LabRecord = DnsRecord & { id: number }

export type RecordToPut = { name: string; type: string; value: string; ttl?: number }

export type LabRecords = {
  list(): Promise<LabRecord[]>
  /** Refuses what DNS could not hold; a record that is there already is returned as it is. */
  put(record: RecordToPut): Promise<LabRecord>
  remove(id: number): Promise<boolean>
}

/** Short, so that a record just corrected is seen at the next look. */
export const defaultTtl = 5

const maxRecords = 10_000
/** 65,535 octets of RDATA (RFC 1035 §3.2.1) less a length octet for each 255; nobody needs more than this. */
const maxTextBytes = 16_000

const hostLabel = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

/** Lower-case, without the final dot, or undefined when it is no name that the lab could serve. */
export function normalName(text: string): string | undefined {
  const name = text.trim().toLowerCase().replace(/\.$/, '')
  if (name.length === 0 || name.length > 253) return undefined
  return name.split('.').every((label) => hostLabel.test(label)) ? name : undefined
}

/** Checks and normalises what a person typed; throws Refused with what is wrong and what would be right. */
export function parseRecord({ name, type, value, ttl = defaultTtl }: RecordToPut): DnsRecord {
  const normal = normalName(name)
  if (normal === undefined) throw bad(`The record name ${show(name)} is not a DNS name`)
  const known = recordTypes.find((candidate) => candidate === type.toUpperCase())
  if (known === undefined) throw bad(`The record type ${show(type)} is not one of ${recordTypes.join(', ')}`)
  if (!Number.isInteger(ttl) || ttl < 0 || ttl > 604_800) {
    throw bad(`The TTL ${ttl} is not a whole number of seconds from 0 to 604800`)
  }
  return { name: normal, type: known, value: parseValue(known, value.trim()), ttl }
}

function parseValue(type: RecordType, value: string): string {
  if (type === 'A' || type === 'AAAA') {
    const isRight = type === 'A' ? isIPv4(value) : isIPv6(value)
    if (!isRight) throw bad(`${show(value)} is not an ${type === 'A' ? 'IPv4' : 'IPv6'} address`)
    return value.toLowerCase()
  }
  if (type === 'TXT') return parseText(value)
  if (type === 'MX') {
    const [, preference = '', host = ''] = /^(\d{1,5})\s+(\S+)$/.exec(value) ?? []
    const exchange = host === '.' ? '.' : normalName(host)
    if (exchange === undefined || host === '' || Number(preference) > 65_535) {
      throw bad(`An MX value is a preference and a host, like "10 mx.lab.test"; got ${show(value)}`)
    }
    return `${Number(preference)} ${exchange}`
  }
  const target = normalName(value)
  if (target === undefined) throw bad(`The value of a ${type} record is a host name; got ${show(value)}`)
  return target
}

/** `"part" "part"`, as zone files and many DNS providers show long TXT records, or the text itself. */
function parseText(value: string): string {
  // Quotes and backslashes at most double it.
  if (value.length > 3 * maxTextBytes) throw bad(`The TXT value is longer than ${maxTextBytes} bytes`)
  const quoted = /^"(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*$/s.test(value)
  const parts = quoted ? (value.match(/"(?:[^"\\]|\\.)*"/gs) ?? []) : []
  const text = quoted ? parts.map((part) => part.slice(1, -1).replace(/\\(.)/gs, '$1')).join('') : value
  if (text === '') throw bad('The value of a TXT record is empty')
  if (Buffer.byteLength(text) > maxTextBytes) throw bad(`The TXT value is longer than ${maxTextBytes} bytes`)
  return text
}

/** `10 mx.lab.test` as its two parts. */
export function parseMx(value: string): { preference: number; exchange: string } {
  const [preference = '0', exchange = '.'] = value.split(' ')
  return { preference: Number(preference), exchange }
}

function bad(message: string): Refused {
  return new Refused('bad-value', message)
}

function show(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}

export function createLabRecords({
  storage: { db },
  onChange,
}: {
  storage: Pick<Storage, 'db'>
  onChange: () => Promise<void>
}): LabRecords {
  async function list(): Promise<LabRecord[]> {
    const rows = await db.selectFrom('lab_records').selectAll().orderBy('name').orderBy('id').execute()
    return rows.flatMap((row) => {
      const type = recordTypes.find((candidate) => candidate === row.type)
      return type === undefined ? [] : [{ ...row, type }]
    })
  }
  return {
    list,
    async put(record) {
      const parsed = parseRecord(record)
      const present = await list()
      const same = present.find(
        ({ name, type, value }) => name === parsed.name && type === parsed.type && value === parsed.value,
      )
      if (same?.ttl === parsed.ttl) return same
      if (present.length >= maxRecords) throw new Refused('too-large', `The lab holds ${maxRecords} records`)
      // RFC 1034 §3.6.2: a CNAME stands alone at its name.
      const clash = present.find(
        ({ id, name, type }) =>
          name === parsed.name && id !== same?.id && (type === 'CNAME' || parsed.type === 'CNAME'),
      )
      if (clash) {
        throw new Refused('conflict', `${parsed.name} has a ${clash.type} record; a CNAME must stand alone`)
      }
      if (same) {
        await db.updateTable('lab_records').set({ ttl: parsed.ttl }).where('id', '=', same.id).execute()
        await onChange()
        return { ...same, ttl: parsed.ttl }
      }
      const { id } = await db
        .insertInto('lab_records')
        .values(parsed)
        .returning('id')
        .executeTakeFirstOrThrow()
      await onChange()
      return { ...parsed, id }
    },
    async remove(id) {
      const { numDeletedRows } = await db.deleteFrom('lab_records').where('id', '=', id).executeTakeFirst()
      await onChange()
      return numDeletedRows > 0n
    },
  }
}
