/** RFC 2045 §6: bodies as lines that every mail server passes on unchanged. */

export type EncodedText = {
  readonly encoding: '7bit' | 'quoted-printable' | 'base64'
  /** CRLF lines, ending with a line break unless empty. */
  readonly body: string | Buffer
}

/** RFC 5322 §2.1.1, line break not counted. */
const maxLine = 998
/** RFC 2045 §6.7 (5) and §6.8. */
const encodedLine = 76
const base64BytesPerLine = (encodedLine / 4) * 3

const lineFeed = 0x0a
const carriageReturn = 0x0d
const equals = 0x3d
const space = 0x20
const tab = 0x09

/**
 * Text as it is where it is ASCII in short lines; else UTF-8 as quoted-printable or base64, whichever is shorter. All
 * line breaks become CRLF. `avoid`: strings that must not show in the body (boundaries); they force base64.
 */
export function encodeText(text: string, avoid: readonly string[] = []): EncodedText {
  const lines = toCrlf(text)
  const isClear = !avoid.some((forbidden) => lines.includes(forbidden))
  if (isClear && Buffer.byteLength(lines) === lines.length && hasShortLines(lines) && !lines.includes('\0')) {
    return { encoding: '7bit', body: endLine(lines) }
  }
  const bytes = Buffer.from(lines)
  const quoted = isClear ? quoteWithin(bytes, Math.ceil(bytes.length * base64Growth)) : undefined
  return quoted === undefined
    ? { encoding: 'base64', body: toBase64Lines(bytes) }
    : { encoding: 'quoted-printable', body: quoted }
}

/** Four octets for three, and a line break every 76. */
const base64Growth = (4 / 3) * (78 / 76)

function endLine(lines: string): string {
  return lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`
}

/** CRLF, LF and CR alike become CRLF. */
export function toCrlf(text: string): string {
  // V8 has a fast path for a pattern of one character; its result is flat, unlike that of replaceAll.
  if (!text.includes('\r')) return text.replace(/\n/g, '\r\n')
  return /\r(?!\n)|(?<!\r)\n/.test(text) ? text.replaceAll(/\r\n|\r|\n/g, '\r\n') : text
}

function hasShortLines(text: string): boolean {
  if (text.length <= maxLine) return true
  let start = 0
  for (;;) {
    const end = text.indexOf('\n', start)
    // The CR makes one of it.
    if ((end === -1 ? text.length : end - 1) - start > maxLine) return false
    if (end === -1) return true
    start = end + 1
  }
}

/** 1: stands for itself in quoted-printable. 2: does so unless the line ends after it. 0: is written as =XX. */
const quotedKind = new Uint8Array(256).fill(1, space + 1, 0x7f)
quotedKind[equals] = 0
quotedKind[space] = 2
quotedKind[tab] = 2

const hexDigits = new Uint8Array(Buffer.from('0123456789ABCDEF'))

/** RFC 2045 §6.7. CRLF in the input stays a line break, any other CR or LF is encoded. Ends with a line break. */
export function encodeQuotedPrintable(bytes: Uint8Array): Buffer {
  // Every octet as =XX, 25 of them on a line.
  return quoteWithin(bytes, 3 * bytes.length + 3 * Math.ceil(bytes.length / 24)) ?? Buffer.alloc(0)
}

/** Undefined as soon as the result would be longer than `limit`. */
function quoteWithin(bytes: Uint8Array, limit: number): Buffer | undefined {
  const out = Buffer.allocUnsafe(limit + 8)
  const end = bytes.length
  let length = 0
  let column = 0
  for (let i = 0; i < end; i++) {
    const octet = bytes[i] ?? 0
    if (octet === carriageReturn && bytes[i + 1] === lineFeed) {
      out[length++] = carriageReturn
      out[length++] = lineFeed
      column = 0
      i += 1
      continue
    }
    if (length > limit) return undefined
    const kind = quotedKind[octet] ?? 0
    // Most of a text is letters with room behind them: no question left but the next one.
    if (kind === 1 && column < encodedLine - 5) {
      out[length++] = octet
      column += 1
      continue
    }
    // Only blanks, and what stands in the last columns, need to know what comes next.
    const lineEnds =
      (kind === 2 || column > encodedLine - 5) &&
      (i + 1 === end || (bytes[i + 1] === carriageReturn && bytes[i + 2] === lineFeed))
    const literal = kind === 1 || (kind === 2 && !lineEnds)
    const width = literal ? 1 : 3
    // The last column is for the soft break, unless the line ends here anyway.
    if (column + width > (lineEnds ? encodedLine : encodedLine - 1)) {
      out[length++] = equals
      out[length++] = carriageReturn
      out[length++] = lineFeed
      column = 0
    }
    column += width
    if (literal) {
      out[length++] = octet
    } else {
      out[length++] = equals
      out[length++] = hexDigits[octet >> 4] ?? 0
      out[length++] = hexDigits[octet & 15] ?? 0
    }
  }
  if (length > limit) return undefined
  if (column > 0) {
    out[length++] = carriageReturn
    out[length++] = lineFeed
  }
  return out.subarray(0, length)
}

/** Tolerant: what is no escape stays as it is; blanks at line ends were added on the way and go. */
export function decodeQuotedPrintable(encoded: Buffer): Buffer {
  const out = Buffer.allocUnsafe(encoded.length)
  let length = 0
  /** After the last octet that is no blank of the line's end. */
  let solid = 0
  for (let i = 0; i < encoded.length; i++) {
    const octet = encoded[i] ?? 0
    if (octet === carriageReturn || octet === lineFeed) {
      length = solid
      out[length++] = octet
      solid = length
      continue
    }
    if (octet !== equals) {
      out[length++] = octet
      if (octet !== space && octet !== tab) solid = length
      continue
    }
    const softEnd = endOfSoftBreak(encoded, i + 1)
    if (softEnd !== undefined) {
      solid = length
      i = softEnd - 1
      continue
    }
    const high = hexValue(encoded[i + 1])
    const low = hexValue(encoded[i + 2])
    if (high === -1 || low === -1) {
      out[length++] = equals
    } else {
      out[length++] = high * 16 + low
      i += 2
    }
    solid = length
  }
  return out.subarray(0, solid)
}

/** RFC 2045 §6.7 (3): blanks may have been added after the `=` of a soft break. */
const maxBlanksInSoftBreak = 80

function endOfSoftBreak(encoded: Buffer, from: number): number | undefined {
  let i = from
  while (i < from + maxBlanksInSoftBreak && (encoded[i] === space || encoded[i] === tab)) i += 1
  if (encoded[i] === carriageReturn && encoded[i + 1] === lineFeed) return i + 2
  if (encoded[i] === lineFeed) return i + 1
  return i >= encoded.length ? encoded.length : undefined
}

function hexValue(octet: number | undefined): number {
  if (octet === undefined) return -1
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30
  const lower = octet | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** Base64 in lines of 76, each with its line break. */
export function toBase64Lines(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const lines: string[] = []
  for (let i = 0; i < buffer.length; i += base64BytesPerLine) {
    lines.push(buffer.toString('base64', i, Math.min(i + base64BytesPerLine, buffer.length)))
  }
  return lines.length === 0 ? '' : `${lines.join('\r\n')}\r\n`
}

/** The bytes of a body, or undefined when its encoding is unknown. `encoding` as in the header, '' for none. */
export function decodeTransfer(body: Buffer, encoding: string): Buffer | undefined {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case '7bit':
    case '8bit':
    case 'binary':
      return body
    case 'quoted-printable':
      return decodeQuotedPrintable(body)
    case 'base64':
      return Buffer.from(body.toString('latin1'), 'base64')
    default:
      return undefined
  }
}
