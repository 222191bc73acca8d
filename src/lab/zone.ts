/**
 * What the lab's DNS answers. A name has, in this order: what a person put there, what the instance publishes, and
 * what the lab makes by itself, so that mail to any lab domain finds the lab's receiving host without anybody
 * setting up anything.
 *
 * Names that behave on purpose (and everything below them):
 *   nxdomain.test   does not exist
 *   servfail.test   the name server fails
 *   timeout.test    no answer at all
 *   nullmx.test     takes no mail (RFC 7505)
 *   nomx.test       has only an address
 */
import type { DnsRecord, RecordType } from './records.ts'
import { defaultTtl } from './records.ts'

export const labHost = 'mx.lab.test'
export const labDomain = 'lab.test'
export const labNameServer = 'ns.lab.test'
/** What a domain publishes so that mail sent from this machine passes SPF at the lab's receiving host. */
export const labSpf = 'v=spf1 ip4:127.0.0.1 ip6:::1 -all'

/** RFC 2606: nobody owns these, so nothing we answer can be about somebody. */
const zones = ['test', 'example', 'example.com', 'example.net', 'example.org'] as const
const reverseZones = ['127.in-addr.arpa', `${'0.'.repeat(31)}ip6.arpa`] as const
/** Where the PTR records of 127.0.0.1 and ::1 are. */
export const loopbackPointers = ['1.0.0.127.in-addr.arpa', `1.${'0.'.repeat(31)}ip6.arpa`]

const specials = {
  'nxdomain.test': 'nxdomain',
  'servfail.test': 'servfail',
  'timeout.test': 'timeout',
  'nullmx.test': 'null-mx',
  'nomx.test': 'no-mx',
} as const

/** Enough for a CNAME to a CNAME to a provider's name; more is a loop or a joke. */
const maxAliases = 8

export type ZoneRecords = { put: readonly DnsRecord[]; published: readonly DnsRecord[] }

export type Answer =
  | {
      kind: 'answer'
      code: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL'
      records: DnsRecord[]
      zone: string | undefined
    }
  /** The question is left unanswered. */
  | { kind: 'silence' }

export type Zone = {
  /** `name` lower-case, without the final dot. `type` may be one that no record has. */
  answer(name: string, type: string): Answer
}

type Names = Map<string, DnsRecord[]>

/** The zone a name belongs to, or undefined when the lab does not answer for it. */
export function zoneOf(name: string): string | undefined {
  const within = (zone: string) => name === zone || name.endsWith(`.${zone}`)
  return zones.find(within) ?? reverseZones.find(within)
}

/** Whether a host or a mail domain can be here: below a zone, in the case of `test` and `example`. */
export function isLabDomain(name: string): boolean {
  const zone = zoneOf(name)
  return zone !== undefined && !zone.endsWith('.arpa') && (name !== zone || zone.includes('.'))
}

/** `ipv6`: the receiving host listens on ::1 too. */
export function createZone({ put, published }: ZoneRecords, { ipv6 }: { ipv6: boolean }): Zone {
  const putNames = byName(put)
  const publishedNames = byName(published)
  const parents = new Set<string>()
  for (const { name } of [...put, ...published]) {
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1))
      parents.add(name.slice(dot + 1))
  }

  /** All records of a name, or undefined when there is no such name. */
  function recordsAt(name: string): DnsRecord[] | undefined {
    const own = putNames.get(name) ?? []
    const ours = (publishedNames.get(name) ?? []).filter(
      (record) => !own.some((other) => replaces(other, record)),
    )
    const set = [...own, ...ours]
    // RFC 1034 §3.6.2: where there is a CNAME there is nothing else.
    if (set.some(({ type }) => type === 'CNAME')) return set
    const made = recordsOfItself(name, ipv6).filter(({ type }) => !set.some((record) => record.type === type))
    if (set.length === 0 && made.length === 0 && !parents.has(name)) return undefined
    return [...set, ...made]
  }

  return {
    answer(asked, type) {
      const found: DnsRecord[] = []
      let name = asked
      for (let aliases = 0; aliases <= maxAliases; aliases += 1) {
        const zone = zoneOf(name)
        const special = specialOf(name)
        if (special === 'timeout') return { kind: 'silence' }
        if (special === 'servfail') return { kind: 'answer', code: 'SERVFAIL', records: [], zone }
        const records = zone === undefined || special === 'nxdomain' ? undefined : recordsAt(name)
        // RFC 6604 §2.1: the code is about the last name of the chain.
        if (records === undefined) return { kind: 'answer', code: 'NXDOMAIN', records: found, zone }
        const alias = records.find((record) => record.type === 'CNAME')
        if (alias === undefined || type === 'CNAME') {
          found.push(...records.filter((record) => record.type === type))
          return { kind: 'answer', code: 'NOERROR', records: found, zone }
        }
        found.push(alias)
        name = alias.value
      }
      return { kind: 'answer', code: 'SERVFAIL', records: [], zone: undefined }
    },
  }
}

function byName(records: readonly DnsRecord[]): Names {
  const names: Names = new Map()
  for (const record of records) {
    const there = names.get(record.name)
    if (there) there.push(record)
    else names.set(record.name, [record])
  }
  return names
}

/**
 * A person's record stands instead of a published one of its kind. TXT records of different kinds live beside each
 * other: pasting an ownership token must not hide the SPF record.
 */
function replaces(own: DnsRecord, published: DnsRecord): boolean {
  if (own.type === 'CNAME') return true
  if (own.type !== published.type) return false
  return own.type !== 'TXT' || textKind(own) === textKind(published)
}

function textKind({ name, value }: DnsRecord): string {
  // DKIM keys may leave out v= (RFC 6376 §3.6.1), and a selector holds one key.
  if (name.includes('._domainkey.')) return 'dkim'
  return /^\s*v\s*=\s*([a-z0-9]+)/i.exec(value)?.[1]?.toLowerCase() ?? value
}

function specialOf(name: string): (typeof specials)[keyof typeof specials] | undefined {
  if (!name.endsWith('.test')) return undefined
  const [label = ''] = name.slice(0, -'.test'.length).split('.').slice(-1)
  const domain = `${label}.test`
  return Object.hasOwn(specials, domain) ? specials[domain as keyof typeof specials] : undefined
}

/** What the lab makes for a name; empty when the name exists only through other people's records. */
function recordsOfItself(name: string, ipv6: boolean): DnsRecord[] {
  const record = (type: RecordType, value: string): DnsRecord => ({ name, type, value, ttl: defaultTtl })
  if (loopbackPointers.includes(name)) return [record('PTR', labHost)]
  const zone = zoneOf(name)
  if (zone === name) {
    const apex = [record('NS', labNameServer)]
    return isLabDomain(name) ? [...apex, ...hostRecords(name, { record, ipv6 })] : apex
  }
  // A name with an underscore (_dmarc, k1._domainkey) is there only if somebody put something there.
  if (zone === undefined || zone.endsWith('.arpa') || /(?:^|\.)_/.test(name)) return []
  return hostRecords(name, { record, ipv6 })
}

function hostRecords(
  name: string,
  { record, ipv6 }: { record: (type: RecordType, value: string) => DnsRecord; ipv6: boolean },
): DnsRecord[] {
  const special = specialOf(name)
  const records = [record('A', '127.0.0.1')]
  if (special === 'no-mx') return records
  if (ipv6) records.push(record('AAAA', '::1'))
  records.push(record('MX', special === 'null-mx' ? '0 .' : `10 ${labHost}`))
  // The lab's own reports come from here.
  if (name === labDomain || name === labHost) records.push(record('TXT', labSpf))
  return records
}
