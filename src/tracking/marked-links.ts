/**
 * The links of a text that is made anew for each recipient. Where they stand is found once, in the text that everybody's
 * is made from, and marked with characters that no text has; what is between two marks becomes a link of one recipient.
 */
import { findPlaces } from '../templates/index.ts'
import { followable, type OwnLinks, pixelOf } from './own-links.ts'

// Noncharacters (Unicode §23.7): they are for a program's own use, and never in a text that is exchanged.
const linkStart = '\ufdd0'
const numberEnd = '\ufdd1'
const linkEnd = '\ufdd2'
const pixelPlace = '\ufdd3'
const anyMark = /[\ufdd0-\ufdd3]/g
const filled = /\ufdd0(\d+)\ufdd1([^\ufdd0-\ufdd3]*)\ufdd2|\ufdd3/g

/** Links whose address begins with a placeholder may lead anywhere: that shows when they are filled. */
const mayLead = /^\s*(?:https?:\/\/|\{\{|\{%|\[\[(?:data|var):)/i

export function markLinks(source: string): string {
  const html = source.replace(anyMark, '')
  const { links, bodyEnd } = findPlaces(html)
  let marked = ''
  let copied = 0
  let position = 0
  for (const { start, end, isExempt } of links) {
    const raw = html.slice(start, end)
    if (!mayLead.test(raw)) continue
    position += 1
    if (isExempt) continue
    marked += `${html.slice(copied, start)}${linkStart}${position}${numberEnd}${raw}${linkEnd}`
    copied = end
  }
  const at = Math.max(bodyEnd ?? html.length, copied)
  return `${marked}${html.slice(copied, at)}${pixelPlace}${html.slice(at)}`
}

/** Of a piece of what was marked, as it was written. */
export function withoutMarks(piece: string): string {
  return piece.replace(/\ufdd0\d*\ufdd1?|[\ufdd1-\ufdd3]/g, '')
}

/** `marked`, after its placeholders were replaced. */
export function fillMarks(marked: string, { open, click }: Pick<OwnLinks, 'open' | 'click'>): string {
  const html = marked.replace(filled, (_all, position: string | undefined, raw: string | undefined) => {
    if (position === undefined || raw === undefined) return open === undefined ? '' : pixelOf(open)
    const url = click && followable(raw)
    return url === undefined || click === undefined ? raw : click(url, Number(position))
  })
  // A template may leave out one mark of two.
  return html.replace(anyMark, '')
}
