/** Text from HTML; what the template language replaces comes through as it is written. */
import { convert } from 'html-to-text'
import { protectTags } from '../protect-tags.ts'
import { type ContentReply, maxHtmlCharacters } from './tasks.ts'

export function makeText(html: string): ContentReply {
  const tags = protectTags(html)
  const text = convert(tags.html, {
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
  return { kind: 'text', text: tags.restore(text.trim()) }
}
