/** What an author may have meant for a placeholder, and is none: it would go out as it stands. */
import { placeholderEnd } from './placeholders.ts'
import { isEditorTag, reservedTagEnd } from './reserved-tags.ts'

export type DoubtfulTag = {
  /** As it is written, cut where it is long. */
  readonly text: string
  readonly start: number
  /** What would be right. */
  readonly advice: string
  /** Nothing stands in its place; else it goes out as it is written. */
  readonly isEmptied: boolean
}

const shownLength = 60
/** Two brackets, or one before what only a placeholder begins with. */
const beginning = /\[\[|\[\s{0,3}(?:data|var):|\{\s{0,3}(?:data|var|mj):/gi
const known = '[[data:…]], [[UNSUB_LINK_EN]], [[PERMALINK]] and [[EMAIL_TO]]'

/** In order, at most `limit`. `usesLanguage`: else `{ }` means nothing, and is not looked at. */
export function findDoubtfulTags(
  source: string,
  { usesLanguage, limit }: { usesLanguage: boolean; limit: number },
): DoubtfulTag[] {
  const found: DoubtfulTag[] = []
  for (let at = next(source, 0, usesLanguage); at !== -1 && found.length < limit; ) {
    const end = placeholderEnd(source, at) ?? reservedTagEnd(source, at)
    if (end !== undefined) {
      if (isEditorTag(source, at)) {
        found.push({
          text: source.slice(at, end),
          start: at,
          advice: 'write those words instead',
          isEmptied: true,
        })
      }
      at = next(source, end, usesLanguage)
      continue
    }
    // Of three brackets the last two may be one.
    const isMore = source.startsWith('[[[', at)
    if (!isMore) {
      found.push({ text: shown(source, at), start: at, advice: advise(source, at), isEmptied: false })
    }
    at = next(source, at + (isMore || !source.startsWith('[[', at) ? 1 : 2), usesLanguage)
  }
  return found
}

function next(source: string, from: number, usesLanguage: boolean): number {
  beginning.lastIndex = from
  for (let match = beginning.exec(source); match !== null; match = beginning.exec(source)) {
    const { index } = match
    if (!match[0].startsWith('{')) return index
    // The second brace of a pair begins an expression.
    if (usesLanguage && source.charAt(index - 1) !== '{') return index
  }
  return -1
}

function advise(source: string, at: number): string {
  const text = shown(source, at)
  const inside = /^[[{]+\s*((?:data|var|mj):\s*[\p{L}_][\p{L}\p{N}_.-]*)/iu.exec(text)?.[1]
  if (text.startsWith('{')) return inside === undefined ? 'write {{…}}' : `write {{${inside}}}`
  if (inside !== undefined) {
    return (text.startsWith('[[') && text.endsWith(']]')) || /^mj:/i.test(inside)
      ? `a property is written [[data:name:"default"]]`
      : `write [[${inside}]], with two brackets on either side`
  }
  const name = /^\[\[\s*([\p{L}_][\p{L}\p{N}_]*)\s*\]\]$/u.exec(text)?.[1]
  return name === undefined
    ? `these are known: ${known}`
    : `a property is written [[data:${name}]]; known are ${known}`
}

/** To its closing brackets, or to the end of the line. */
function shown(source: string, at: number): string {
  const line = /^.*/.exec(source.slice(at, at + shownLength))?.[0] ?? ''
  const close = line.startsWith('{') ? /\}+/.exec(line) : /\]+/.exec(line)
  return close === null ? line.trimEnd() : line.slice(0, close.index + close[0].length)
}
