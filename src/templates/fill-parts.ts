/** From what somebody saves to whole contents: checked, HTML compiled from MJML, text made from HTML. */
import { isHeaderName } from '../mail/headers.ts'
import { Refused } from '../runtime/refused.ts'
import { htmlToText } from './html-to-text.ts'
import { compileMjml, maxMjmlCharacters } from './mjml.ts'
import type { Asker } from './run-in-process.ts'
import type { StoredContent } from './template-content.ts'

/** Undefined is left out; null is none. */
export type WantedContent = {
  html?: string | null | undefined
  text?: string | null | undefined
  mjml?: string | null | undefined
  headers?: Readonly<Record<string, string>> | undefined
}

export const maxPartCharacters = 2_000_000
const maxHeaders = 100
const maxHeaderCharacters = 10_000

/** Mark-up, and not the tree of a visual editor, from which nothing can be compiled here. */
export function isMjmlText(mjml: string | null | undefined): mjml is string {
  return typeof mjml === 'string' && mjml.trim() !== '' && !/^\s*[{[]/.test(mjml)
}

/** `before` holds what is kept. Throws Refused with what is wrong, and in which line. */
export async function fillParts(
  wanted: WantedContent,
  { before, makesText, asker }: { before: StoredContent; makesText: boolean; asker: Asker },
): Promise<StoredContent> {
  const mjml = wanted.mjml === undefined ? before.mjml : part('MJML', wanted.mjml, maxMjmlCharacters)
  const headers = wanted.headers === undefined ? before.headers : checkHeaders(wanted.headers)
  const html = await htmlOf(wanted, { before, mjml, asker })
  const text = await textOf(wanted, { before, html: html.html, makesText, asker })
  return { mjml, headers, ...html, ...text }
}

async function htmlOf(
  { html, mjml: wantedMjml }: WantedContent,
  { before, mjml, asker }: { before: StoredContent; mjml: string | null; asker: Asker },
): Promise<Pick<StoredContent, 'html' | 'htmlFromMjml'>> {
  const given = html === undefined ? undefined : part('HTML', html, maxPartCharacters)
  if (given) return { html: given, htmlFromMjml: false }
  const isKept = given === undefined && (!before.htmlFromMjml || wantedMjml === undefined)
  if (isKept && before.html !== null) return { html: before.html, htmlFromMjml: before.htmlFromMjml }
  if (!isMjmlText(mjml)) return { html: given ?? null, htmlFromMjml: false }
  const compiled = await compileMjml(mjml, asker)
  if (compiled.problems.length > 0) {
    throw new Refused('bad-value', `the MJML has faults: ${compiled.problems.slice(0, 5).join('; ')}`)
  }
  return { html: compiled.html, htmlFromMjml: true }
}

async function textOf(
  { text }: WantedContent,
  {
    before,
    html,
    makesText,
    asker,
  }: { before: StoredContent; html: string | null; makesText: boolean; asker: Asker },
): Promise<Pick<StoredContent, 'text' | 'textFromHtml'>> {
  const given = text === undefined ? undefined : part('text', text, maxPartCharacters)
  if (given) return { text: given, textFromHtml: false }
  const isKept = given === undefined && (!before.textFromHtml || html === before.html)
  if (isKept && before.text !== null) return { text: before.text, textFromHtml: before.textFromHtml }
  if (!makesText || html === null || html === '') return { text: given ?? null, textFromHtml: false }
  const made = await htmlToText(html, asker)
  return made === undefined ? { text: null, textFromHtml: false } : { text: made, textFromHtml: true }
}

function part(name: string, text: string | null, max: number): string | null {
  if (text === null) return null
  if (text.length > max) {
    throw new Refused('bad-value', `the ${name} has ${text.length} characters; at most ${max} are kept`)
  }
  return text.toWellFormed().replaceAll('\0', '')
}

function checkHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers)
  if (entries.length > maxHeaders) throw new Refused('bad-value', `more than ${maxHeaders} header fields`)
  const checked = entries.map(([name, value]) => {
    if (!isHeaderName(name)) {
      throw new Refused(
        'bad-value',
        `'${name.slice(0, 60)}' is no name of a header field; it has printable ASCII characters without blanks and colons`,
      )
    }
    if (value.length > maxHeaderCharacters) {
      throw new Refused('bad-value', `the header ${name} is longer than ${maxHeaderCharacters} characters`)
    }
    if (/[\r\n\0]/.test(value)) throw new Refused('bad-value', `the header ${name} has line breaks`)
    return [name, value.toWellFormed()] as const
  })
  return Object.fromEntries(checked)
}
