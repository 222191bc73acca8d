/** Where the links of an HTML text stand. Positions only: nothing is ever written anew. */
import { Parser, Tokenizer } from 'htmlparser2'

export type HtmlLink = {
  /** The value of `href` is [start, end), as written. */
  start: number
  end: number
  /** The tag has the attribute `data-no-track`. */
  isExempt: boolean
}

export type HtmlPlaces = {
  links: HtmlLink[]
  /** Of the last `</body>`; undefined without one. */
  bodyEnd: number | undefined
}

/** The `href` of every `<a>` and `<area>`. Comments, scripts and other attributes are none. */
export function findPlaces(html: string): HtmlPlaces {
  const links: HtmlLink[] = []
  let bodyEnd: number | undefined
  let inLink = false
  let hasHref = false
  let inHref = false
  let start = -1
  let end = -1
  let link: HtmlLink | undefined
  let isExempt = false
  const ignore = () => {}
  const endTag = () => {
    if (link !== undefined) links.push({ ...link, isExempt })
    link = undefined
  }
  const tokenizer = new Tokenizer(
    { decodeEntities: false },
    {
      onopentagname(nameStart, nameEnd) {
        // Longer names need no look: `area` is the longest of interest.
        const name = nameEnd - nameStart <= 4 ? html.slice(nameStart, nameEnd).toLowerCase() : ''
        inLink = name === 'a' || name === 'area'
        hasHref = false
        isExempt = false
        link = undefined
      },
      onattribname(nameStart, nameEnd) {
        const name = inLink && nameEnd - nameStart <= 13 ? html.slice(nameStart, nameEnd).toLowerCase() : ''
        // Of several attributes of one name, browsers take the first.
        inHref = !hasHref && name === 'href'
        hasHref ||= inHref
        isExempt ||= name === 'data-no-track'
        start = -1
      },
      onattribdata(dataStart, dataEnd) {
        if (start === -1) start = dataStart
        end = dataEnd
      },
      onattribend() {
        if (inHref && start !== -1) link = { start, end, isExempt: false }
        inHref = false
      },
      onopentagend: endTag,
      onselfclosingtag: endTag,
      onclosetag(nameStart, nameEnd) {
        if (nameEnd - nameStart === 4 && html.slice(nameStart, nameEnd).toLowerCase() === 'body') {
          bodyEnd = html.lastIndexOf('<', nameStart)
        }
      },
      onattribentity: ignore,
      oncdata: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onend: ignore,
      onprocessinginstruction: ignore,
      ontext: ignore,
      ontextentity: ignore,
    },
  )
  tokenizer.write(html)
  tokenizer.end()
  return { links, bodyEnd }
}

/** What a browser makes of the value of an attribute: character references decoded. */
export function decodeAttribute(raw: string): string {
  if (!raw.includes('&')) return raw
  let decoded = raw
  const parser = new Parser({
    onattribute(_name, value) {
      decoded = value
    },
  })
  parser.write(`<a href="${raw.replaceAll('"', '&quot;')}">`)
  parser.end()
  return decoded
}
