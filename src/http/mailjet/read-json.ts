/** Request bodies as JSON, bounded before anything is built from them. */
import { isUtf8 } from 'node:buffer'

/** Nothing that people write is nested deeper, and what walks the values later may then be recursive. */
const maxDepth = 100
/** Every `[`, `{` and `,` outside strings: a bound on the values that a body can become in memory. */
const maxElements = 1_000_000

const quote = 0x22
const backslash = 0x5c

/** The value, or undefined when the body is no JSON text in UTF-8 or is nested too deep. */
export function readJson(body: Buffer): { value: unknown } | undefined {
  if (!isUtf8(body) || !isWithinBounds(body)) return undefined
  const start = body.length >= 3 && body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0
  try {
    return { value: JSON.parse(body.toString('utf8', start)) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function isWithinBounds(body: Buffer): boolean {
  let depth = 0
  let elements = 0
  for (let i = 0; i < body.length; i++) {
    switch (body[i]) {
      case quote:
        i = endOfString(body, i + 1)
        break
      case 0x7b: // {
      case 0x5b: // [
        depth += 1
        elements += 1
        if (depth > maxDepth || elements > maxElements) return false
        break
      case 0x7d: // }
      case 0x5d: // ]
        depth -= 1
        break
      case 0x2c: // ,
        elements += 1
        if (elements > maxElements) return false
        break
    }
  }
  return true
}

/** Where its closing quote stands. Most strings hold no escapes, and are then skipped at once. */
function endOfString(body: Buffer, start: number): number {
  const next = body.indexOf(quote, start)
  if (next === -1) return body.length
  if (body[next - 1] !== backslash) return next
  for (let i = start; i < body.length; i++) {
    const byte = body[i]
    if (byte === backslash) i += 1
    else if (byte === quote) return i
  }
  return body.length
}
