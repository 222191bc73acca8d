/**
 * Text in PostgreSQL cannot hold U+0000, and a question that does is refused. A remote server's words may have one, and
 * so may the name of a segment in somebody's template: no reason to lose the rest.
 */
export function storableText(value: string): string {
  return value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value
}
