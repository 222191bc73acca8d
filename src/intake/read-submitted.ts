/**
 * Reads a message that a client submitted over SMTP and makes it fit to leave: what steers the relay and what must not
 * be seen is taken out, what is missing is added, everything else stays byte for byte (RFC 6409 §8).
 */
import { formatDate } from '../mail/date.ts'
import { decodeEncodedWords, encodeHeaderText, isFoldable } from '../mail/encoded-words.ts'
import { breaksHeader } from '../mail/header-names.ts'
import {
  foldHeader,
  type HeaderBlock,
  type HeaderField,
  headerValue,
  maxHeaderBytes,
  maxHeaderFields,
  readHeaderBlock,
} from '../mail/headers.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import { formatMailbox, formatMailboxList, hasGroup, parseMailboxList } from '../mail/mailbox.ts'
import { Refused } from '../runtime/refused.ts'
import type { MailDefaults } from '../templates/mail-defaults.ts'
import type { RelayFeatures } from './relay-headers.ts'
import { isRelayHeader, readRelayFeatures } from './relay-headers.ts'

export type SubmittedMessage = {
  /** Ready to store: header, blank line, body. */
  content: Buffer
  from: Mailbox
  subject: string
  messageId: string
  /** Marked by its author as mass mail: `Precedence: bulk` or `list`. */
  bulk: boolean
  features: RelayFeatures
}

/** Header fields that RFC 5322 allows once; a second From or Sender is how people hide who is writing. */
const onlyOnce = new Set([
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'message-id',
  'in-reply-to',
  'references',
  'subject',
  'date',
])

/** Where the author sits, and through which hosts of theirs it came (reference/smtp-relay.md §6). */
const tellsOfClient = new Set(['received', 'x-originating-ip'])

/** Throws Refused when the message cannot go out as it is. */
export function readSubmitted(
  raw: Buffer,
  {
    received,
    now,
    makeMessageId,
    block = readHeaderBlock(raw),
    defaults,
    withoutSender = false,
  }: {
    /** Our trace header, with its CRLF. */
    received: string
    now: number
    makeMessageId: (domain: string) => string
    block?: HeaderBlock
    /** Of a stored template: for what the message does not say itself. */
    defaults?: MailDefaults | undefined
    /** Its Sender header is none that may be shown. */
    withoutSender?: boolean
  },
): SubmittedMessage {
  const { fields, bodyStart, malformed, oversized } = block
  if (oversized) {
    throw new Refused(
      'bad-header',
      `the header is larger than ${maxHeaderBytes} bytes or has more than ${maxHeaderFields} fields`,
    )
  }
  if (malformed !== undefined) {
    throw new Refused(
      'bad-header',
      `the header has a line that is no header field, ${malformed} octets into the message; a field is "Name: value", and an empty line ends the header`,
    )
  }
  const seen = new Map<string, string>()
  const kept: Buffer[] = []
  // Ours stay, so that a loop through this host is still counted; they say nothing of the client.
  const ownTrace = /^Received: (by \S+ )/.exec(received)?.[1]
  const isHidden = (field: HeaderField) =>
    (withoutSender && field.lower === 'sender') ||
    (tellsOfClient.has(field.lower) &&
      (ownTrace === undefined || !headerValue(raw, field).trim().startsWith(ownTrace)))
  let keptFrom = 0
  for (const field of fields) {
    const name = field.lower
    if (onlyOnce.has(name) && seen.has(name)) {
      throw new Refused('bad-header', `the header ${field.name} occurs twice; RFC 5322 allows it once`)
    }
    if (isRelayHeader(name) || wanted.has(name)) {
      if (!seen.has(name)) seen.set(name, headerValue(raw, field))
    }
    const isEmptySubject =
      name === 'subject' && defaults?.subject !== undefined && seen.get(name)?.trim() === ''
    const isTakenOut =
      isRelayHeader(name) || name === 'bcc' || name === 'return-path' || isEmptySubject || isHidden(field)
    if (isTakenOut) {
      if (field.start > keptFrom) kept.push(raw.subarray(keptFrom, field.start))
      keptFrom = field.end
    }
  }
  kept.push(raw.subarray(keptFrom))

  const added = [received]
  for (const [name, value] of missingOf(defaults, { fields, seen })) {
    added.push(foldHeader(name, value))
    seen.set(name.toLowerCase(), value)
  }
  const from = readFrom(seen.get('from'))
  readSender(seen.get('sender'))
  if (!seen.has('date')) added.push(`Date: ${formatDate(now)}\r\n`)
  let messageId = seen.get('message-id')?.trim()
  if (messageId === undefined || messageId === '') {
    messageId = makeMessageId(from.address.domain)
    added.push(`Message-ID: ${messageId}\r\n`)
  }
  // A message that is all header still needs the empty line that ends it.
  const end = bodyStart === raw.length && raw.toString('latin1', raw.length - 4) !== '\r\n\r\n' ? '\r\n' : ''
  return {
    content: Buffer.concat([Buffer.from(added.join(''), 'utf8'), ...kept, Buffer.from(end)]),
    from,
    subject: decodeEncodedWords(seen.get('subject') ?? '').trim(),
    messageId,
    bulk: /^(?:bulk|list)$/i.test(seen.get('precedence')?.trim() ?? ''),
    features: readRelayFeatures(decodedRelayHeaders(seen)),
  }
}

const wanted = new Set([...onlyOnce, 'precedence'])

/** Header fields of a template that the message lacks, as they are written. */
function missingOf(
  defaults: MailDefaults | undefined,
  { fields, seen }: { fields: HeaderBlock['fields']; seen: ReadonlyMap<string, string> },
): [string, string][] {
  if (defaults === undefined) return []
  const { from, subject, replyTo, others } = defaults
  const named = new Set(fields.map(({ lower }) => lower))
  const written = (name: string, text: string): [string, string] => [
    name,
    isFoldable(text) ? text : encodeHeaderText(text, { firstLineUsed: name.length + 2 }),
  ]
  return [
    ...(from !== undefined && !named.has('from') ? [['From', formatMailbox(from)] as [string, string]] : []),
    ...(subject !== undefined && !seen.get('subject')?.trim() ? [written('Subject', subject)] : []),
    ...(replyTo.length > 0 && !named.has('reply-to')
      ? [['Reply-To', formatMailboxList(replyTo)] as [string, string]]
      : []),
    ...others
      .filter(([name, value]) => !named.has(name.toLowerCase()) && !breaksHeader(value))
      .map(([name, value]) => written(name, value)),
  ]
}

function readFrom(value: string | undefined): Mailbox {
  if (value === undefined) {
    throw new Refused(
      'bad-header',
      'the message has no From header; it needs exactly one, such as "From: Shop <hello@shop.example>"',
    )
  }
  const mailboxes = parseMailboxList(value)
  const first = mailboxes?.[0]
  if (mailboxes === undefined || first === undefined || hasGroup(value)) {
    throw new Refused('bad-header', `the From header holds no address that can be read: ${excerpt(value)}`)
  }
  if (mailboxes.length > 1) {
    throw new Refused('bad-header', `the From header holds ${mailboxes.length} addresses; it may hold one`)
  }
  return first
}

/** The one who wrote the message for the one in From. Undefined where there is none. */
export function readSender(value: string | undefined): Mailbox | undefined {
  if (value === undefined) return undefined
  const mailboxes = parseMailboxList(value)
  const first = mailboxes?.[0]
  if (mailboxes?.length !== 1 || first === undefined || hasGroup(value)) {
    throw new Refused('bad-header', `the Sender header must hold one address: ${excerpt(value)}`)
  }
  return first
}

function decodedRelayHeaders(seen: ReadonlyMap<string, string>): Map<string, string> {
  const decoded = new Map<string, string>()
  for (const [name, value] of seen) {
    if (isRelayHeader(name)) decoded.set(name, decodeEncodedWords(value))
  }
  return decoded
}

/** Part of a header for an error text: printable, short. */
function excerpt(value: string): string {
  const printable = value.replace(/[^\x20-\x7e]/g, '?').trim()
  return printable.length > 80 ? `${printable.slice(0, 80)}…` : printable
}
