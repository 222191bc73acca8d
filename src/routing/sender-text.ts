/**
 * Senders and filters as the gateway compares them (reference/outgoing-mail-servers.md §4). This is text comparison on
 * purpose: Unicode and punycode forms of a domain do not match each other, sub-domains never match their parent.
 */
import { createRecent } from '../runtime/recent.ts'

/** A From as somebody wrote it, taken apart but not judged. */
export type SenderText = { name: string; email: string }

/** The one address in a From text, its local part and domain as written; undefined when there is none, or several. */
export function readSender(text: string): SenderText | undefined {
  const parts = splitAddresses(text)
  const only = parts[0]
  return parts.length === 1 && only !== undefined ? readOne(only) : undefined
}

/**
 * How an address is compared: domain in lower case, local part in lower case only when it is ASCII. Undefined for text
 * that does not hold exactly one address.
 */
export function normaliseSender(text: string): string | undefined {
  const sender = readSender(text)
  if (sender === undefined) return undefined
  const at = sender.email.lastIndexOf('@')
  const local = sender.email.slice(0, at)
  const domain = sender.email.slice(at + 1).toLowerCase()
  return `${isAscii(local) ? local.toLowerCase() : local}@${domain}`
}

export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1)
}

/** `"name" <email>` for a header value in plain text, or the bare address where there is no name. */
export function showSender({ name, email }: SenderText): string {
  return name === '' ? email : `"${name.replace(/["\\]/g, '\\$&')}" <${email}>`
}

/** A filter's entries: addresses and domains, lower-cased where they are compared so. */
export function filterEntries(filter: string): string[] {
  return filter
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

/** An empty filter allows everything; one of only blanks or commas allows nothing (§4). */
export function matchesFilter(sender: string, filter: string | null | undefined): boolean {
  if (filter === null || filter === undefined || filter === '') return true
  const normal = normaliseSender(sender)
  if (normal === undefined) return false
  return filterNamesAddress(filter, normal) || filterNamesDomain(filter, domainOf(normal))
}

/** Does the filter name exactly this (normalised) address? */
export function filterNamesAddress(filter: string, normalised: string): boolean {
  return readFilter(filter).addresses.has(normalised)
}

/** Does the filter name exactly this (lower-case) domain? An entry with @ is never a domain. */
export function filterNamesDomain(filter: string, domain: string): boolean {
  return readFilter(filter).domains.has(domain)
}

type ReadFilter = { addresses: ReadonlySet<string>; domains: ReadonlySet<string> }

// Few filters, compared with every author: each is taken apart once.
const readFilters = createRecent<string, ReadFilter>({ max: 1_000 })

function readFilter(filter: string): ReadFilter {
  const known = readFilters.get(filter)
  if (known !== undefined) return known
  const addresses = new Set<string>()
  const domains = new Set<string>()
  for (const entry of filterEntries(filter)) {
    const address = entry.includes('@') ? normaliseSender(entry) : undefined
    if (address !== undefined) addresses.add(address)
    else if (!entry.includes('@')) domains.add(entry.toLowerCase())
  }
  const read = { addresses, domains }
  readFilters.set(filter, read)
  return read
}

/** Splits at commas that stand outside quotes and angle brackets. */
function splitAddresses(text: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  let inAngles = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (character === '\\' && quoted) index++
    else if (character === '"') quoted = !quoted
    else if (character === '<' && !quoted) inAngles = true
    else if (character === '>' && !quoted) inAngles = false
    else if (character === ',' && !quoted && !inAngles) {
      parts.push(text.slice(start, index))
      start = index + 1
    }
  }
  parts.push(text.slice(start))
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

function readOne(text: string): SenderText | undefined {
  // What stands in angle brackets counts; a name that looks like an address does not.
  const angle = text.endsWith('>') ? text.lastIndexOf('<') : -1
  if (angle !== -1) return sender(text.slice(0, angle), text.slice(angle + 1, -1))
  // `name surname user@host` is read as name and address.
  const blank = text.search(/\s\S+$/)
  return blank === -1 ? sender('', text) : sender(text.slice(0, blank), text.slice(blank + 1))
}

function sender(name: string, email: string): SenderText | undefined {
  const bare = email.trim()
  const at = bare.lastIndexOf('@')
  if (at < 1 || at === bare.length - 1 || /[\s<>,;]/.test(bare)) return undefined
  return { name: unquote(name.trim()), email: bare }
}

function unquote(name: string): string {
  const quoted = /^"(.*)"$/s.exec(name)
  return quoted === null ? name : (quoted[1] ?? '').replace(/\\(.)/gs, '$1')
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false
  return true
}
