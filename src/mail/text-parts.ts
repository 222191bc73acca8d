/**
 * Rewrites the text of a finished message: every text/plain and text/html part that is no attachment is decoded,
 * mapped and encoded anew; all other bytes stay as they are, and so do parts that the mapping leaves alone.
 */
import { parseContentValue, withUtf8 } from './content-type.ts'
import { decodeCharset, isFoldable } from './encoded-words.ts'
import { findHeader, findHeaderValue, foldHeader, type HeaderBlock, readHeaderBlock } from './headers.ts'
import { decodeTransfer, encodeText } from './transfer-encoding.ts'

export type TextType = 'text/plain' | 'text/html'
export type MapText = (text: string, type: TextType) => string

// reference/deliverability.md §11. Parts beyond these bounds are passed on as they are.
const maxDepth = 30
const maxParts = 1_000
/** Lines that look like a boundary, real or not: with maxDepth it bounds the work on a hostile message. */
const maxBoundaryLines = 20_000
/** RFC 2046 §5.1.1. */
const maxBoundary = 70

type Edit = { start: number; end: number; replacement: string | Buffer }

type Walk = {
  raw: Buffer
  map: MapText
  edits: Edit[]
  partsLeft: number
  boundaryLinesLeft: number
}

/** Returns `raw` itself when nothing changed. `map` gets text with the line breaks that it has in the message. */
export function mapTextParts(raw: Buffer, map: MapText): Buffer {
  const walk: Walk = { raw, map, edits: [], partsLeft: maxParts, boundaryLinesLeft: maxBoundaryLines }
  visit(walk, { start: 0, end: raw.length, boundaries: [], defaultType: 'text/plain' })
  return applyEdits(raw, walk.edits)
}

type Part = {
  start: number
  end: number
  /** Of all multiparts around it, outermost first. */
  boundaries: readonly string[]
  defaultType: string
}

function visit(walk: Walk, part: Part): void {
  if (walk.partsLeft === 0) return
  walk.partsLeft -= 1
  const raw = walk.raw.subarray(0, part.end)
  const block = readHeaderBlock(raw, part.start)
  if (block.oversized) return
  const contentType = parseContentValue(findHeaderValue(raw, block, 'content-type') || part.defaultType)
  const type = contentType.value
  if (type.startsWith('multipart/')) {
    const boundary = contentType.parameters.get('boundary')?.trimEnd()
    if (boundary === undefined || boundary === '' || boundary.length > maxBoundary) return
    if (part.boundaries.length === maxDepth) return
    const boundaries = [...part.boundaries, boundary]
    const defaultType = type === 'multipart/digest' ? 'message/rfc822' : 'text/plain'
    for (const child of findParts(walk, { from: block.bodyStart, end: part.end, boundary })) {
      visit(walk, { ...child, boundaries, defaultType })
    }
  } else if ((type === 'text/plain' || type === 'text/html') && !isAttachment(raw, block)) {
    mapPart(walk, { raw, block, part, type, charset: contentType.parameters.get('charset') })
  }
}

function isAttachment(raw: Buffer, block: HeaderBlock): boolean {
  const value = findHeaderValue(raw, block, 'content-disposition')
  if (value === undefined) return false
  const disposition = parseContentValue(value)
  return disposition.value === 'attachment' || [...disposition.parameters.keys()].some(isFilename)
}

function isFilename(parameter: string): boolean {
  return /^filename(?:\*|$)/.test(parameter)
}

/** The parts of a multipart body, without the line break that belongs to the boundary after them. */
function findParts(
  walk: Walk,
  { from, end, boundary }: { from: number; end: number; boundary: string },
): { start: number; end: number }[] {
  const parts: { start: number; end: number }[] = []
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  let partStart: number | undefined
  // The first boundary may stand at the very beginning of the body; its line break is then the blank line's.
  let position = Math.max(from - 2, 0)
  const body = walk.raw.subarray(0, end)
  while (parts.length < maxParts) {
    const found = body.indexOf(delimiter, position)
    if (found === -1 || walk.boundaryLinesLeft === 0) break
    walk.boundaryLinesLeft -= 1
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
  if (partStart !== undefined && walk.boundaryLinesLeft > 0 && parts.length < maxParts) {
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

function mapPart(
  walk: Walk,
  {
    raw,
    block,
    part,
    type,
    charset,
  }: { raw: Buffer; block: HeaderBlock; part: Part; type: TextType; charset: string | undefined },
): void {
  const encoding = findHeaderValue(raw, block, 'content-transfer-encoding') ?? ''
  const bytes = decodeTransfer(raw.subarray(block.bodyStart), encoding)
  const text = bytes && decodeText(bytes, charset)
  if (text === undefined || text === '') return
  const mapped = walk.map(text, type)
  if (mapped === text) return

  // Text that came from outside must not be able to end its part.
  const encoded = encodeText(
    mapped,
    part.boundaries.map((boundary) => `--${boundary}`),
  )
  const written = findHeaderValue(raw, block, 'content-type') || type
  // Parameters that could not be written again (endless, or not ASCII) are of no use to a text.
  const contentType = withUtf8(isFoldable(written) ? written : type)
  replaceHeader(walk, { block, part, name: 'Content-Type', value: contentType })
  replaceHeader(walk, { block, part, name: 'Content-Transfer-Encoding', value: encoded.encoding })
  // RFC 2045 §4: without it the two above mean nothing.
  if (part.boundaries.length === 0 && findHeader(block, 'mime-version') === undefined) {
    replaceHeader(walk, { block, part, name: 'MIME-Version', value: '1.0' })
  }
  // Inside a multipart the last line break belongs to the boundary, and is there already.
  const hasExtraBreak = encoded.encoding === 'base64' || !/[\r\n]$/.test(mapped)
  const replacement =
    part.boundaries.length > 0 && hasExtraBreak ? withoutLastBreak(encoded.body) : encoded.body
  walk.edits.push({ start: block.bodyStart, end: part.end, replacement })
}

function withoutLastBreak(body: string | Buffer): string | Buffer {
  return typeof body === 'string' ? body.slice(0, -2) : body.subarray(0, -2)
}

/** In place of the first field of that name, or at the beginning of the header. */
function replaceHeader(
  walk: Walk,
  { block, part, name, value }: { block: HeaderBlock; part: Part; name: string; value: string },
): void {
  const field = findHeader(block, name.toLowerCase())
  const at = field ?? { start: part.start, end: part.start }
  walk.edits.push({ start: at.start, end: at.end, replacement: foldHeader(name, value) })
}

function decodeText(bytes: Buffer, charset: string | undefined): string | undefined {
  const label = charset?.trim().toLowerCase()
  // Without a charset, or with ASCII as one, what is UTF-8 is UTF-8: nothing else passes for it by chance.
  if (label === undefined || label === '' || label === 'us-ascii' || label === 'utf-8') {
    const isUtf8 = label === 'utf-8' || !bytes.toString('utf8').includes('\ufffd')
    return isUtf8 ? bytes.toString('utf8') : decodeCharset(bytes, 'windows-1252')
  }
  return decodeCharset(bytes, label)
}

function applyEdits(raw: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return raw
  const chunks: Buffer[] = []
  let position = 0
  // Insertions go before what is replaced at the same place, and keep their order.
  for (const { start, end, replacement } of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    chunks.push(raw.subarray(position, start))
    chunks.push(typeof replacement === 'string' ? Buffer.from(replacement) : replacement)
    position = end
  }
  chunks.push(raw.subarray(position))
  return Buffer.concat(chunks)
}
