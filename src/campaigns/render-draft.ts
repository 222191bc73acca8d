/** A mailing of which no mail is stored yet, made for one recipient. */
import type { Person } from '../contacts/persons.ts'
import { formatAddress } from '../mail/address.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import type { Content } from '../templates/content.ts'
import { isMjmlText } from '../templates/fill-parts.ts'
import { lineOfFault } from '../templates/index.ts'
import type { OwnLinks } from '../tracking/own-links.ts'
import { senderOf, textsOfMailing, usesLanguage } from './compose-mailing.ts'
import type { Mailing } from './mailing.ts'
import { type MailingPart, type ParsedMailing, parseMailing, type Unmade } from './render.ts'

/** Links of a mail that nobody has got lead nowhere. */
export const noLinks = (to: Mailbox): OwnLinks => ({
  unsubscribe: '#unsubscribe',
  online: '#online',
  address: formatAddress(to.address),
  fields: [],
})

export function mailboxOf({ name, email }: Pick<Person, 'name' | 'email'>): Mailbox {
  const at = email.lastIndexOf('@')
  return { name, address: { local: email.slice(0, at), domain: email.slice(at + 1) } }
}

export function parseDraft(mailing: Mailing, content: Content): ParsedMailing {
  const from = senderOf(mailing) ?? { name: '', address: { local: 'nobody', domain: 'invalid' } }
  return parseMailing(textsOfMailing(mailing, content), { from, usesLanguage: usesLanguage(content.headers) })
}

const names = { subject: 'subject', html: 'HTML', text: 'text' } as const

/** "HTML, line 3": in what the author wrote, which is the MJML where there is some. */
export function placeIn(
  { part, source, start }: { part: MailingPart; source: string; start: number },
  mjml: string | null,
): string {
  if (part === 'subject') return names.subject
  const writtenAs = part === 'html' && isMjmlText(mjml) ? mjml : null
  const line = lineOfFault(start, { source, writtenAs })
  if (line !== undefined) return `${writtenAs === null ? names[part] : 'MJML'}, line ${line}`
  return `${names[part]}, line ${lineOfFault(start, { source, writtenAs: null })}`
}

/** Why it cannot be made, where, and what would be right. */
export function unmadeInWords({ part, source, fault }: Unmade, mjml: string | null): string {
  return `${placeIn({ part, source, start: fault.start }, mjml)}: ${fault.words}`
}
