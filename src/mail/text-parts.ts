/**
 * Rewrites the text of a finished message: every text/plain and text/html part that is no attachment is decoded,
 * mapped and encoded anew; all other bytes stay as they are, and so do parts that the mapping leaves alone.
 */
import { parseContentValue, withUtf8 } from './content-type.ts'
import { isFoldable } from './encoded-words.ts'
import { findHeader, findHeaderValue, foldHeader, type HeaderBlock, readHeaderBlock } from './headers.ts'
import { allParts, boundaryOf, decodeText, findParts, maxMimeDepth, type PartsLeft } from './mime-parts.ts'
import { decodeTransfer, encodeText } from './transfer-encoding.ts'

export type TextType = 'text/plain' | 'text/html'
export type MapText = (text: string, type: TextType) => string

type Edit = { start: number; end: number; replacement: string | Buffer }

type Walk = {
  raw: Buffer
  map: MapText
  edits: Edit[]
} & PartsLeft

/** Returns `raw` itself when nothing changed. `map` gets text with the line breaks that it has in the message. */
export function mapTextParts(raw: Buffer, map: MapText): Buffer {
  const walk: Walk = { raw, map, edits: [], ...allParts }
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

/** Parts beyond the bounds are passed on as they are. */
function visit(walk: Walk, part: Part): void {
  if (walk.partsLeft === 0) return
  walk.partsLeft -= 1
  const raw = walk.raw.subarray(0, part.end)
  const block = readHeaderBlock(raw, part.start)
  if (block.oversized) return
  const contentType = parseContentValue(findHeaderValue(raw, block, 'content-type') || part.defaultType)
  const type = contentType.value
  if (type.startsWith('multipart/')) {
    const boundary = boundaryOf(contentType)
    if (boundary === undefined || part.boundaries.length === maxMimeDepth) return
    const boundaries = [...part.boundaries, boundary]
    const defaultType = type === 'multipart/digest' ? 'message/rfc822' : 'text/plain'
    for (const child of findParts(walk, { raw: walk.raw, from: block.bodyStart, end: part.end, boundary })) {
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
