/** Message ids as they stand in Message-ID, In-Reply-To and References. */

/** RFC 5322 §2.1.1: none is longer than its line. */
const maxLength = 998
const maxRead = 200_000

/** With angle brackets. Blanks inside come from folding at the wrong place; a bare id without brackets counts too. */
export function readMessageIds(value: string): string[] {
  const text = value.slice(-maxRead)
  const ids = [...text.matchAll(/<([^<>]{1,998})>/g)].flatMap(([, inner = '']) => toId(inner))
  return ids.length > 0 || text.includes('<') ? ids : text.split(/\s+/, 1_000).flatMap(toId)
}

function toId(inner: string): string[] {
  const id = inner.replaceAll(/\s+/g, '')
  return id === '' || id.length + 2 > maxLength || !id.includes('@') ? [] : [`<${id}>`]
}
