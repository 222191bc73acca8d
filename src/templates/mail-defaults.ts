/** What the header fields of a template or a campaign mean for a mail (reference/campaigns-templates.md §5.1). */
import { judgeHeaderName } from '../mail/header-names.ts'
import { type Mailbox, parseMailboxList } from '../mail/mailbox.ts'
import type { Content } from './content.ts'

export type MailDefaults = {
  from?: Mailbox
  replyTo: readonly Mailbox[]
  subject?: string
  /** Fields of the author's own: without those that a mail has anyway, or that steer the service. */
  others: readonly (readonly [name: string, value: string])[]
}

/** Addresses that cannot be read are left out: whoever sends then has to name one. */
export function mailDefaults(headers: Content['headers']): MailDefaults {
  const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()]))
  const from = senderOf(byName)
  const subject = byName.get('subject')
  return {
    ...(from !== undefined && { from }),
    ...(subject !== undefined && subject !== '' && { subject }),
    replyTo: parseMailboxList(byName.get('reply-to') ?? '') ?? [],
    others: Object.entries(headers).filter(([name, value]) => isAuthors(name) && value.trim() !== ''),
  }
}

function senderOf(byName: ReadonlyMap<string, string>): Mailbox | undefined {
  const [from] = parseMailboxList(byName.get('from') ?? '') ?? []
  if (from !== undefined) return from
  const [sender] = parseMailboxList(byName.get('senderemail') ?? '') ?? []
  const name = byName.get('sendername') ?? ''
  return sender && (name === '' ? sender : { ...sender, name })
}

const editorsOwn = new Set(['sendername', 'senderemail'])

function isAuthors(name: string): boolean {
  const lower = name.toLowerCase()
  if (editorsOwn.has(lower) || lower.startsWith('x-mj-') || lower.startsWith('x-mailjet-')) return false
  return judgeHeaderName(name) === 'ok'
}
