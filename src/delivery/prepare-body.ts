/** A signed message as it goes over the wire: signature in front, dots doubled, final dot. */
import { isAscii } from 'node:buffer'

export type PreparedBody = {
  /** Ends with the final dot. */
  readonly chunks: readonly Buffer[]
  /** Of the message, without what the wire adds: for SIZE. */
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

/** `content` keeps its memory: it is copied only where dots must be doubled, or when it is small. */
export function prepareBody(signature: string, content: Buffer): PreparedBody {
  const head = Buffer.from(signature, 'latin1')
  const endsWithBreak = content.length === 0 || content.indexOf('\r\n', content.length - 2) !== -1
  const chunks = [head, stuffDots(content), endsWithBreak ? finalDot : breakAndFinalDot]
  const bodyIsAscii = isAscii(content)
  return {
    chunks: content.length < joinBelow ? [Buffer.concat(chunks)] : chunks,
    sizeBytes: head.length + content.length,
    isAscii: bodyIsAscii,
    headerIsAscii: bodyIsAscii || isAscii(headerOf(content)),
  }
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
