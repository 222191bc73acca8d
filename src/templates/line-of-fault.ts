import { lineAt } from './template.ts'

const soughtLength = 80

/**
 * The line in which a place of the source stands, from 1; of what the source was compiled from, that of the first place
 * where the same stands, and undefined where it does not.
 */
export function lineOfFault(
  start: number,
  { source, writtenAs }: { source: string; writtenAs: string | null },
): number | undefined {
  if (writtenAs === null) return lineAt(source, start)
  // Not over the end of a line: the compiler may set others.
  const sought = /^.+?(?:[%}]\}|\]\]|$)/m.exec(source.slice(start, start + soughtLength))?.[0] ?? ''
  const at = sought === '' ? -1 : writtenAs.indexOf(sought)
  return at === -1 ? undefined : lineAt(writtenAs, at)
}
