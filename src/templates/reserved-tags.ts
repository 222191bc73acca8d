/** Tags in double brackets that no variable fills: they are replaced for each recipient when the mail leaves. */
import { escapeHtml } from '../mail/escape-html.ts'

const language = '(?:_([A-Z]{2}))?'
const networks = 'FACEBOOK|TWITTER|GOOGLE|LINKEDIN'
/** Mailjet's own editor fills them with texts of its own (reference/campaigns-templates.md §7). */
const editors = 'HEADLINE|DELIVERY_INFO|POSTAL_ADDRESS'

const tag = new RegExp(
  `\\[\\[(?:UNSUB_LINK${language}|(EMAIL_TO)|(PERMALINK(?:_FULL_LINK)?)|SHARE_(${networks})|(${editors}))\\]\\]`,
  'gi',
)
const anyTag = /\[\[(?:UNSUB_LINK|EMAIL_TO|PERMALINK|SHARE_)/i

/** At its place. */
const oneTag = new RegExp(tag.source, 'iy')
const oneEditorTag = new RegExp(`\\[\\[(?:${editors})\\]\\]`, 'iy')

/** Is it one that stands at this place? Where it ends, otherwise undefined. */
export function reservedTagEnd(text: string, at: number): number | undefined {
  oneTag.lastIndex = at
  return oneTag.test(text) ? oneTag.lastIndex : undefined
}

/** One of those that nothing fills here. */
export function isEditorTag(text: string, at: number): boolean {
  oneEditorTag.lastIndex = at
  return oneEditorTag.test(text)
}

/** Those of an editor are none in mail that was not written with one. */
export function hasReservedTags(text: string): boolean {
  return anyTag.test(text)
}

const predefined = /^(?:(permalink)|unsub_link(?:_([a-z]{2}))?|share_(facebook|twitter|google|linkedin))$/i

/** The tag that a name below `mj:` stands for; undefined where it stands for none (reference/template-language.md §2). */
export function predefinedTag(name: string): string | undefined {
  const found = predefined.exec(name)
  if (found === null) return undefined
  const [, permalink, spoken = 'EN', network] = found
  if (permalink !== undefined) return '[[PERMALINK]]'
  if (network !== undefined) return `[[SHARE_${network.toUpperCase()}]]`
  return `[[UNSUB_LINK_${spoken.toUpperCase()}]]`
}

export type TagLinks = {
  /** The page that unsubscribes. */
  unsubscribe?: string
  /** The mail as a page. */
  online?: string
  /** The mail as a page for anybody; left out, it is shared as its recipient sees it. */
  shared?: string
  address: string
}

/**
 * `isHtml`: what is put in is escaped. `isWrittenMail`: what Mailjet's editor would fill goes. Without a page, the tags
 * that ask for one stay.
 */
export function replaceReservedTags(
  text: string,
  {
    unsubscribe,
    online,
    shared = online,
    address,
    isHtml,
    isWrittenMail = false,
  }: TagLinks & { isHtml: boolean; isWrittenMail?: boolean },
): string {
  if (!text.includes('[[')) return text
  return text.replace(tag, (whole: string, ...groups: (string | undefined)[]) => {
    const [spoken, isAddress, isOnline, network, isEditors] = groups
    if (isAddress !== undefined) return isHtml ? escapeHtml(address) : address
    if (isOnline !== undefined) return online ?? whole
    if (network !== undefined) return shared === undefined ? whole : shareLink(network, shared)
    if (isEditors !== undefined) return isWrittenMail ? '' : whole
    if (unsubscribe === undefined) return whole
    return spoken === undefined ? unsubscribe : `${unsubscribe}?l=${spoken.toLowerCase()}`
  })
}

/** Needs no escaping, wherever it stands. What Google had for this is gone: there it is the page itself. */
function shareLink(network: string, page: string): string {
  const url = encodeURIComponent(page)
  switch (network.toUpperCase()) {
    case 'FACEBOOK':
      return `https://www.facebook.com/sharer/sharer.php?u=${url}`
    case 'TWITTER':
      return `https://twitter.com/intent/tweet?url=${url}`
    case 'LINKEDIN':
      return `https://www.linkedin.com/sharing/share-offsite/?url=${url}`
    default:
      return page
  }
}
