/** Tags in double brackets that no variable fills: they are replaced for each recipient when the mail leaves. */
import { escapeHtml } from '../mail/escape-html.ts'

const unsubscribeTag = /\[\[UNSUB_LINK(?:_([A-Z]{2}))?\]\]/gi
const addressTag = /\[\[EMAIL_TO\]\]/gi
const onlineTag = /\[\[PERMALINK\]\]/gi
const anyTag = /\[\[(?:UNSUB_LINK|EMAIL_TO|PERMALINK)/i

/** At its place. */
const oneTag = /\[\[(?:UNSUB_LINK(?:_[A-Z]{2})?|EMAIL_TO|PERMALINK)\]\]/iy

/** Is it one that stands at this place? Where it ends, otherwise undefined. */
export function reservedTagEnd(text: string, at: number): number | undefined {
  oneTag.lastIndex = at
  return oneTag.test(text) ? oneTag.lastIndex : undefined
}

export function hasReservedTags(text: string): boolean {
  return anyTag.test(text)
}

/** `isHtml`: what is put in is escaped. Without a page, the tags that ask for one stay. */
export function replaceReservedTags(
  text: string,
  {
    unsubscribe,
    online,
    address,
    isHtml,
  }: {
    /** The page that unsubscribes. */
    unsubscribe?: string
    /** The mail as a page. */
    online?: string
    address: string
    isHtml: boolean
  },
): string {
  if (!hasReservedTags(text)) return text
  const shown = isHtml ? escapeHtml(address) : address
  const addressed = text.replace(addressTag, () => shown)
  const replaced = online === undefined ? addressed : addressed.replace(onlineTag, () => online)
  if (unsubscribe === undefined) return replaced
  return replaced.replace(unsubscribeTag, (_tag, language?: string) =>
    language === undefined ? unsubscribe : `${unsubscribe}?l=${language.toLowerCase()}`,
  )
}
