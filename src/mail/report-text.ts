/** What reports share: addresses, codes and words as other people's programs write them. */
import { formatAddress, parseAddress } from './address.ts'

export type ReportAction = 'failed' | 'delayed' | 'relayed' | 'delivered' | 'expanded'

export type ReportedRecipient = {
  /** As the report names it, in normal form. */
  address: string
  /** Where the sender had sent it, when that is another. */
  originalAddress?: string
  action: ReportAction
  /** `5.1.1` */
  status?: string
  /** `550` */
  code?: number
  /** The remote's words, on one line; '' when there are none. */
  text: string
  remoteMta?: string
}

/** The message that a report is about, as far as it says. */
export type ReportedMessage = {
  /** With angle brackets. */
  messageIds: string[]
  /** In-Reply-To and References of the report itself: the last resort. */
  references: string[]
  /** Where the report, or the message that it returns, says the message's bounces go. */
  returnPaths: string[]
  envelopeId?: string
  from?: string
  to?: string
  subject?: string
}

const maxTextLength = 2_000
export const maxRecipients = 1_000

/** On one line, without what could harm a terminal. */
export function plainWords(text: string): string {
  return text
    .slice(0, 4 * maxTextLength)
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, maxTextLength)
    .toWellFormed()
}

/** `<lea@x.example>`, `lea@x.example (Lea)`, `"lea"@x.example`; undefined when it is no address, redacted ones included. */
export function readReportedAddress(text: string): string | undefined {
  const trimmed = text.slice(0, 1_000).trim()
  const [, angle] = /<([^<>]*)>/.exec(trimmed) ?? []
  const bare = (angle ?? trimmed.replace(/\s*\([^()]*\)$/, ''))
    .replace(/^mailto:/i, '')
    .replace(/^["'](.*)["']$/, '$1')
  const address = parseAddress(bare.trim())
  return address === undefined ? undefined : formatAddress(address)
}

const statusPattern = /(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)/
const codePattern = /(?<![\d.#:-])([245][0-5]\d)(?=[ -](?!\d+\.\d+\.\d+\.\d+)|:|$)/

/** Reply code and enhanced code in somebody's words. A code that stands before a word counts, one in a number does not. */
export function readCodes(text: string): { code?: number; status?: string } {
  const words = text.slice(0, maxTextLength)
  const [, status] = statusPattern.exec(words) ?? []
  const [, code] = codePattern.exec(words) ?? []
  return {
    ...(code !== undefined && { code: Number(code) }),
    ...(status !== undefined && { status }),
  }
}

/** A recipient that a text names, with whatever its words tell. */
export function reportedRecipient(
  address: string,
  words: string,
  action: ReportAction = 'failed',
): ReportedRecipient {
  const text = plainWords(words)
  return { address, action, ...readCodes(text), text }
}

/** HTML as text with its line breaks, for programs that write nothing else. */
export function htmlToWords(html: string): string {
  return html
    .slice(0, 262_144)
    .replaceAll(/<(?:br|\/p|\/div|\/li|\/tr|\/td|\/h\d|hr)\b[^<>]*>/gi, '\n')
    .replaceAll(/<[^<>]*>/g, '')
    .replaceAll(/&(lt|gt|amp|quot|apos|nbsp|#\d{1,7});/g, (_, entity: string) => decodeEntity(entity))
    .replaceAll(/[ \t\u00a0]+/g, ' ')
}

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

function decodeEntity(entity: string): string {
  const named = entities[entity]
  if (named !== undefined) return named
  const code = Number(entity.slice(1))
  return code > 31 && code < 0x110000 ? String.fromCodePoint(code).toWellFormed() : ' '
}
