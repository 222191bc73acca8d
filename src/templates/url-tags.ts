/** Appends a query string to the links of an HTML part. Only those bytes change: nothing is written anew. */
import { findPlaces } from './html-links.ts'

/**
 * Adds `tags` (a query string without `?`, percent-encoded) to every http and https link of `<a>` and `<area>`, before
 * a `#fragment` and after a query that is there. `mailto:`, `tel:`, `cid:` and anchors stay as they are.
 */
export function addUrlTags(html: string, tags: string): string {
  const addition = safeQuery(tags)
  if (addition === '') return html

  let changed = ''
  let copied = 0
  for (const { start, end } of findPlaces(html).links) {
    const insertion = whereToInsert(html.slice(start, end))
    if (insertion === undefined) continue
    const at = start + insertion.offset
    changed += html.slice(copied, at) + insertion.separator + addition
    copied = at
  }
  return changed + html.slice(copied)
}

function whereToInsert(value: string): { offset: number; separator: string } | undefined {
  if (!/^\s*https?:/i.test(value)) return undefined
  const end = fragmentStart(value) ?? value.trimEnd().length
  const link = value.slice(0, end)
  const question = link.indexOf('?')
  if (question === -1) return { offset: end, separator: '?' }
  const continues = question === link.length - 1 || link.endsWith('&') || link.endsWith('&amp;')
  return { offset: end, separator: continues ? '' : '&amp;' }
}

/** The `#` that begins the fragment: not that of a character reference such as `&#38;`. */
function fragmentStart(value: string): number | undefined {
  let at = value.indexOf('#')
  while (at !== -1) {
    const reference = /^#(?:x[0-9a-f]{1,6}|[0-9]{1,7});/i.exec(value.slice(at, at + 9))
    if (value.charAt(at - 1) !== '&' || reference === null) return at
    at = value.indexOf('#', at + 1)
  }
  return undefined
}

/** As it stands in an attribute: `&` as `&amp;`, and nothing that could end the attribute or the query. */
function safeQuery(tags: string): string {
  return tags
    .trim()
    .replace(/^[?&]+/, '')
    .toWellFormed()
    .replace(/[^\w.~!$&()*+,;:@/?%=[\]{}-]/gu, encodeURIComponent)
    .replace(/'/g, '%27')
    .replaceAll('&amp;', '&')
    .replaceAll('&', '&amp;')
}
