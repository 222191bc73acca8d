/** The mail that is stored for a mailing: whole, but for what is each recipient's own. */
import { normaliseAddress, parseAddress } from '../mail/address.ts'
import { composeMessage } from '../mail/compose.ts'
import { breaksHeader } from '../mail/header-names.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import type { Content } from '../templates/content.ts'
import { mailDefaults } from '../templates/mail-defaults.ts'
import { withFooter, withTextFooter } from './footer.ts'
import type { Mailing } from './mailing.ts'

export type MailingTexts = { subject: string; html?: string; text?: string }

/** With the way out put in where it is missing. */
export function textsOfMailing(
  { subject, locale }: Pick<Mailing, 'subject' | 'locale'>,
  { html, text, headers }: Pick<Content, 'html' | 'text' | 'headers'>,
): MailingTexts {
  const how = { locale, usesLanguage: usesLanguage(headers) }
  return {
    subject,
    ...(html && { html: withFooter(html, how) }),
    ...(text && { text: withTextFooter(text, how) }),
  }
}

/** Undefined while there is none. */
export function senderOf({ senderEmail, senderName }: Pick<Mailing, 'senderEmail' | 'senderName'>) {
  const address = senderEmail === '' ? undefined : parseAddress(senderEmail)
  return address && ({ name: senderName, address } satisfies Mailbox)
}

export function replyToOf(
  { replyTo }: Pick<Mailing, 'replyTo'>,
  { headers }: Pick<Content, 'headers'>,
): readonly Mailbox[] {
  const address = parseAddress(replyTo)
  return address === undefined ? mailDefaults(headers).replyTo : [{ name: '', address }]
}

/** The template language is on unless the content's header switches it off. */
export function usesLanguage(headers: Content['headers']): boolean {
  const named = Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-mj-templatelanguage')
  return named === undefined || !/^(?:0|false|no)$/i.test(named[1].trim())
}

/** Fields of the author's own, and those that keep machines from answering. */
export function fieldsOf({ headers }: Pick<Content, 'headers'>): (readonly [string, string])[] {
  const own = mailDefaults(headers).others.filter(([, value]) => !breaksHeader(value))
  const named = new Set(own.map(([name]) => name.toLowerCase()))
  const ours = [
    ['Precedence', 'bulk'],
    ['X-Auto-Response-Suppress', 'OOF'],
  ] as const
  return [...own, ...ours.filter(([name]) => !named.has(name.toLowerCase()))]
}

export function composeMailing(
  mailing: Mailing,
  content: Content,
  { from, messageId, now }: { from: Mailbox; messageId: string; now: number },
): Buffer {
  const { subject, html, text } = textsOfMailing(mailing, content)
  return composeMessage({
    ...{ from, subject, messageId, date: now },
    replyTo: replyToOf(mailing, content),
    to: [],
    cc: [],
    headers: fieldsOf(content),
    ...(html !== undefined && { html }),
    ...(text !== undefined && { text }),
    attachments: [],
    inlineAttachments: [],
  })
}

/** Each address once, however it is written. */
export function sameMailbox(a: Mailbox, b: Mailbox): boolean {
  return normaliseAddress(a.address) === normaliseAddress(b.address)
}
