/**
 * Puts the links of one recipient into a message: the pixel, the links to follow, the ways to unsubscribe. Only those
 * bytes change; text parts and their links stay as they are, but for the tags that ask for a link.
 */
import { LRUCache } from 'lru-cache'
import { parseContentValue } from '../mail/content-type.ts'
import {
  findHeader,
  findHeaderValue,
  foldHeader,
  type HeaderBlock,
  readHeaderBlock,
} from '../mail/headers.ts'
import { mapTextParts } from '../mail/text-parts.ts'
import {
  decodeAttribute,
  findPlaces,
  type HtmlPlaces,
  hasReservedTags,
  replaceReservedTags,
} from '../templates/index.ts'

export type OwnLinks = {
  /** Address of the pixel. */
  open?: string
  /** Where a link leads instead; `position` counts from 1. */
  click?(url: string, position: number): string
  /** The page that unsubscribes, for the tags of the text. */
  unsubscribe?: string
  /** The mail as a page, for the tags of the text. */
  online?: string
  /** The same for anybody who is shown it, for the tags that share it. */
  shared?: string
  /** The recipient, for the tags of the text. */
  address: string
  /** Whole header fields, each with its CRLF. */
  fields: readonly string[]
}

/** Longer ones do not work everywhere, and become a third longer. */
const maxUrl = 1_400

/** Remembers where the links of a text stand: the next recipient of a message has the same text. */
export function createOwnLinks() {
  const known = new LRUCache<string, HtmlPlaces>({
    max: 200,
    maxSize: 8 * 1024 * 1024,
    sizeCalculation: (places, html) => html.length * 2 + places.links.length * 50 + 1,
  })

  function placesOf(html: string): HtmlPlaces {
    const found = known.get(html)
    if (found !== undefined) return found
    const places = findPlaces(html)
    known.set(html, places)
    return places
  }

  return (content: Buffer, links: OwnLinks): Buffer => {
    const header = readHeaderBlock(content)
    const changed = isSealed(content, header)
      ? content
      : mapTextParts(content, (text, type) => {
          const isHtml = type === 'text/html'
          const linked = isHtml ? withLinks(text, links, placesOf) : text
          return replaceReservedTags(linked, { ...links, isHtml })
        })
    return links.fields.length === 0 ? changed : withFields(changed, links.fields)
  }
}

/** A signature over the text, or its encryption, is the author's: a changed text would break it. */
function isSealed(content: Buffer, header: HeaderBlock): boolean {
  const { value } = parseContentValue(findHeaderValue(content, header, 'content-type') ?? '')
  return /^(?:multipart\/(?:signed|encrypted)|application\/(?:x-)?pkcs7-mime)$/.test(value)
}

function withLinks(html: string, { open, click }: OwnLinks, placesOf: (html: string) => HtmlPlaces): string {
  if (open === undefined && click === undefined) return html
  const { links, bodyEnd } = placesOf(html)
  let changed = ''
  let copied = 0
  let position = 0
  for (const { start, end, isExempt } of click === undefined ? [] : links) {
    const raw = html.slice(start, end)
    if (click === undefined || !/^\s*https?:\/\//i.test(raw)) continue
    position += 1
    const url = isExempt ? undefined : followable(raw)
    if (url === undefined) continue
    changed += html.slice(copied, start) + click(url, position)
    copied = end
  }
  if (open !== undefined) {
    // An attribute that needs no quotes gets them all the same; the address has no character that could end one.
    const pixel = pixelOf(open)
    const at = Math.max(bodyEnd ?? html.length, copied)
    changed += html.slice(copied, at) + pixel
    copied = at
  }
  return changed + html.slice(copied)
}

export function pixelOf(address: string): string {
  return `<img src="${address}" width="1" height="1" alt="" style="border:0;width:1px;height:1px">`
}

/** `raw` as it stands in the attribute; undefined when it is no link that could lead over us. */
export function followable(raw: string): string | undefined {
  if (!/^\s*https?:\/\//i.test(raw) || hasReservedTags(raw)) return undefined
  const url = decodeAttribute(raw).trim()
  return url.length > maxUrl || !isAddress(url) ? undefined : url
}

/** What could not be followed afterwards is left as it is. */
function isAddress(url: string): boolean {
  return URL.canParse(url) && !/\p{Cc}/u.test(url)
}

function withFields(content: Buffer, fields: readonly string[]): Buffer {
  const { bodyStart } = readHeaderBlock(content)
  // Before the blank line, where there is one.
  const end = content.subarray(bodyStart - 2, bodyStart).equals(crlf) ? bodyStart - 2 : bodyStart
  return Buffer.concat([content.subarray(0, end), Buffer.from(fields.join('')), content.subarray(end)])
}

const crlf = Buffer.from('\r\n')

export type UnsubscribeFields = {
  /** The page. */
  url: string
  mailto: string
  /** `List-Id` without angle brackets. */
  listId?: string
  feedbackId: string
}

/** RFC 8058: one click needs HTTPS. What the message says itself stays. */
export function unsubscribeFields(
  content: Buffer,
  { url, mailto, listId, feedbackId }: UnsubscribeFields,
): string[] {
  const header = readHeaderBlock(content)
  const fields: string[] = []
  if (findHeader(header, 'list-unsubscribe') === undefined) {
    fields.push(foldHeader('List-Unsubscribe', `<${url}>, <mailto:${mailto}?subject=unsubscribe>`))
    if (url.startsWith('https://')) {
      fields.push(foldHeader('List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'))
    }
  }
  if (listId !== undefined && findHeader(header, 'list-id') === undefined) {
    fields.push(foldHeader('List-Id', `<${listId}>`))
  }
  if (findHeader(header, 'feedback-id') === undefined) fields.push(foldHeader('Feedback-ID', feedbackId))
  return fields
}
