/** Tags of the template language while something works on the HTML around them: each is one word meanwhile. */
import { decodeAttribute } from './html-links.ts'
import { createLexer } from './lexer.ts'
import { placeholderEnd } from './placeholders.ts'
import { reservedTagEnd } from './reserved-tags.ts'

/** No tag is longer: what is, is left to whoever works on it. */
const longestTag = 4_000
const opening = /\{\{|\{%|\[\[/g
// Characters that stand for nothing, so that nothing else in a text is taken for one.
const word = /\uFDD0(\d{1,9})\uFDD1/g

export type ProtectedTags = {
  html: string
  /** Puts the tags where their words are by now; as text, so that what HTML editors wrote as `&quot;` is a quote. */
  restore(text: string): string
}

export function protectTags(html: string): ProtectedTags {
  const numbers = new Map<string, number>()
  let copied = 0
  let replaced = ''
  opening.lastIndex = 0
  for (let found = opening.exec(html); found !== null; found = opening.exec(html)) {
    const { index } = found
    const end = tagEnd(html, index)
    if (end === undefined) {
      // Of three brackets the last two may begin one.
      opening.lastIndex = index + 1
      continue
    }
    const tag = decodeAttribute(html.slice(index, end))
    // The same for the same tag: a link that shows its address is known by that.
    const number = numbers.get(tag) ?? numbers.size
    numbers.set(tag, number)
    replaced += `${html.slice(copied, index)}\uFDD0${number}\uFDD1`
    copied = end
    opening.lastIndex = end
  }
  const tags = [...numbers.keys()]
  return {
    html: replaced + html.slice(copied),
    restore: (text) => text.replace(word, (whole, number: string) => tags[Number(number)] ?? whole),
  }
}

function tagEnd(html: string, start: number): number | undefined {
  if (html.startsWith('[[', start)) return placeholderEnd(html, start) ?? reservedTagEnd(html, start)
  const close = html.startsWith('{%', start) ? '%}' : '}}'
  const lexer = createLexer(html.slice(start, start + longestTag), 2)
  for (let token = lexer.next(); ; token = lexer.next()) {
    if (token.kind === 'end' || token.kind === 'unknown') return undefined
    if (token.kind === 'symbol' && token.text === close) return start + token.end
  }
}
