/** What is posted for a mail that came for a program, as Mailjet's Parse API does (reference/events-parse.md B2). */
import { decodeEncodedWords } from '../../mail/encoded-words.ts'
import { type HeaderBlock, type HeaderField, unfold } from '../../mail/headers.ts'
import { parseIncoming, withCrlf } from '../../mail/incoming-message.ts'
import { contentOf, decodeText, type MimePart, readMimeTree, textOf } from '../../mail/mime-parts.ts'
import type { ToldMail } from '../../webhooks/read-mail.ts'

/** These are shown as one text, all others as a list. */
const single = new Set([
  'date',
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
])

export function formatMail(mail: ToldMail): object {
  const raw = withCrlf(mail.raw)
  const tree = readMimeTree(raw)
  const contents = createContents(raw)
  const parts = listParts(tree).map((part) => {
    const ref = part.children.length > 0 ? undefined : contents.add(part)
    return { Headers: listHeaders(raw, part.block), ...(ref !== undefined && { ContentRef: ref }) }
  })
  return {
    Sender: mail.envelopeFrom,
    Recipient: mail.recipient,
    Date: formatDate(mail.message.date) ?? formatDate(mail.receivedAt),
    From: decodedHeader(raw, tree.block, 'from'),
    Subject: decodedHeader(raw, tree.block, 'subject'),
    Headers: messageHeaders(raw, tree.block, mail.envelopeFrom),
    Parts: parts,
    ...contents.all(),
    // Nothing here judges spam.
    SpamAssassinScore: '0.0',
    CustomID: mail.customId,
    Payload: mail.payload,
  }
}

/** Document order. The root is the message; where it is no container, it is also its only part. */
function listParts(root: MimePart): MimePart[] {
  const below = (part: MimePart): MimePart[] => part.children.flatMap((child) => [child, ...below(child)])
  return root.children.length === 0 ? [root] : below(root)
}

function createContents(raw: Buffer) {
  const texts: string[] = []
  const htmls: string[] = []
  const files: Record<string, string> = {}
  let attachments = 0
  let inlines = 0

  return {
    /** The name under which its content stands. */
    add(part: MimePart): string {
      const { value } = part.contentType
      const disposition = part.disposition?.value
      const isText = value === 'text/plain' || value === '' || value.startsWith('multipart/')
      const isBody = (isText || value === 'text/html') && disposition !== 'attachment' && !hasName(part)
      if (isBody && !(disposition === 'inline' && hasContentId(part))) {
        if (value === 'text/html') {
          htmls.push(textOf(raw, part))
          return 'Html-part'
        }
        texts.push(textOf(raw, part))
        return 'Text-part'
      }
      const isInline = disposition === 'inline' || (disposition !== 'attachment' && hasContentId(part))
      const name = isInline ? `InlineAttachment${++inlines}` : `Attachment${++attachments}`
      files[name] = Buffer.from(contentOf(raw, part)).toString('base64')
      return name
    },
    all: () => ({
      ...(texts.length > 0 && { 'Text-part': joined(texts) }),
      ...(htmls.length > 0 && { 'Html-part': joined(htmls) }),
      ...files,
    }),
  }
}

function hasName({ contentType, disposition }: MimePart): boolean {
  const named = (parameters: ReadonlyMap<string, string> | undefined, name: string) =>
    parameters !== undefined &&
    [...parameters.keys()].some((key) => key === name || key.startsWith(`${name}*`))
  return named(disposition?.parameters, 'filename') || named(contentType.parameters, 'name')
}

function hasContentId({ block }: MimePart): boolean {
  return block.fields.some(({ lower }) => lower === 'content-id')
}

function joined(texts: readonly string[]): string {
  return texts
    .map((text) => text.replaceAll('\r\n', '\n'))
    .join('\n')
    .toWellFormed()
}

function messageHeaders(raw: Buffer, block: HeaderBlock, envelopeFrom: string): object {
  const lists = listHeaders(raw, block)
  // RFC 5321 §4.4: whoever delivers a message says where it came from.
  if (!block.fields.some(({ lower }) => lower === 'return-path')) lists['Return-Path'] = [`<${envelopeFrom}>`]
  return Object.fromEntries(
    Object.entries(lists).map(([name, values]) => [
      name,
      single.has(name.toLowerCase()) ? (values[0] ?? '') : values,
    ]),
  )
}

/** By the name as it stands first; fields of a name in their order. */
function listHeaders(raw: Buffer, { fields }: HeaderBlock): Record<string, string[]> {
  const lists = new Map<string, { name: string; values: string[] }>()
  for (const field of fields) {
    const known = lists.get(field.lower) ?? { name: field.name, values: [] }
    known.values.push(fieldText(raw, field))
    lists.set(field.lower, known)
  }
  return Object.fromEntries([...lists.values()].map(({ name, values }) => [name, values]))
}

/** Headers may hold bytes of any charset. */
function fieldText(raw: Buffer, { valueStart, end }: HeaderField): string {
  const bytes = raw.subarray(valueStart, end)
  return unfold(decodeText(bytes, undefined) ?? bytes.toString('latin1')).toWellFormed()
}

function decodedHeader(raw: Buffer, { fields }: HeaderBlock, lower: string): string {
  const field = fields.find((one) => one.lower === lower)
  return field === undefined ? '' : decodeEncodedWords(fieldText(raw, field)).toWellFormed()
}

/** `YYYYMMDDTHHMMSS`, UTC; undefined for a year that has not four digits, which only a strange Date header has. */
function formatDate(at: number | undefined): string | undefined {
  const text = at === undefined ? '' : new Date(at).toISOString()
  return /^\d{4}-/.test(text) ? text.slice(0, 19).replaceAll(/[-:]/g, '') : undefined
}

/** A mail that nobody sent, for trying a receiver. */
export function sampleMail(address: string, at: number): object {
  const raw = Buffer.from(
    [
      'From: Passenger <passenger@inbox.test>',
      `To: ${address}`,
      'Subject: This is a test',
      `Date: ${new Date(at).toUTCString()}`,
      `Message-ID: <test-${at}@inbox.test>`,
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'It works.',
      '',
    ].join('\r\n'),
  )
  return formatMail({
    raw,
    message: parseIncoming(raw),
    envelopeFrom: 'passenger@inbox.test',
    recipient: address,
    receivedAt: at,
    customId: '',
    payload: '',
  })
}
