/** Appends a query string to the links of an HTML part. Only those bytes change: nothing is written anew. */
import { Tokenizer } from 'htmlparser2'

/**
 * Adds `tags` (a query string without `?`, percent-encoded) to every http and https link of `<a>` and `<area>`, before
 * a `#fragment` and after a query that is there. `mailto:`, `tel:`, `cid:` and anchors stay as they are.
 */
export function addUrlTags(html: string, tags: string): string {
  const addition = safeQuery(tags)
  if (addition === '') return html

  let changed = ''
  let copied = 0
  for (const { start, end } of linksOf(html)) {
    const insertion = whereToInsert(html.slice(start, end))
    if (insertion === undefined) continue
    const at = start + insertion.offset
    changed += html.slice(copied, at) + insertion.separator + addition
    copied = at
  }
  return changed + html.slice(copied)
}

/** Where the values of `href` stand. Comments, scripts and other attributes are none of them. */
function linksOf(html: string): { start: number; end: number }[] {
  const links: { start: number; end: number }[] = []
  let inLink = false
  let hasHref = false
  let inHref = false
  let start = -1
  let end = -1
  const ignore = () => {}
  const tokenizer = new Tokenizer(
    { decodeEntities: false },
    {
      onopentagname(nameStart, nameEnd) {
        // Longer names need no look: `area` is the longest of interest.
        const name = nameEnd - nameStart <= 4 ? html.slice(nameStart, nameEnd).toLowerCase() : ''
        inLink = name === 'a' || name === 'area'
        hasHref = false
      },
      onattribname(nameStart, nameEnd) {
        // Of several attributes of one name, browsers take the first.
        inHref =
          inLink &&
          !hasHref &&
          nameEnd - nameStart === 4 &&
          html.slice(nameStart, nameEnd).toLowerCase() === 'href'
        hasHref ||= inHref
        start = -1
      },
      onattribdata(dataStart, dataEnd) {
        if (start === -1) start = dataStart
        end = dataEnd
      },
      onattribend() {
        if (inHref && start !== -1) links.push({ start, end })
      },
      onattribentity: ignore,
      oncdata: ignore,
      onclosetag: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onend: ignore,
      onopentagend: ignore,
      onprocessinginstruction: ignore,
      onselfclosingtag: ignore,
      ontext: ignore,
      ontextentity: ignore,
    },
  )
  tokenizer.write(html)
  tokenizer.end()
  return links
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
