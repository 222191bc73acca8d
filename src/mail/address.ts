/**
 * The one parser for addresses: RFC 5321 Mailbox with the UTF-8 local parts of RFC 6531. Strict on purpose; what is
 * lenient (comments, obsolete routes, display names) is mailbox.ts, which hands its addr-specs to this.
 */
import { domainToASCII } from 'node:url'

/** An addr-spec in normal form. Anything that names a mailbox goes through `parseAddress`: there is one parser. */
export type Address = {
  /** Local part without quotes or escapes; case kept. */
  readonly local: string
  /** A-label form, lower-case. */
  readonly domain: string
}

// RFC 5321 §4.5.3.1: 64 octets of local part, 256 of path including its angle brackets. DNS: 253 of name, 63 of label.
const maxLocalOctets = 64
const maxAddressOctets = 254
const maxDomainOctets = 253
const maxLabelOctets = 63
/** A quoted local part doubles at most; a U-label domain is never longer than its A-label form. */
const maxTextLength = 2 * maxLocalOctets + 3 + maxDomainOctets

const quote = 0x22
const backslash = 0x5c
const at = 0x40
const dot = 0x2e

/** RFC 5322 atext, by character code; the parser allows everything non-ASCII beside it. */
const isAtext = new Uint8Array(128)
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~") {
  isAtext[character.charCodeAt(0)] = 1
}

/**
 * `local@domain` and nothing around it, or undefined. Domains are turned into A-labels; single labels, address
 * literals, all-numeric top labels, trailing dots, comments, routes and control characters are refused.
 */
export function parseAddress(text: string): Address | undefined {
  if (text.length > maxTextLength) return undefined
  const found = text.charCodeAt(0) === quote ? readQuoted(text) : readDotAtom(text)
  if (found === undefined || found.local === '') return undefined
  const domain = parseDomain(text.slice(found.atIndex + 1))
  if (domain === undefined) return undefined
  const localOctets = wireOctets(found.local)
  if (localOctets > maxLocalOctets || localOctets + 1 + domain.length > maxAddressOctets) return undefined
  return { local: found.local, domain }
}

/** A domain name with two labels or more in A-label form, lower-case, or undefined. */
export function parseDomain(text: string): string | undefined {
  if (text.length === 0 || text.length > maxDomainOctets) return undefined
  const lower = text.toLowerCase()
  // ASCII names stay as they are (underscores included); only U-labels and A-labels need IDNA.
  const needsIdna = !isAsciiText(lower) || lower.includes('xn--')
  if (needsIdna && /[\p{ASCII}--[\-.0-9_a-z]]/v.test(lower)) return undefined
  const name = needsIdna ? domainToASCII(lower) : lower
  return isDomainName(name) ? name : undefined
}

function isDomainName(name: string): boolean {
  if (name.length === 0 || name.length > maxDomainOctets) return false
  let labels = 1
  let labelStart = 0
  let numeric = true
  for (let i = 0; i <= name.length; i++) {
    const code = i === name.length ? dot : name.charCodeAt(i)
    if (code === dot) {
      const length = i - labelStart
      if (length === 0 || length > maxLabelOctets) return false
      if (name.charCodeAt(labelStart) === 0x2d || name.charCodeAt(i - 1) === 0x2d) return false
      if (i === name.length) return labels > 1 && !numeric
      labels += 1
      labelStart = i + 1
      numeric = true
      continue
    }
    const isDigit = code >= 0x30 && code <= 0x39
    if (!isDigit) numeric = false
    const isLabelCode = isDigit || (code >= 0x61 && code <= 0x7a) || code === 0x2d || code === 0x5f
    if (!isLabelCode) return false
  }
  return false
}

function readDotAtom(text: string): { local: string; atIndex: number } | undefined {
  let previous = dot
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === at) return previous === dot ? undefined : { local: text.slice(0, i), atIndex: i }
    if (code === dot) {
      if (previous === dot) return undefined
    } else if (code < 128) {
      if (isAtext[code] !== 1) return undefined
    } else if (!isMailCharacter(text, i)) {
      return undefined
    }
    previous = code
  }
  return undefined
}

function readQuoted(text: string): { local: string; atIndex: number } | undefined {
  let local = ''
  for (let i = 1; i < text.length; i++) {
    let code = text.charCodeAt(i)
    if (code === quote) {
      return text.charCodeAt(i + 1) === at ? { local, atIndex: i + 1 } : undefined
    }
    if (code === backslash) {
      i += 1
      code = text.charCodeAt(i)
      if (!(code >= 0x20 && code < 0x7f)) return undefined
    } else if (code < 128 ? code < 0x20 || code === 0x7f : !isMailCharacter(text, i)) {
      return undefined
    }
    local += text.charAt(i)
  }
  return undefined
}

/** Non-ASCII at `index` that may stand in a local part: no C1 controls, no line separators, no half characters. */
function isMailCharacter(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  if (code < 0xa0 || code === 0x2028 || code === 0x2029 || code === 0xfeff || code >= 0xfffe) return false
  if (code < 0xd800 || code > 0xdfff) return true
  const isHigh = code < 0xdc00
  const other = text.charCodeAt(isHigh ? index + 1 : index - 1)
  return isHigh ? other >= 0xdc00 && other <= 0xdfff : other >= 0xd800 && other < 0xdc00
}

function isAsciiText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 127) return false
  }
  return true
}

function isDotAtom(local: string): boolean {
  let previous = dot
  for (let i = 0; i < local.length; i++) {
    const code = local.charCodeAt(i)
    if (code === dot ? previous === dot : code < 128 && isAtext[code] !== 1) return false
    previous = code
  }
  return previous !== dot
}

function formatLocal(local: string): string {
  return isDotAtom(local) ? local : `"${local.replaceAll(/["\\]/g, '\\$&')}"`
}

function wireOctets(local: string): number {
  const text = formatLocal(local)
  return isAsciiText(text) ? text.length : Buffer.byteLength(text)
}

/** `local@domain`, with the local part quoted where it must be. */
export function formatAddress(address: Address): string {
  return `${formatLocal(address.local)}@${address.domain}`
}

/** False when sending to it needs SMTPUTF8 (domains are A-labels already). */
export function isAscii(address: Address): boolean {
  return isAsciiText(address.local)
}

/**
 * The key for suppression and deduplication: ASCII letters of the local part lower-cased, the rest in NFC (RFC 6532
 * §3.1), domain in A-labels.
 */
export function normaliseAddress(address: Address): string {
  const local = isAsciiText(address.local)
    ? address.local.toLowerCase()
    : address.local.normalize('NFC').replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
  return formatAddress({ local, domain: address.domain })
}

/** The same mailbox, as far as anybody but its host can tell. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.domain === b.domain && normaliseAddress(a) === normaliseAddress(b)
}

/**
 * The path of MAIL FROM and RCPT TO: `<address>` or, as null, `<>`; then the parameters as `rest`. Spaces before
 * the path are tolerated, a source route is stripped (RFC 5321 §4.1.1.3). Undefined when it is anything else.
 */
export function parsePath(text: string): { address: Address | null; rest: string } | undefined {
  let start = 0
  while (text.charCodeAt(start) === 0x20) start += 1
  if (text.charAt(start) !== '<') return undefined
  const end = endOfPath(text, start + 1)
  if (end === undefined) return undefined
  const after = text.slice(end + 1)
  if (after !== '' && after.charAt(0) !== ' ') return undefined
  const rest = after.trim()
  const inner = text.slice(start + 1, end)
  if (inner === '') return { address: null, rest }
  const spec = stripRoute(inner)
  const address = spec === undefined ? undefined : parseAddress(spec)
  return address && { address, rest }
}

function endOfPath(text: string, from: number): number | undefined {
  let inQuotes = false
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inQuotes && code === backslash) i += 1
    else if (code === quote) inQuotes = !inQuotes
    else if (code === 0x3e && !inQuotes) return i
  }
  return undefined
}

/** `@one.example,@two.example:local@domain` without its route; undefined when the route is no route. */
export function stripRoute(spec: string): string | undefined {
  if (!spec.startsWith('@')) return spec
  const colon = spec.indexOf(':')
  if (colon === -1) return undefined
  const hosts = spec.slice(0, colon).split(',', 50)
  const isRoute = hosts.every((host) => host.startsWith('@') && parseDomain(host.slice(1)) !== undefined)
  return isRoute ? spec.slice(colon + 1) : undefined
}
