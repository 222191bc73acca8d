/** A message from its parts: header, MIME structure (only as much as is needed), encodings; CRLF throughout. */
import { hash, randomBytes } from 'node:crypto'
import { formatFilename, isContentType, withUtf8 } from './content-type.ts'
import { formatDate } from './date.ts'
import { encodeHeaderText, isFoldable } from './encoded-words.ts'
import { foldHeader, readHeaderBlock } from './headers.ts'
import { formatMailbox, formatMailboxList, type Mailbox } from './mailbox.ts'
import { encodeText, toBase64Lines } from './transfer-encoding.ts'

export type Attachment = {
  /** Parameters allowed. What is no content type is sent as `application/octet-stream` (RFC 2045 §5.2). */
  contentType: string
  filename: string
  content: Uint8Array
}

export type InlineAttachment = Attachment & {
  /** Without angle brackets. */
  contentId: string
}

export type MessageParts = {
  from: Mailbox
  sender?: Mailbox
  replyTo: readonly Mailbox[]
  to: readonly Mailbox[]
  cc: readonly Mailbox[]
  subject: string
  /** With angle brackets. */
  messageId: string
  date: number
  /** Names that the composer writes itself, and Bcc, are left out. Values without CR, LF and NUL, else it throws. */
  headers: readonly (readonly [name: string, value: string])[]
  text?: string
  html?: string
  attachments: readonly Attachment[]
  inlineAttachments: readonly InlineAttachment[]
}

const writtenHere = new Set([
  'date',
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'subject',
  'message-id',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'content-disposition',
  'content-id',
])

/** Header fields (each with its CRLF) and body of a MIME entity. */
type Entity = { header: string; body: readonly (string | Buffer)[] }

export function composeMessage(message: MessageParts): Buffer {
  const content = composeContent(message)
  return toBuffer([`${composeHeader(message)}MIME-Version: 1.0\r\n${content.header}\r\n`, ...content.body])
}

function composeHeader(message: MessageParts): string {
  const { sender, replyTo, to, cc } = message
  let header = `Date: ${formatDate(message.date)}\r\n${foldHeader('From', formatMailbox(message.from))}`
  if (sender !== undefined) header += foldHeader('Sender', formatMailbox(sender))
  if (replyTo.length > 0) header += foldHeader('Reply-To', formatMailboxList(replyTo))
  if (to.length > 0) header += foldHeader('To', formatMailboxList(to))
  // RFC 5322 §3.6.3 needs no destination, but receivers count a message without any as spam.
  else if (cc.length === 0) header += 'To: undisclosed-recipients:;\r\n'
  if (cc.length > 0) header += foldHeader('Cc', formatMailboxList(cc))
  header += foldHeader('Subject', encodeHeaderText(message.subject, { firstLineUsed: 'Subject: '.length }))
  header += foldHeader('Message-ID', message.messageId)
  for (const [name, value] of message.headers) {
    if (!writtenHere.has(name.toLowerCase())) header += foldHeader(name, encodeValue(name, value))
  }
  return header
}

/** Values that can go out as they are do so: encoded words in them are the caller's. */
function encodeValue(name: string, value: string): string {
  return isFoldable(value) ? value : encodeHeaderText(value, { firstLineUsed: name.length + 2 })
}

function composeContent(message: MessageParts): Entity {
  const boundaries = chooseBoundaries(hash('sha256', message.messageId, 'hex').slice(0, 32))
  const { avoid } = boundaries
  return joinContent(message, {
    boundaries,
    inline: message.inlineAttachments.map((part) => attachmentEntity(part, avoid, part.contentId)),
    attached: message.attachments.map((part) => attachmentEntity(part, avoid)),
  })
}

/**
 * Other texts for a message that is there: MIME-Version, the fields of its content and the body, with whole MIME
 * entities of the message (without the line break that belongs to the boundary after them) beside the texts.
 */
export function composeTexts(
  texts: Pick<MessageParts, 'text' | 'html'>,
  { inline, attached }: { inline: readonly Buffer[]; attached: readonly Buffer[] },
): Buffer {
  const boundaries = chooseBoundaries(randomBytes(16).toString('hex'))
  const content = joinContent(texts, {
    boundaries,
    inline: inline.map(wholeEntity),
    attached: attached.map(wholeEntity),
  })
  return toBuffer([`MIME-Version: 1.0\r\n${content.header}\r\n`, ...content.body])
}

function wholeEntity(entity: Buffer): Entity {
  const { bodyStart } = readHeaderBlock(entity)
  const body = entity.subarray(bodyStart)
  const header = entity.toString('utf8', 0, bodyStart).replace(/\r\n\r\n$/, '\r\n')
  return { header, body: body.length === 0 ? [body] : [body, '\r\n'] }
}

function joinContent(
  { text, html }: Pick<MessageParts, 'text' | 'html'>,
  { boundaries, inline, attached }: { boundaries: Boundaries; inline: Entity[]; attached: Entity[] },
): Entity {
  const { avoid } = boundaries
  const texts: Entity[] = []
  if (text !== undefined || html === undefined) texts.push(textEntity('text/plain', text ?? '', avoid))
  if (html !== undefined) texts.push(textEntity('text/html', html, avoid))
  let content = join('multipart/alternative', boundaries.alternative, texts)
  const others = html === undefined ? [...inline, ...attached] : attached
  if (html !== undefined) content = join('multipart/related', boundaries.related, [content, ...inline])
  return join('multipart/mixed', boundaries.mixed, [content, ...others])
}

type Boundaries = { mixed: string; related: string; alternative: string; avoid: readonly string[] }

/**
 * Of the same digest, so that the same message gives the same bytes. `=_` shows in neither quoted-printable nor base64;
 * text that goes out as it is and holds a boundary nevertheless is encoded (`avoid`).
 */
function chooseBoundaries(digest: string): Boundaries {
  return {
    mixed: `=_mixed_${digest}`,
    related: `=_related_${digest}`,
    alternative: `=_alternative_${digest}`,
    avoid: [digest],
  }
}

function textEntity(type: 'text/plain' | 'text/html', text: string, avoid: readonly string[]): Entity {
  const { encoding, body } = encodeText(text, avoid)
  return {
    header: `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n`,
    body: [body],
  }
}

function attachmentEntity(attachment: Attachment, avoid: readonly string[], contentId?: string): Entity {
  const { type, encoding, body } = encodeAttachment(attachment, avoid)
  const disposition = contentId === undefined ? 'attachment' : 'inline'
  let header = `${foldHeader('Content-Type', type)}Content-Transfer-Encoding: ${encoding}\r\n`
  if (contentId !== undefined) header += foldHeader('Content-ID', `<${encodeContentId(contentId)}>`)
  header += foldHeader('Content-Disposition', `${disposition}${formatFilename(attachment.filename)}`)
  return { header, body: [body] }
}

function encodeAttachment({ contentType, content }: Attachment, avoid: readonly string[]) {
  const type = contentType.trim()
  if (isContentType(type) && /^message\//i.test(type)) {
    const message = encodeText(Buffer.from(content).toString('latin1'), avoid)
    if (message.encoding === '7bit') return { type, ...message }
  }
  return { type: typeOfEncoded(type), encoding: 'base64', body: toBase64Lines(content) }
}

function typeOfEncoded(type: string): string {
  // RFC 2045 §6.4: multiparts and messages must not be encoded; as attachments they are files like any other.
  if (!isContentType(type) || /^(?:multipart|message)\//i.test(type)) return 'application/octet-stream'
  return /^text\//i.test(type) ? withUtf8(type) : type
}

/** Often a file name. RFC 2392 writes in a `cid:` link as %XX what cannot stand in a Content-ID. */
function encodeContentId(contentId: string): string {
  return contentId.toWellFormed().replaceAll(/[^!-;=?-~]/gu, encodeURIComponent)
}

/** One part needs no multipart around it. */
function join(type: string, boundary: string, parts: readonly Entity[]): Entity {
  const [only, second] = parts
  if (only !== undefined && second === undefined) return only
  const body: (string | Buffer)[] = []
  for (const part of parts) {
    body.push(`--${boundary}\r\n${part.header}\r\n`, ...part.body)
    // RFC 2046 §5.1.1: the line break before a boundary belongs to it. Every body of ours ends with one, or is empty.
    if (part.body[0]?.length === 0) body.push('\r\n')
  }
  body.push(`--${boundary}--\r\n`)
  return { header: `Content-Type: ${type};\r\n boundary="${boundary}"\r\n`, body }
}

function toBuffer(chunks: readonly (string | Buffer)[]): Buffer {
  let size = 0
  for (const chunk of chunks) size += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length
  const buffer = Buffer.allocUnsafe(size)
  let position = 0
  for (const chunk of chunks) {
    position += typeof chunk === 'string' ? buffer.write(chunk, position) : chunk.copy(buffer, position)
  }
  return buffer
}
