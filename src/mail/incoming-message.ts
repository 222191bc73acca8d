/**
 * A message that came to us, as values. Tolerant, because strangers wrote it, and bounded: whatever the bytes are, it
 * neither throws nor takes longer than its size explains.
 */
import { parseAddress } from './address.ts'
import { type ContentValue, parseContentValue, readFilename } from './content-type.ts'
import { parseDate } from './date.ts'
import { decodeEncodedWords } from './encoded-words.ts'
import { findHeaderValue, headerValue, readHeaderBlock } from './headers.ts'
import { type Mailbox, parseMailboxList } from './mailbox.ts'
import { readMessageIds } from './message-ids.ts'
import { contentOf, leavesOf, type MimePart, readMimeMessage, textOf } from './mime-parts.ts'

export type IncomingMessage = {
  /** With angle brackets, as all ids here; undefined when the message has none. */
  messageId: string | undefined
  from: Mailbox | undefined
  sender: Mailbox[]
  replyTo: Mailbox[]
  /** [] for the null sender and for none. */
  returnPath: Mailbox[]
  to: Mailbox[]
  cc: Mailbox[]
  deliveredTo: Mailbox[]
  resentTo: Mailbox[]
  resentCc: Mailbox[]
  /** Delivered-To, To, Cc, Resent-To and Resent-Cc, each address once. */
  recipients: Mailbox[]
  inReplyTo: string[]
  /** The last 32. */
  references: string[]
  /** Decoded, on one line; '' when there is none. */
  subject: string
  /** Undefined when there is none that could be read. */
  date: number | undefined
  text: string | undefined
  html: string | undefined
  attachments: IncomingAttachment[]
  /** In their order, unfolded, encoded words left as they are. */
  headers: { name: string; value: string }[]
  /** First word, lower-case: `auto-replied`. */
  autoSubmitted: string | undefined
  /** Lower-case. */
  precedence: string | undefined
  contentType: ContentValue
  /** It has more parts than are read: what is here is not all of it. */
  isCutOff: boolean
}

export type IncomingAttachment = {
  name?: string
  /** Lower-case. */
  mimeType: string
  /** Without angle brackets. */
  contentId?: string
  disposition?: string
  content: Uint8Array
}

const maxTextLength = 4 * 1024 * 1024
const maxReferences = 32
const maxMailboxes = 1_000
const maxSubjectLength = 2_000

export function readIncoming(received: Buffer): Promise<IncomingMessage> {
  return Promise.resolve(parseIncoming(received))
}

export function parseIncoming(received: Buffer): IncomingMessage {
  const raw = withCrlf(received)
  const tree = readMimeMessage(raw)
  const headers = tree.block.fields.map((field) => ({ name: field.name, value: headerValue(raw, field) }))
  const first = (name: string) => findHeaderValue(raw, tree.block, name)
  const mailboxes = (name: string) => readMailboxes(valuesOf(headers, name))
  const to = mailboxes('to')
  const cc = mailboxes('cc')
  const deliveredTo = mailboxes('delivered-to')
  const resentTo = mailboxes('resent-to')
  const resentCc = mailboxes('resent-cc')
  const [from] = mailboxes('from')
  return {
    messageId: readMessageIds(first('message-id') ?? '')[0],
    from,
    sender: mailboxes('sender'),
    replyTo: mailboxes('reply-to'),
    returnPath: mailboxes('return-path'),
    to,
    cc,
    deliveredTo,
    resentTo,
    resentCc,
    recipients: eachOnce([...deliveredTo, ...to, ...cc, ...resentTo, ...resentCc]),
    inReplyTo: readMessageIds(first('in-reply-to') ?? '').slice(0, maxReferences),
    references: readMessageIds(first('references') ?? '').slice(-maxReferences),
    subject: oneLine(decodeEncodedWords((first('subject') ?? '').slice(0, 4 * maxSubjectLength))),
    date: parseDate(first('date') ?? ''),
    ...readBodies(raw, tree),
    headers,
    autoSubmitted: firstWord(first('auto-submitted')),
    precedence: firstWord(first('precedence')),
    contentType: parseContentValue(first('content-type') ?? 'text/plain'),
    isCutOff: tree.isCutOff,
  }
}

function valuesOf(headers: IncomingMessage['headers'], lower: string): string[] {
  return headers.filter(({ name }) => name.toLowerCase() === lower).map(({ value }) => value)
}

function readBodies(raw: Buffer, tree: MimePart): Pick<IncomingMessage, 'text' | 'html' | 'attachments'> {
  const texts: string[] = []
  const htmls: string[] = []
  const attachments: IncomingAttachment[] = []
  for (const part of leavesOf(tree)) {
    const { value } = part.contentType
    // A multipart without a boundary that works is the text that it contains.
    const isText = value === 'text/plain' || value === '' || value.startsWith('multipart/')
    if (isAttached(part)) attachments.push(toAttachment(raw, part))
    else if (isText) texts.push(textOf(raw, part))
    else if (value === 'text/html') htmls.push(textOf(raw, part))
    else attachments.push(toAttachment(raw, part))
  }
  return { text: joinTexts(texts), html: joinTexts(htmls), attachments }
}

function isAttached({ disposition }: MimePart): boolean {
  return (
    disposition?.value === 'attachment' ||
    (disposition !== undefined && readFilename(disposition) !== undefined)
  )
}

function toAttachment(raw: Buffer, part: MimePart): IncomingAttachment {
  const { contentType, disposition } = part
  const attachment: IncomingAttachment = { mimeType: contentType.value, content: contentOf(raw, part) }
  const name = (disposition && readFilename(disposition)) ?? readFilename(contentType)
  if (name !== undefined) attachment.name = oneLine(decodeEncodedWords(name)).slice(0, 255)
  const contentId = findHeaderValue(raw, part.block, 'content-id')
  if (contentId) attachment.contentId = contentId.replaceAll(/[<>\s]/g, '').slice(0, 998)
  if (disposition) attachment.disposition = disposition.value
  return attachment
}

function joinTexts(texts: readonly string[]): string | undefined {
  if (texts.length === 0) return undefined
  const joined = texts.map((text) => text.replaceAll('\r\n', '\n')).join('\n')
  return joined.slice(0, maxTextLength).toWellFormed()
}

/**
 * The mailboxes of all fields of a name. Where a field as a whole is no list of addresses, those of its entries that
 * are addresses count: `Undisclosed <>, lea@shop.example`.
 */
export function readMailboxes(values: readonly string[]): Mailbox[] {
  const found: Mailbox[] = []
  for (const value of values) {
    found.push(...(parseMailboxList(value) ?? readEntries(value)))
    if (found.length >= maxMailboxes) return found.slice(0, maxMailboxes)
  }
  return found
}

function readEntries(value: string): Mailbox[] {
  return value
    .slice(0, 65_536)
    .split(',')
    .flatMap((entry) => parseMailboxList(entry) ?? looseMailbox(entry))
}

function looseMailbox(entry: string): Mailbox[] {
  const [, angle] = /<([^<>]{1,330})>/.exec(entry) ?? []
  const [bare] =
    angle === undefined ? (/[^\s"'<>()[\],;:@]{1,64}@[a-z0-9.-]{1,253}/i.exec(entry) ?? []) : [angle]
  const address = bare === undefined ? undefined : parseAddress(bare.trim())
  return address === undefined ? [] : [{ name: '', address }]
}

function eachOnce(mailboxes: readonly Mailbox[]): Mailbox[] {
  const seen = new Map<string, Mailbox>()
  for (const mailbox of mailboxes) {
    const key = `${mailbox.address.local}@${mailbox.address.domain}`.toLowerCase()
    if (!seen.has(key)) seen.set(key, mailbox)
  }
  return [...seen.values()]
}

function firstWord(value: string | undefined): string | undefined {
  return value === undefined ? undefined : (/^[^\s;(]{0,100}/.exec(value.trim())?.[0] ?? '').toLowerCase()
}

function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, maxSubjectLength)
}

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Files and pipes have bare line feeds, and mailboxes a first line `From …`; SMTP has neither. */
export function withCrlf(received: Buffer): Buffer {
  const raw = received.subarray(0, 5).toString('latin1') === 'From ' ? afterFirstLine(received) : received
  const firstBreak = raw.indexOf(lineFeed)
  const needsWork = firstBreak !== -1 && hasBareLineFeed(raw, firstBreak)
  return needsWork ? Buffer.from(raw.toString('latin1').replaceAll(/(?<!\r)\n/g, '\r\n'), 'latin1') : raw
}

function hasBareLineFeed(raw: Buffer, from: number): boolean {
  for (let at = from; at !== -1; at = raw.indexOf(lineFeed, at + 1)) {
    if (raw[at - 1] !== carriageReturn) return true
  }
  return false
}

function afterFirstLine(raw: Buffer): Buffer {
  const at = raw.indexOf(lineFeed)
  return at === -1 ? raw : raw.subarray(at + 1)
}

/** The header of a message that is inside another; tolerant of what comes before it. */
export function readInnerHeader(content: Buffer): {
  first(lower: string): string | undefined
  bodyStart: number
} {
  const raw = withCrlf(trimStart(content))
  const block = readHeaderBlock(raw)
  return { first: (lower) => findHeaderValue(raw, block, lower), bodyStart: block.bodyStart }
}

function trimStart(content: Buffer): Buffer {
  let start = 0
  while (content[start] === carriageReturn || content[start] === lineFeed) start += 1
  return content.subarray(start)
}
