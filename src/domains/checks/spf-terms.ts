/** The words of an SPF record (RFC 7208 §4.6, §5, §6). */
import { isIPv4, isIPv6 } from 'node:net'

export type SpfTerm =
  | { kind: 'all'; qualifier: string; text: string }
  /** `domain` is missing where the record's own domain is meant, and where a macro makes it unknowable. */
  | { kind: 'include' | 'a' | 'mx' | 'ptr' | 'exists' | 'redirect'; domain?: string; text: string }
  | { kind: 'address' | 'other'; text: string }

export type SpfRecord = { terms: readonly SpfTerm[]; problems: readonly string[] }

/** RFC 7208 §4.5: the version, then a space or the end. */
export function isSpf(text: string): boolean {
  return /^v=spf1(?: |$)/i.test(text)
}

export function parseSpf(text: string): SpfRecord {
  const problems: string[] = []
  const terms: SpfTerm[] = []
  for (const word of text.split(/ +/).slice(1)) {
    if (word === '') continue
    const term = parseTerm(word)
    if (term === undefined) problems.push(`'${word.slice(0, 100)}' is not something an SPF record can hold`)
    else terms.push(term)
  }
  const all = terms.findIndex(({ kind }) => kind === 'all')
  const ignored =
    all === -1 ? [] : terms.slice(all + 1).filter(({ kind }) => kind !== 'redirect' && kind !== 'other')
  if (ignored.length > 0) {
    problems.push(
      `${ignored.map((term) => term.text).join(' ')} stands after 'all' and is ignored: move it before`,
    )
  }
  if (terms.filter(({ kind }) => kind === 'redirect').length > 1) {
    problems.push('redirect= stands there twice; it may stand once')
  }
  return { terms, problems }
}

function parseTerm(word: string): SpfTerm | undefined {
  const modifier = /^([a-z][a-z0-9_.-]*)=(.*)$/i.exec(word)
  if (modifier) {
    const [, name = '', value = ''] = modifier
    if (name.toLowerCase() !== 'redirect') return { kind: 'other', text: word }
    return isDomainSpec(value) ? { kind: 'redirect', ...named(value), text: word } : undefined
  }
  const [, qualifier = '', name = '', value, prefix] =
    /^([+?~-]?)([a-z][a-z0-9]*)(?::([^/]*(?:\{[^}]*\}[^/]*)*))?(\/.*)?$/i.exec(word) ?? []
  const kind = name.toLowerCase()
  if (kind === 'ip4' || kind === 'ip6') return parseAddress(word)
  if (kind === 'all') {
    return value === undefined && prefix === undefined
      ? { kind, qualifier: qualifier || '+', text: word }
      : undefined
  }
  if (kind === 'a' || kind === 'mx') {
    const isPrefix =
      prefix === undefined || /^(?:\/(?:\d|[12]\d|3[0-2]))?(?:\/\/(?:\d{1,2}|1[01]\d|12[0-8]))?$/.test(prefix)
    if (!isPrefix || (value !== undefined && !isDomainSpec(value))) return undefined
    return { kind, ...named(value), text: word }
  }
  if (kind === 'include' || kind === 'exists') {
    if (prefix !== undefined || value === undefined || !isDomainSpec(value)) return undefined
    return { kind, ...named(value), text: word }
  }
  if (kind === 'ptr') {
    return prefix === undefined && (value === undefined || isDomainSpec(value))
      ? { kind, ...named(value), text: word }
      : undefined
  }
  return undefined
}

function parseAddress(word: string): SpfTerm | undefined {
  const [, family, address = '', prefix] = /^[+?~-]?(ip4|ip6):([^/]+)(?:\/(\d{1,3}))?$/i.exec(word) ?? []
  const isFour = family?.toLowerCase() === 'ip4'
  if (isFour ? !isIPv4(address) : !isIPv6(address)) return undefined
  return Number(prefix ?? 0) <= (isFour ? 32 : 128) ? { kind: 'address', text: word } : undefined
}

function named(value: string | undefined): { domain?: string } {
  if (value === undefined || value.includes('%')) return {}
  return { domain: value.toLowerCase().replace(/\.$/, '') }
}

/** Macros are left to receivers; whatever else is there must be a name. */
function isDomainSpec(value: string): boolean {
  if (value.includes('%')) return /^(?:[!-$&-~]|%\{[a-z]\d*r?[.+,/_=-]*\}|%[%_-])+$/i.test(value)
  return value.length <= 254 && /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]+\.?$/i.test(value)
}
