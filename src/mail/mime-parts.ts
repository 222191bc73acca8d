/** The tree of a MIME message (RFC 2046), read in place and bounded, whatever the message claims. */
import { type ContentValue, parseContentValue } from './content-type.ts'
import { decodeCharset } from './encoded-words.ts'
import { findHeaderValue, type HeaderBlock, readHeaderBlock } from './headers.ts'
import { decodeTransfer } from './transfer-encoding.ts'

// reference/deliverability.md §11.
export const maxMimeDepth = 30
export const maxParts = 1_000
/** Lines that look like a boundary, real or not: with maxMimeDepth it bounds the work on a hostile message. */
const maxBoundaryLines = 20_000
/** RFC 2046 §5.1.1. */
const maxBoundary = 70

/** What one message may still cost. */
export type PartsLeft = {
  partsLeft: number
  boundaryLinesLeft: number
  /** There was more than that. */
  isCutOff?: boolean
}

export const allParts: Readonly<PartsLeft> = { partsLeft: maxParts, boundaryLinesLeft: maxBoundaryLines }

export type MimePart = {
  /** Offsets are those of the whole message. */
  block: HeaderBlock
  contentType: ContentValue
  disposition: ContentValue | undefined
  /** End of the body, which begins at `block.bodyStart`. */
  end: number
  /** Only of a multipart; a message inside a message is a leaf. */
  children: MimePart[]
}

/** Parts beyond the bounds are left out: of a million parts, the first thousand are read. CRLF lines only. */
export function readMimeTree(raw: Buffer): MimePart {
  return readMimeMessage(raw)
}

/** The same; `isCutOff` tells whether parts were left out. */
export function readMimeMessage(raw: Buffer): MimePart & { isCutOff: boolean } {
  const left = { ...allParts }
  const whole = { start: 0, end: raw.length, depth: 0, defaultType: 'text/plain' }
  const root = readPart(raw, left, whole)
  return { ...root, isCutOff: left.isCutOff === true }
}

function readPart(
  raw: Buffer,
  left: PartsLeft,
  { start, end, depth, defaultType }: { start: number; end: number; depth: number; defaultType: string },
): MimePart {
  left.partsLeft -= 1
  const block = readHeaderBlock(raw.subarray(0, end), start)
  const contentType = parseContentValue(findHeaderValue(raw, block, 'content-type') || defaultType)
  const disposition = findHeaderValue(raw, block, 'content-disposition')
  const part: MimePart = {
    block,
    contentType,
    disposition: disposition === undefined ? undefined : parseContentValue(disposition),
    end,
    children: [],
  }
  const boundary = contentType.value.startsWith('multipart/') ? boundaryOf(contentType) : undefined
  if (boundary === undefined || depth === maxMimeDepth || block.oversized) return part
  const childType = contentType.value === 'multipart/digest' ? 'message/rfc822' : 'text/plain'
  for (const child of findParts(left, { raw, from: block.bodyStart, end, boundary })) {
    if (left.partsLeft === 0) {
      left.isCutOff = true
      break
    }
    part.children.push(readPart(raw, left, { ...child, depth: depth + 1, defaultType: childType }))
  }
  return part
}

/** Everything that is no multipart, in the order of the message. */
export function leavesOf(part: MimePart): MimePart[] {
  return part.children.length === 0 ? [part] : part.children.flatMap(leavesOf)
}

/** The bytes of a part, decoded; as they are when the encoding is unknown. */
export function contentOf(raw: Buffer, part: MimePart): Buffer {
  const body = raw.subarray(Math.min(part.block.bodyStart, part.end), part.end)
  const encoding = findHeaderValue(raw, part.block, 'content-transfer-encoding') ?? ''
  return decodeTransfer(body, encoding) ?? body
}

/** The same as text. */
export function textOf(raw: Buffer, part: MimePart): string {
  const content = contentOf(raw, part)
  return decodeText(content, part.contentType.parameters.get('charset')) ?? content.toString('latin1')
}

/** Undefined when there is none that could be looked for. */
export function boundaryOf({ parameters }: ContentValue): string | undefined {
  const boundary = parameters.get('boundary')?.trimEnd()
  return boundary === undefined || boundary === '' || boundary.length > maxBoundary ? undefined : boundary
}

/** The parts of a multipart body, without the line break that belongs to the boundary after them. */
export function findParts(
  left: PartsLeft,
  { raw, from, end, boundary }: { raw: Buffer; from: number; end: number; boundary: string },
): { start: number; end: number }[] {
  const parts: { start: number; end: number }[] = []
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  let partStart: number | undefined
  // The first boundary may stand at the very beginning of the body; its line break is then the blank line's.
  let position = Math.max(from - 2, 0)
  const body = raw.subarray(0, end)
  for (;;) {
    const found = body.indexOf(delimiter, position)
    if (found === -1) break
    if (left.boundaryLinesLeft === 0 || parts.length === maxParts) {
      left.isCutOff = true
      return parts
    }
    left.boundaryLinesLeft -= 1
    const lineEnd = endOfBoundaryLine(body, found + delimiter.length)
    if (lineEnd === undefined) {
      position = found + delimiter.length
      continue
    }
    if (partStart !== undefined) parts.push({ start: partStart, end: Math.max(found, partStart) })
    if (lineEnd.closes) return parts
    partStart = lineEnd.next
    position = lineEnd.next - 2
  }
  // Cut off before its last boundary: what is left is the last part, as every mail reader shows it.
  if (partStart !== undefined && parts.length < maxParts) {
    parts.push({ start: partStart, end })
  }
  return parts
}

function endOfBoundaryLine(body: Buffer, from: number): { closes: boolean; next: number } | undefined {
  if (body[from] === 0x2d && body[from + 1] === 0x2d) return { closes: true, next: from + 2 }
  let i = from
  while (i < from + maxBoundary && (body[i] === 0x20 || body[i] === 0x09)) i += 1
  return body[i] === 0x0d && body[i + 1] === 0x0a ? { closes: false, next: i + 2 } : undefined
}

/** Text in whatever charset it came; undefined when the charset is unknown. */
export function decodeText(bytes: Buffer, charset: string | undefined): string | undefined {
  const label = charset?.trim().toLowerCase()
  // Without a charset, or with ASCII as one, what is UTF-8 is UTF-8: nothing else passes for it by chance.
  if (label === undefined || label === '' || label === 'us-ascii' || label === 'utf-8') {
    const isUtf8 = label === 'utf-8' || !bytes.toString('utf8').includes('\ufffd')
    return isUtf8 ? bytes.toString('utf8') : decodeCharset(bytes, 'windows-1252')
  }
  return decodeCharset(bytes, label)
}
