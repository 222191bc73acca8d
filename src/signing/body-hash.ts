/** The bh= tag: SHA-256 of a body in relaxed form (RFC 6376 §3.4.4), base64. One pass over the bytes. */
import { hash } from 'node:crypto'

const tab = 0x09
const lineFeed = 0x0a
const carriageReturn = 0x0d
const space = 0x20

// Most bodies fit; hashing is synchronous, so that one scratch buffer serves all.
const scratch = Buffer.allocUnsafeSlow(128 * 1024)

export function bodyHash(content: Buffer, bodyStart: number): string {
  const length = content.length - bodyStart
  const out = length + 2 <= scratch.length ? scratch : Buffer.allocUnsafe(length + 2)
  return hash('sha256', out.subarray(0, writeRelaxed(content, bodyStart, out)), 'base64')
}

/** Writes the relaxed form to `out`; returns its length. */
function writeRelaxed(content: Buffer, start: number, out: Buffer): number {
  const end = content.length
  let written = 0
  for (let i = start; i < end; i++) {
    const octet = content[i] as number
    if (octet !== space && octet !== tab) {
      out[written++] = octet
      continue
    }
    while (i + 1 < end && (content[i + 1] === space || content[i + 1] === tab)) i++
    const endsLine = i + 1 === end || (content[i + 1] === carriageReturn && content[i + 2] === lineFeed)
    if (!endsLine) out[written++] = space
  }
  return endWithOneBreak(out, written)
}

/** Empty lines at the end are dropped, a last line without break gets one; nothing but empty lines is empty. */
function endWithOneBreak(out: Buffer, written: number): number {
  let end = written
  while (end >= 2 && out[end - 1] === lineFeed && out[end - 2] === carriageReturn) end -= 2
  if (end === 0) return 0
  out[end] = carriageReturn
  out[end + 1] = lineFeed
  return end + 2
}
