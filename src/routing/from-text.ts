/** The From of a stored message as plain text, for the rules to look at. */
import { formatAddress } from '../mail/address.ts'
import { findHeaderValue, readHeaderBlock } from '../mail/headers.ts'
import { parseMailboxList } from '../mail/mailbox.ts'
import { showSender } from './sender-text.ts'

/** `"name" <address>` of the From header; null when there is none. */
export function readFromText(content: Buffer): string | null {
  const value = findHeaderValue(content, readHeaderBlock(content), 'from')
  return value === undefined ? null : fromText(value)
}

/**
 * The value of a From header, its encoded words decoded and its domain in A-label form, which is how filters are kept.
 * It is taken apart and put together again: an encoded name may hold what would be taken for a second address.
 */
export function fromText(value: string): string {
  const mailboxes = parseMailboxList(value)
  const [mailbox] = mailboxes ?? []
  if (mailbox === undefined || mailboxes?.length !== 1) return value.trim()
  return showSender({ name: mailbox.name, email: formatAddress(mailbox.address) })
}
