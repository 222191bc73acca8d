/**
 * Reads a message from the stream, byte by byte, so that it does not matter where the network cut it. Only CRLF ends
 * a line and only CRLF.CRLF ends the message; anything else that some other server might take for an end is an error
 * (RFC 5321 §2.3.8, §4.1.1.4; "SMTP smuggling").
 */
import type { HeldBytes, SmtpLimits } from './limits.ts'

/** Why the message will not be taken. After the first two, where it ends cannot be trusted. */
export type MessageProblem =
  | 'bare-line-ending'
  | 'nul'
  | 'line-too-long'
  | 'header-too-long'
  | 'too-large'
  | 'no-memory'

export type MessageReader = {
  readonly limits: Pick<SmtpLimits, 'maxMessageBytes' | 'maxHeaderBytes'>
  readonly held: HeldBytes
  state: State
  problem: MessageProblem | undefined
  /** Octets so far of the line that the next chunk continues. */
  lineBytes: number
  inHeader: boolean
  /** Kept so far: `pieces`, then the first `tailBytes` of `tail`. */
  keptBytes: number
  pieces: Buffer[]
  tail: Buffer | undefined
  tailBytes: number
}

type State = typeof atLineStart | typeof afterDot | typeof afterDotCr | typeof inLine | typeof afterCr

const atLineStart = 0
const afterDot = 1
const afterDotCr = 2
const inLine = 3
const afterCr = 4

const lf = 10
const cr = 13
const dot = 46

// RFC 5321 §4.5.3.1.6: 1,000 octets with CRLF, not counting the dot of transparency.
const maxLineBytes = 1000

// Pieces below this are gathered in blocks, so that a client that sends single bytes does not cost us a buffer each.
const smallPieceBytes = 4096
const tailBlockBytes = 16_384

export function createMessageReader(limits: MessageReader['limits'], held: HeldBytes): MessageReader {
  return {
    limits,
    held,
    state: atLineStart,
    problem: undefined,
    lineBytes: 0,
    inHeader: true,
    keptBytes: 0,
    pieces: [],
    tail: undefined,
    tailBytes: 0,
  }
}

/** The stream has lost its meaning: what follows is neither message nor commands. */
export function isFatal(problem: MessageProblem | undefined): boolean {
  return problem === 'bare-line-ending' || problem === 'nul'
}

/** Reads up to CRLF.CRLF. Returns the index after it; -1 while there is more to come, or after a fatal problem. */
export function readDotted(reader: MessageReader, chunk: Buffer, start: number): number {
  const end = chunk.length
  let state = reader.state
  let lineStart = start - reader.lineBytes
  let keepFrom = start
  let i = start
  while (i < end) {
    if (state === inLine) {
      while (i < end && (chunk[i] as number) > cr) i++
      if (i === end) break
    }
    const byte = chunk[i] as number
    i++
    if (byte === 0) return fail(reader, 'nul')
    if (state === afterCr) {
      if (byte !== lf) return fail(reader, 'bare-line-ending')
      if (i - lineStart > maxLineBytes) judgeLongLine(reader, { chunk, keepFrom, lineStart })
      if (i - lineStart === 2 && reader.inHeader) endHeader(reader, i - keepFrom)
      lineStart = i
      state = atLineStart
    } else if (state === afterDotCr) {
      if (byte !== lf) return fail(reader, 'bare-line-ending')
      checkHeader(reader)
      return i
    } else if (byte === lf) {
      return fail(reader, 'bare-line-ending')
    } else if (byte === cr) {
      state = state === afterDot ? afterDotCr : afterCr
      if (state === afterDotCr) keepFrom = i
    } else if (state === atLineStart && byte === dot) {
      keep(reader, chunk, keepFrom, i - 1)
      keepFrom = i
      lineStart = i
      state = afterDot
    } else {
      state = inLine
    }
  }
  reader.state = state
  keep(reader, chunk, keepFrom, end)
  continueLine(reader, end - lineStart)
  return -1
}

/** Reads `chunk[start, end)` of a BDAT chunk: no dots, the same line endings (BINARYMIME is not offered). */
export function readCounted(reader: MessageReader, chunk: Buffer, start: number, end: number) {
  let state = reader.state
  let lineStart = start - reader.lineBytes
  let i = start
  while (i < end) {
    if (state === inLine) {
      while (i < end && (chunk[i] as number) > cr) i++
      if (i === end) break
    }
    const byte = chunk[i] as number
    i++
    if (state === afterCr) {
      if (byte !== lf) return void fail(reader, 'bare-line-ending')
      if (i - lineStart > maxLineBytes) judgeLongLine(reader, { chunk, keepFrom: start, lineStart })
      if (i - lineStart === 2 && reader.inHeader) endHeader(reader, i - start)
      lineStart = i
      state = atLineStart
    } else if (byte === 0) {
      return void fail(reader, 'nul')
    } else if (byte === lf) {
      return void fail(reader, 'bare-line-ending')
    } else {
      state = byte === cr ? afterCr : inLine
    }
  }
  reader.state = state
  keep(reader, chunk, start, end)
  continueLine(reader, end - lineStart)
}

/** A BDAT message may end without CRLF; every message handed over ends with it. */
export function endCounted(reader: MessageReader) {
  checkHeader(reader)
  if (reader.state === afterCr) fail(reader, 'bare-line-ending')
  else if (reader.state === inLine) keep(reader, Buffer.from('\r\n'), 0, 2)
}

/** The message as one buffer. Its bytes stay counted as held until `release`. */
export function takeMessage(reader: MessageReader): Buffer {
  sealTail(reader)
  const { pieces } = reader
  const [first] = pieces
  const raw = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, reader.keptBytes)
  reader.pieces = []
  return raw
}

/** Forgets what was kept and gives its room back. */
export function release(reader: MessageReader) {
  reader.held.bytes -= reader.keptBytes
  reader.keptBytes = 0
  reader.pieces = []
  reader.tail = undefined
  reader.tailBytes = 0
}

function fail(reader: MessageReader, problem: MessageProblem): -1 {
  release(reader)
  reader.problem = problem
  return -1
}

/** Keeps the first reason; from here on the message is read only to find its end. */
function refuse(reader: MessageReader, problem: MessageProblem) {
  release(reader)
  reader.problem ??= problem
}

function endHeader(reader: MessageReader, bytesInChunk: number) {
  reader.inHeader = false
  if (reader.keptBytes + bytesInChunk > reader.limits.maxHeaderBytes) refuse(reader, 'header-too-long')
}

/** Between chunks: what has grown too long is given up now, not when its end comes. */
function continueLine(reader: MessageReader, lineBytes: number) {
  reader.lineBytes = lineBytes
  if (lineBytes > maxLineBytes) {
    // All of it is kept by now.
    judgeLongLine(reader, { chunk: nothing, keepFrom: 0, lineStart: -lineBytes })
  }
  checkHeader(reader)
}

const nothing = Buffer.alloc(0)

/** What steers the relay is never sent on, and clients write it on one line (reference/smtp-relay.md §3). */
const mayBeLong = ['x-mj-', 'x-mailjet-']

/** `lineStart` is an index into `chunk`, negative where the line began before it; from `keepFrom` on nothing is kept yet. */
function judgeLongLine(
  reader: MessageReader,
  { chunk, keepFrom, lineStart }: { chunk: Buffer; keepFrom: number; lineStart: number },
) {
  if (reader.problem !== undefined) return
  const firstKept = reader.keptBytes - (keepFrom - lineStart)
  const startsWith = (name: string) => {
    for (let k = 0; k < name.length; k++) {
      const at = lineStart + k
      const byte = at < keepFrom ? keptByte(reader, firstKept + k) : chunk[at]
      // Setting 0x20 makes ASCII letters lower-case, and leaves the hyphen as it is.
      if (((byte ?? 0) | 0x20) !== name.charCodeAt(k)) return false
    }
    return true
  }
  if (!reader.inHeader || !mayBeLong.some(startsWith)) refuse(reader, 'line-too-long')
}

function keptByte({ pieces, tail }: MessageReader, offset: number): number | undefined {
  let from = offset
  for (const piece of pieces) {
    if (from < piece.length) return piece[from]
    from -= piece.length
  }
  return tail?.[from]
}

function checkHeader(reader: MessageReader) {
  if (reader.inHeader && reader.keptBytes > reader.limits.maxHeaderBytes) refuse(reader, 'header-too-long')
}

function keep(reader: MessageReader, chunk: Buffer, start: number, end: number) {
  const length = end - start
  if (length === 0 || reader.problem !== undefined) return
  if (reader.keptBytes + length > reader.limits.maxMessageBytes) return refuse(reader, 'too-large')
  if (reader.held.bytes + length > reader.held.maxBytes) return refuse(reader, 'no-memory')
  reader.keptBytes += length
  reader.held.bytes += length
  // The first piece stays a view however small it is: most messages come in one, and are never copied here.
  if (length >= smallPieceBytes || (reader.pieces.length === 0 && reader.tail === undefined)) {
    sealTail(reader)
    reader.pieces.push(chunk.subarray(start, end))
    return
  }
  copyToTail(reader, chunk, start, end)
}

function copyToTail(reader: MessageReader, chunk: Buffer, start: number, end: number) {
  let from = start
  while (from < end) {
    reader.tail ??= Buffer.allocUnsafeSlow(tailBlockBytes)
    const copied = chunk.copy(reader.tail, reader.tailBytes, from, end)
    reader.tailBytes += copied
    from += copied
    if (reader.tailBytes === tailBlockBytes) sealTail(reader)
  }
}

function sealTail(reader: MessageReader) {
  if (reader.tail === undefined) return
  reader.pieces.push(reader.tail.subarray(0, reader.tailBytes))
  reader.tail = undefined
  reader.tailBytes = 0
}
