/** What a look into DNS says about one record, for people and for programs. */
import type { AliasResolver, DnsAnswer, Resolver } from '../../runtime/dns.ts'
import type { DnsRecord } from '../dns-records.ts'

/** Asks DNS without believing answers of earlier minutes: whoever has just corrected a record wants to see that. */
export type ZoneReader = Pick<Resolver, 'txt' | 'mx' | 'addresses'> & AliasResolver

export type RecordCheck = {
  purpose: DnsRecord['purpose']
  /**
   * `advice`: good as it is, could be better. `missing`: not there. `unknown`: DNS gave no answer this time, and what
   * was known before still counts.
   */
  status: 'ok' | 'advice' | 'missing' | 'error' | 'unknown'
  /** Where it was looked for. */
  name: string
  /** What was found there. */
  found: readonly string[]
  /** What is wrong or could be better, each in a sentence. */
  problems: readonly string[]
  /** What to publish, when something is to be done. */
  publish?: DnsRecord
}

/** Only a definite "no" is an absence; `unknown` is left to the caller. */
export function recordsOf<T>(answer: DnsAnswer<readonly T[]>): readonly T[] {
  return answer.kind === 'found' ? answer.records : []
}

export function noAnswer(name: string, reason: string): string {
  return `DNS gave no answer for ${name} (${reason}); try again in a few minutes`
}

export type WrongPlace = { name: string; mistake: string }

/**
 * Places where the record ends up by well-known mistakes, first of all the doubled name: providers whose form appends
 * the domain turn a whole name into `host.domain.domain`.
 */
export function wrongPlaces(name: string, domainName: string): WrongPlace[] {
  const host = name === domainName ? '@' : name.slice(0, -1 - domainName.length)
  return [
    {
      name: `${name}.${domainName}`,
      mistake: `the provider has appended ${domainName} to it: enter only '${host}' as its host`,
    },
  ]
}

/** The first of `places` that holds a TXT record that `isIt`. */
export async function findMisplaced(
  zone: ZoneReader,
  { places, isIt }: { places: readonly WrongPlace[]; isIt(text: string): boolean },
): Promise<string | undefined> {
  const answers = await Promise.all(places.map(({ name }) => zone.txt(name)))
  const at = answers.findIndex((answer) => recordsOf(answer).some(isIt))
  const place = places[at]
  return place === undefined ? undefined : `the record stands at ${place.name}; ${place.mistake}`
}

/**
 * A value that was pasted with the quotation marks (or backslashes) of a zone file has them inside: what it would be
 * without them, or undefined when there are none.
 */
export function withoutZoneQuotes(text: string): string | undefined {
  if (!/["\\]/.test(text)) return undefined
  return text.trim().replace(/^"|"$/g, '').replace(/"\s*"/g, '').replace(/\\(.)/g, '$1').replaceAll('"', '')
}

export const quotedProblem =
  'the value contains quotation marks or backslashes: paste it without them, the provider adds its own'

/** `k=v; k=v` as DKIM and DMARC write it (RFC 6376 §3.2). Undefined when it is no such list. */
export function parseTags(text: string): Map<string, string> | undefined {
  const tags = new Map<string, string>()
  for (const part of text.split(';')) {
    if (part.trim() === '') continue
    const equals = part.indexOf('=')
    const name = part.slice(0, Math.max(equals, 0)).trim().toLowerCase()
    if (equals === -1 || !/^[a-z][a-z0-9_]*$/.test(name) || tags.has(name)) return undefined
    tags.set(name, part.slice(equals + 1).trim())
  }
  return tags
}
