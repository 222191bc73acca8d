/**
 * Reads a message that a client submitted over SMTP and makes it fit to leave: what steers the relay and what must not
 * be seen is taken out, what is missing is added, everything else stays byte for byte (RFC 6409 §8).
 */
import { formatDate } from '../mail/date.ts'
import { decodeEncodedWords } from '../mail/encoded-words.ts'
import { headerValue, maxHeaderBytes, maxHeaderFields, readHeaderBlock } from '../mail/headers.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import { hasGroup, parseMailboxList } from '../mail/mailbox.ts'
import { Refused } from '../runtime/refused.ts'
import type { RelayFeatures } from './relay-headers.ts'
import { isRelayHeader, readRelayFeatures } from './relay-headers.ts'

export type SubmittedMessage = {
  /** Ready to store: header, blank line, body. */
  content: Buffer
  from: Mailbox
  sender?: Mailbox
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

/** `received`: our trace header, with its CRLF. Throws Refused when the message cannot go out as it is. */
export function readSubmitted(
  raw: Buffer,
  {
    received,
    now,
    makeMessageId,
  }: { received: string; now: number; makeMessageId: (domain: string) => string },
): SubmittedMessage {
  const { fields, bodyStart, malformed, oversized } = readHeaderBlock(raw)
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
  let keptFrom = 0
  for (const field of fields) {
    const name = field.lower
    if (onlyOnce.has(name) && seen.has(name)) {
      throw new Refused('bad-header', `the header ${field.name} occurs twice; RFC 5322 allows it once`)
    }
    if (isRelayHeader(name) || wanted.has(name)) {
      if (!seen.has(name)) seen.set(name, headerValue(raw, field))
    }
    if (isRelayHeader(name) || name === 'bcc' || name === 'return-path') {
      if (field.start > keptFrom) kept.push(raw.subarray(keptFrom, field.start))
      keptFrom = field.end
    }
  }
  kept.push(raw.subarray(keptFrom))

  const from = readFrom(seen.get('from'))
  const sender = readSender(seen.get('sender'))
  const added = [received]
  if (!seen.has('date')) added.push(`Date: ${formatDate(now)}\r\n`)
  let messageId = seen.get('message-id')?.trim()
  if (messageId === undefined || messageId === '') {
    messageId = makeMessageId(from.address.domain)
    added.push(`Message-ID: ${messageId}\r\n`)
  }
  // A message that is all header still needs the empty line that ends it.
  const end = bodyStart === raw.length && raw.toString('latin1', raw.length - 4) !== '\r\n\r\n' ? '\r\n' : ''
  const message: SubmittedMessage = {
    content: Buffer.concat([Buffer.from(added.join(''), 'utf8'), ...kept, Buffer.from(end)]),
    from,
    subject: decodeEncodedWords(seen.get('subject') ?? '').trim(),
    messageId,
    bulk: /^(?:bulk|list)$/i.test(seen.get('precedence')?.trim() ?? ''),
    features: readRelayFeatures(decodedRelayHeaders(seen)),
  }
  if (sender !== undefined) message.sender = sender
  return message
}

const wanted = new Set([...onlyOnce, 'precedence'])

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

function readSender(value: string | undefined): Mailbox | undefined {
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
