const lf = 10

/** How many Received fields the header has: the hops the message made so far. */
export function countReceived(raw: Buffer): number {
  let count = 0
  let start = 0
  while (start < raw.length && raw[start] !== 13) {
    if (isReceived(raw, start)) count++
    const end = raw.indexOf(lf, start)
    if (end === -1) break
    start = end + 1
  }
  return count
}

function isReceived(raw: Buffer, start: number): boolean {
  // Setting 0x20 makes ASCII letters lower-case: most fields are told apart by their first letter.
  if (((raw[start] ?? 0) | 0x20) !== 0x72) return false
  return /^received[ \t]*:/i.test(raw.toString('latin1', start, start + 16))
}
