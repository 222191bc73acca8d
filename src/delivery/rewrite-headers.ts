/**
 * The header as it goes out (reference/outgoing-mail-servers.md §6, §7): the From that the rules chose, the To that a
 * client wants to be seen, and fields that a client's library has encoded although nobody may. Before signing, on the
 * stored content, which is copied only where something changes.
 */
import { type Address, formatAddress, normaliseAddress } from '../mail/address.ts'
import { decodeEncodedWords } from '../mail/encoded-words.ts'
import {
  findHeader,
  foldHeader,
  type HeaderBlock,
  type HeaderField,
  headerValue,
  readHeaderBlock,
} from '../mail/headers.ts'
import { formatMailbox, parseMailboxList } from '../mail/mailbox.ts'

export type OutgoingHeader = {
  content: Buffer
  /** Of `content`. */
  header: HeaderBlock
  /** The new author, where there is one. */
  from?: Address
}

/** [start, end) of the content, and what stands there instead. */
type Edit = { start: number; end: number; text: Buffer | string }

/** Throws when `fromHeader` (`"name" <address>`, plain text) cannot be written into a header. */
export function rewriteHeaders(
  content: Buffer,
  { fromHeader }: { fromHeader?: string } = {},
): OutgoingHeader {
  const header = readHeaderBlock(content)
  const edits: Edit[] = []
  let from: Address | undefined
  if (fromHeader !== undefined) from = editFrom(content, header, fromHeader, edits)
  let steersTo = false
  for (const field of header.fields) {
    if (field.lower === 'x-forge-to' || field.lower === 'x-msg-to-add') {
      steersTo = true
      edits.push({ start: field.start, end: field.end, text: '' })
    } else if (neverEncoded.has(field.lower)) {
      const text = withoutEncodedWords(content, field)
      if (text !== undefined) edits.push({ start: field.start, end: field.end, text })
    }
  }
  if (steersTo) editTo(content, header, edits)
  if (edits.length === 0) return { content, header }
  const changed = applyEdits(content, edits)
  return { content: changed, header: readHeaderBlock(changed), ...(from !== undefined && { from }) }
}

function editFrom(content: Buffer, header: HeaderBlock, fromHeader: string, edits: Edit[]): Address {
  const mailboxes = parseMailboxList(fromHeader)
  const [mailbox] = mailboxes ?? []
  if (mailbox === undefined || mailboxes?.length !== 1) {
    throw new Error(`the From that the rules chose is not one address: ${JSON.stringify(fromHeader)}`)
  }
  const old = findHeader(header, 'from')
  const place = old ?? { start: 0, end: 0 }
  edits.push({ start: place.start, end: place.end, text: foldHeader('From', formatMailbox(mailbox)) })
  if (old === undefined || findHeader(header, 'reply-to') !== undefined) return mailbox.address
  const author = parseMailboxList(headerValue(content, old))?.[0]?.address
  const isSame = author !== undefined && normaliseAddress(author) === normaliseAddress(mailbox.address)
  // Answers go to the person, whatever address the message had to leave under.
  if (!isSame) edits.push({ start: old.end, end: old.end, text: renamed(content, old, 'Reply-To') })
  return mailbox.address
}

/** X-Forge-To takes the place of To, X-Msg-To-Add lengthens it; nobody gets the message because of either. */
function editTo(content: Buffer, header: HeaderBlock, edits: Edit[]): void {
  const to = findHeader(header, 'to')
  const forged = findHeader(header, 'x-forge-to')
  const isForged = forged !== undefined && headerValue(content, forged) !== ''
  const shown = isForged ? forged : to
  const added = addedMailboxes(content, header, shown)
  if (!isForged && added.length === 0) return
  const place = to ?? forged ?? findHeader(header, 'x-msg-to-add')
  if (place === undefined) return
  let text = ''
  if (shown !== undefined && headerValue(content, shown) !== '') {
    text = renamed(content, shown, 'To').toString('latin1')
  }
  for (const mailbox of added) {
    const bytes = Buffer.from(mailbox).toString('latin1')
    text = text === '' ? `To: ${bytes}\r\n` : `${text.slice(0, -2)},\r\n ${bytes}\r\n`
  }
  const start = to === undefined ? place.start : to.start
  const end = to === undefined ? place.start : to.end
  edits.push({ start, end, text: Buffer.from(text, 'latin1') })
}

function addedMailboxes(content: Buffer, header: HeaderBlock, shown: HeaderField | undefined): string[] {
  const field = findHeader(header, 'x-msg-to-add')
  if (field === undefined) return []
  const known = new Set<string>()
  const present = shown === undefined ? [] : parseMailboxList(headerValue(content, shown))
  for (const { address } of present ?? []) known.add(normaliseAddress(address))
  const added: string[] = []
  for (const mailbox of parseMailboxList(headerValue(content, field)) ?? []) {
    const key = normaliseAddress(mailbox.address)
    if (known.has(key)) continue
    known.add(key)
    // A name that is too long for a line is left out, rather than the whole message.
    const text = formatMailbox(mailbox)
    added.push(text.length > maxLine ? formatAddress(mailbox.address) : text)
  }
  return added
}

// RFC 5322 §2.1.1.
const maxLine = 998

/** The field under another name, its value byte for byte. */
function renamed(content: Buffer, field: HeaderField, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${name}:`), content.subarray(field.valueStart, field.end)])
}

/**
 * Addresses, ids and URIs without a place for encoded words. Python's library writes them all the same when a URL is
 * too long to fold, and then no mail program finds the way to unsubscribe.
 */
const neverEncoded = new Set([
  'message-id',
  'in-reply-to',
  'references',
  'list-unsubscribe',
  'list-unsubscribe-post',
  'list-subscribe',
  'list-help',
  'list-owner',
  'list-post',
  'list-archive',
])

function withoutEncodedWords(content: Buffer, field: HeaderField): string | undefined {
  const value = headerValue(content, field)
  if (!value.includes('=?')) return undefined
  const decoded = decodeEncodedWords(value).trim()
  if (decoded === value || !/^[ -~]+$/.test(decoded)) return undefined
  const line = `${field.name}: ${decoded}`
  return line.length <= maxLine ? `${line}\r\n` : undefined
}

function applyEdits(content: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = []
  let from = 0
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (start > from) parts.push(content.subarray(from, start))
    if (text.length > 0) parts.push(typeof text === 'string' ? Buffer.from(text) : text)
    from = Math.max(from, end)
  }
  parts.push(content.subarray(from))
  return Buffer.concat(parts)
}
