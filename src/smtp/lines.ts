/** Command lines out of the stream. Only CRLF ends one; CR, LF and NUL anywhere else are an attack or a bug. */
import { isUtf8 } from 'node:buffer'

export type LineResult =
  | { kind: 'line'; text: string; next: number }
  /** The line goes on in the next chunk. */
  | { kind: 'partial' }
  | { kind: 'bad-ending' }
  /** `next` is undefined while its end has not come. */
  | { kind: 'too-long'; isAuth: boolean; next: number | undefined }
  | { kind: 'not-utf8'; next: number }

// RFC 5321 §4.5.3.1.4 allows 512 octets with CRLF. Extensions add to MAIL: SIZE 26 (RFC 1870), BODY 17 (RFC 6152),
// SMTPUTF8 10 (RFC 6531), RET and ENVID 115 (RFC 3461), AUTH 500 (RFC 4954); to RCPT: NOTIFY and ORCPT 528.
const maxCommandBytes = 512
const maxMailBytes = 512 + 26 + 17 + 10 + 115 + 500
const maxRcptBytes = 512 + 528
/** RFC 4954 §4, and the longest line of all. */
const maxAuthBytes = 12_288

const lf = 10
const cr = 13
const partial: LineResult = { kind: 'partial' }
const badEnding: LineResult = { kind: 'bad-ending' }

/** The line that starts at `start`. `inAuth`: it is a response of an authentication exchange, not a command. */
export function readLine(chunk: Buffer, start: number, inAuth: boolean): LineResult {
  const feed = chunk.indexOf(lf, start)
  const end = feed === -1 ? chunk.length : feed - 1
  let bits = 0
  for (let i = start; i < end; i++) {
    const byte = chunk[i] as number
    bits |= byte
    // The last octet so far may be the CR of a CRLF whose LF is still to come.
    if (byte === 0 || (byte === cr && (feed !== -1 || i < end - 1))) return badEnding
  }
  if (feed !== -1 && (feed === start || chunk[end] !== cr)) return badEnding
  const length = (feed === -1 ? end : feed + 1) - start
  if (length > maxCommandBytes) {
    const verb = chunk.toString('latin1', start, start + 4).toUpperCase()
    if (length > maxBytesOf(verb, inAuth)) {
      return { kind: 'too-long', isAuth: inAuth || verb === 'AUTH', next: feed === -1 ? undefined : feed + 1 }
    }
  }
  if (feed === -1) return partial
  const next = feed + 1
  if (bits < 0x80) return { kind: 'line', text: chunk.toString('latin1', start, end), next }
  return isUtf8(chunk.subarray(start, end))
    ? { kind: 'line', text: chunk.toString('utf8', start, end), next }
    : { kind: 'not-utf8', next }
}

function maxBytesOf(verb: string, inAuth: boolean): number {
  if (inAuth || verb === 'AUTH') return maxAuthBytes
  if (verb === 'MAIL') return maxMailBytes
  return verb === 'RCPT' ? maxRcptBytes : maxCommandBytes
}
