/** Text from HTML. */
import { convert } from 'html-to-text'
import { type ContentReply, maxHtmlCharacters } from './tasks.ts'

export function makeText(html: string): ContentReply {
  const text = convert(html, {
    wordwrap: 78,
    limits: { maxInputLength: maxHtmlCharacters },
    selectors: [
      { selector: 'img', format: 'skip' },
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
      // Layout tables: their cells are paragraphs, one after the other.
      { selector: 'table', format: 'block' },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
        selector,
        options: { uppercase: false },
      })),
    ],
  })
  return { kind: 'text', text: text.trim() }
}
