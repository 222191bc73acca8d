/** The header block of a message as bytes: where each field stands, what it is called, and how to write one. */
import { refuseLineBreaks } from './encoded-words.ts'

export type HeaderField = {
  /** As written. */
  readonly name: string
  readonly lower: string
  /** Offsets in the message: the field with its CRLF is [start, end), its value begins after the colon. */
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

export type HeaderBlock = {
  readonly fields: readonly HeaderField[]
  /** Offset of the first byte of the body: after the blank line, or the end where there is none. */
  readonly bodyStart: number
  /** Offset of the first line that is no header field, or from which the block is too big. Such mail is refused. */
  readonly malformed?: number
  /** More than `maxHeaderBytes` or `maxHeaderFields`: reading stopped there, and nothing counts as body. */
  readonly oversized: boolean
}

export const maxHeaderBytes = 256 * 1024
export const maxHeaderFields = 2_000

const lineFeed = 0x0a
const carriageReturn = 0x0d
const colon = 0x3a
const space = 0x20
const tab = 0x09

/** Reads the header block of a message or a MIME part that begins at `from`. CRLF lines only. */
export function readHeaderBlock(raw: Buffer, from = 0): HeaderBlock {
  const fields: HeaderField[] = []
  let malformed: number | undefined
  let position = from
  while (position < raw.length) {
    if (raw[position] === carriageReturn && raw[position + 1] === lineFeed) {
      return block(fields, { bodyStart: position + 2, malformed, oversized: false })
    }
    const nameEnd = endOfName(raw, position)
    const end = endOfField(raw, position)
    if (end - from > maxHeaderBytes || fields.length === maxHeaderFields) {
      return block(fields, { bodyStart: raw.length, malformed: malformed ?? position, oversized: true })
    }
    if (nameEnd === undefined || raw[end - 1] !== lineFeed || raw[end - 2] !== carriageReturn) {
      malformed ??= position
    } else {
      const name = raw.toString('latin1', position, nameEnd).trimEnd()
      fields.push({ name, lower: name.toLowerCase(), start: position, valueStart: nameEnd + 1, end })
    }
    position = end
  }
  return block(fields, { bodyStart: raw.length, malformed, oversized: false })
}

function block(
  fields: HeaderField[],
  {
    bodyStart,
    malformed,
    oversized,
  }: { bodyStart: number; malformed: number | undefined; oversized: boolean },
): HeaderBlock {
  return malformed === undefined
    ? { fields, bodyStart, oversized }
    : { fields, bodyStart, malformed, oversized }
}

/** Index of the colon, or undefined when the line does not begin with a field name. */
function endOfName(raw: Buffer, start: number): number | undefined {
  let i = start
  let octet = raw[i] ?? 0
  while (octet > space && octet < 0x7f && octet !== colon) octet = raw[++i] ?? 0
  if (i === start) return undefined
  // RFC 5322 §4.5 lets old mail have blanks before the colon. Some receivers take `From :` for a From, so we do too.
  while (octet === space || octet === tab) octet = raw[++i] ?? 0
  return octet === colon ? i : undefined
}

/** After the line break that is not followed by a blank. */
function endOfField(raw: Buffer, start: number): number {
  let position = start
  for (;;) {
    const at = raw.indexOf(lineFeed, position)
    if (at === -1) return raw.length
    position = at + 1
    const next = raw[position]
    if (next !== space && next !== tab) return position
  }
}

/** A raw value on one line: line breaks before blanks removed (RFC 5322 §2.2.3), blanks at both ends trimmed. */
export function unfold(value: string): string {
  return (value.includes('\n') ? value.replaceAll(/\r?\n/g, '') : value).trim()
}

/** The unfolded value of a field; encoded words are left as they are. Bytes that are no UTF-8 become U+FFFD. */
export function headerValue(raw: Buffer, field: HeaderField): string {
  return unfold(raw.toString('utf8', field.valueStart, field.end))
}

/** The first field of that name (lower-case). */
export function findHeader(block: HeaderBlock, lower: string): HeaderField | undefined {
  return block.fields.find((field) => field.lower === lower)
}

/** The unfolded value of the first field of that name (lower-case). */
export function findHeaderValue(raw: Buffer, block: HeaderBlock, lower: string): string | undefined {
  const field = findHeader(block, lower)
  return field && headerValue(raw, field)
}

/** RFC 5322 §2.2: printable ASCII without colon or blank. */
export function isHeaderName(name: string): boolean {
  return /^[!-9;-~]{1,200}$/.test(name)
}

// RFC 5322 §2.1.1, line break not counted.
const softLimit = 78
const hardLimit = 998

/**
 * `Name: value` with its line break, folded before blanks: at 78 characters where the value has blanks to fold at.
 * Throws when the value has a line break or NUL, when a word is longer than a line may be, or the name is no name.
 */
export function foldHeader(name: string, value: string): string {
  if (!isHeaderName(name)) throw new Error(`not a header name: ${JSON.stringify(name)}`)
  refuseLineBreaks(value)
  const line = `${name}: ${value.trim()}`
  if (line.length <= softLimit && isOneOctetEach(line)) return `${line}\r\n`
  // Each piece is a word with the blanks before it, so that no line consists of blanks.
  const pieces = line.match(/[ \t]*[^ \t]+/g) ?? []
  let folded = ''
  let used = 0
  for (const [index, piece] of pieces.entries()) {
    const octets = Buffer.byteLength(piece)
    // Never right after the name: some readers take a first line without text for an empty header.
    if (index > 1 && used + octets > softLimit) {
      folded += '\r\n'
      used = 0
    }
    folded += piece
    used += octets
    if (used > hardLimit) throw new Error(`a word in ${name} is too long for a header line`)
  }
  return `${folded}\r\n`
}

function isOneOctetEach(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 127) return false
  }
  return true
}
