/** A signed message as it goes over the wire: the signature in front; for DATA dots doubled, and the final dot. */
import { isAscii } from 'node:buffer'

export type PreparedBody = {
  /** Byte for byte, as BDAT takes it. */
  readonly chunks: readonly Buffer[]
  /** As DATA takes it, with the final dot. */
  dotted(): readonly Buffer[]
  /** Of `chunks`: for SIZE and BDAT. */
  readonly sizeBytes: number
  readonly isAscii: boolean
  readonly headerIsAscii: boolean
}

const finalDot = Buffer.from('.\r\n')
const breakAndFinalDot = Buffer.from('\r\n.\r\n')
const breakAndDot = Buffer.from('\r\n.')
const dot = 0x2e
/** One write for all of it is cheaper than a copy up to about here. */
const joinBelow = 64 * 1024

/** `content` keeps its memory: it is copied only for DATA, where dots must be doubled, or when it is small. */
export function prepareBody(signature: string, content: Buffer): PreparedBody {
  const head = Buffer.from(signature, 'latin1')
  const bodyIsAscii = isAscii(content)
  let dotted: readonly Buffer[] | undefined
  return {
    chunks: [head, content],
    dotted() {
      dotted ??= forData(head, content)
      return dotted
    },
    sizeBytes: head.length + content.length,
    isAscii: bodyIsAscii,
    headerIsAscii: bodyIsAscii || isAscii(headerOf(content)),
  }
}

function forData(head: Buffer, content: Buffer): readonly Buffer[] {
  const endsWithBreak = content.length === 0 || content.indexOf('\r\n', content.length - 2) !== -1
  const chunks = [head, stuffDots(content), endsWithBreak ? finalDot : breakAndFinalDot]
  return content.length < joinBelow ? [Buffer.concat(chunks)] : chunks
}

function headerOf(content: Buffer): Buffer {
  const end = content.indexOf('\r\n\r\n')
  return end === -1 ? content : content.subarray(0, end)
}

/** RFC 5321 §4.5.2. */
function stuffDots(content: Buffer): Buffer {
  const positions: number[] = content[0] === dot ? [0] : []
  let at = content.indexOf(breakAndDot)
  if (at === -1 && positions.length === 0) return content
  while (at !== -1) {
    positions.push(at + 2)
    at = content.indexOf(breakAndDot, at + 3)
  }
  const stuffed = Buffer.allocUnsafe(content.length + positions.length)
  let from = 0
  let to = 0
  for (const position of positions) {
    to += content.copy(stuffed, to, from, position)
    stuffed[to++] = dot
    from = position
  }
  content.copy(stuffed, to, from)
  return stuffed
}
