/**
 * Is a message a report about mail of ours, and what does it report? Complaints first, then what is machine-readable,
 * then the texts of programs that we know, then automatic answers, then the words of anything that speaks for a mail
 * system. Whether the mail was ours is for whoever acts on it to find out.
 */
import { formatAddress } from './address.ts'
import { autoReplySign } from './auto-reply.ts'
import { type BounceForm, type BounceSource, readBounceText, readPlainBounce } from './bounce-texts.ts'
import { type Complaint, readFeedbackReport } from './complaint.ts'
import { readDeliveryStatus } from './delivery-status.ts'
import { decodeEncodedWords } from './encoded-words.ts'
import { type IncomingMessage, readInnerHeader, withCrlf } from './incoming-message.ts'
import { readMessageIds } from './message-ids.ts'
import { contentOf, leavesOf, type MimePart, readMimeTree, textOf } from './mime-parts.ts'
import {
  htmlToWords,
  plainWords,
  type ReportedMessage,
  type ReportedRecipient,
  readReportedAddress,
} from './report-text.ts'

export type DeliveryReport = {
  kind: 'delivery-status'
  form: 'rfc3464' | BounceForm
  /** [] when nothing that names them could be read. */
  recipients: ReportedRecipient[]
  /** The words for people, on one line. */
  text: string
  original: ReportedMessage
}

export type ReadReport = DeliveryReport | Complaint | { kind: 'auto-reply'; why: string }

/** reference/deliverability.md §10: what comes after is the returned message, whose beginning is enough. */
const maxReportBytes = 1024 * 1024

export function readReport(message: IncomingMessage, received: Buffer): ReadReport | undefined {
  const raw = withCrlf(received.subarray(0, maxReportBytes))
  const leaves = leavesOf(readMimeTree(raw))
  const { words, returned, machine, feedback } = sortParts(raw, leaves)
  const original = (inner?: Buffer) => readOriginal(message, inner ?? returned)

  const complaint =
    feedback === undefined ? readJmrp(message, original()) : readFeedbackReport(feedback, original())
  if (complaint !== undefined) return complaint

  const source: BounceSource = {
    text: words,
    subject: message.subject,
    failedRecipients: message.headers
      .filter(({ name }) => name.toLowerCase() === 'x-failed-recipients')
      .map(({ value }) => value),
  }
  const status = machine === undefined ? undefined : readDeliveryStatus(machine)
  if (status !== undefined) {
    const { envelopeId } = status
    return {
      kind: 'delivery-status',
      form: 'rfc3464',
      recipients: withWords(status.recipients, words),
      text: plainWords(words),
      original: { ...original(), ...(envelopeId !== undefined && { envelopeId }) },
    }
  }
  const speaksForSystem = isFromMailSystem(message)
  const known = speaksForSystem || isReportType(message) ? readBounceText(source) : undefined
  const sign = autoReplySign(message)
  const isBounce = speaksForSystem || isReportType(message) || source.failedRecipients.length > 0
  const found = known ?? (isBounce ? readPlainBounce(source, ownAddresses(message)) : undefined)
  if (found !== undefined) {
    const inner = found.returned === undefined ? undefined : Buffer.from(found.returned.slice(0, 65_536))
    return {
      kind: 'delivery-status',
      form: found.form,
      recipients: found.recipients,
      text: plainWords(words),
      original: original(returned === undefined ? inner : undefined),
    }
  }
  return sign === undefined ? undefined : { kind: 'auto-reply', why: sign }
}

function sortParts(raw: Buffer, leaves: readonly MimePart[]) {
  let machine: string | undefined
  let feedback: string | undefined
  let returned: Buffer | undefined
  const texts: string[] = []
  let html = ''
  for (const part of leaves) {
    const { value } = part.contentType
    if (/^message\/(?:global-)?delivery-status$/.test(value)) machine ??= textOf(raw, part)
    else if (value === 'message/feedback-report') feedback ??= textOf(raw, part)
    else if (
      /^(?:message\/(?:rfc822|global|partial)|(?:text|message)\/(?:rfc822|global)-headers)$/.test(value)
    ) {
      returned ??= contentOf(raw, part)
    } else if (value === 'text/plain' || value === '') {
      const text = textOf(raw, part).replaceAll('\r\n', '\n')
      // Typed as plain text by gateways that did not know the type.
      if (texts.length > 0 && machine === undefined && /^(?:Final|Original)-Recipient[ \t]*:/im.test(text))
        machine = text
      else if (texts.length > 0 && returned === undefined && looksLikeHeader(text))
        returned = Buffer.from(text)
      else texts.push(text)
    } else if (value === 'text/html') html ||= htmlToWords(textOf(raw, part))
  }
  const words = texts.join('\n').trim() === '' ? html : texts.join('\n')
  return { words, returned, machine, feedback }
}

function looksLikeHeader(text: string): boolean {
  const start = text.slice(0, 20_000)
  return (
    /^(?:Message-ID|Received|Return-Path|From):/im.test(start) && /^[A-Za-z][\w-]*:/.test(start.trimStart())
  )
}

/** The words for people stand in where a recipient's own are missing, and there is one recipient. */
function withWords(recipients: ReportedRecipient[], words: string): ReportedRecipient[] {
  const [only, ...others] = recipients
  if (only === undefined || others.length > 0 || only.text !== '') return recipients
  return [{ ...only, text: plainWords(words) }]
}

function isReportType({ contentType }: IncomingMessage): boolean {
  return contentType.value === 'multipart/report'
}

function isFromMailSystem({ from, sender, returnPath, headers, subject }: IncomingMessage): boolean {
  const speakers = [from, ...sender, ...returnPath].flatMap((mailbox) => mailbox?.address.local ?? [])
  if (
    speakers.some((local) =>
      /^(?:mailer-daemon|postmaster|mail-daemon|microsoftexchange[0-9a-f]*|mdaemon)$/i.test(local),
    )
  )
    return true
  const value = (lower: string) => headers.find(({ name }) => name.toLowerCase() === lower)?.value
  // `From: MAILER-DAEMON` is no address, and is what some write.
  if (/mailer-daemon|^\s*postmaster\s*$/i.test(value('from') ?? '')) return true
  const isNull = value('return-path')?.replaceAll(/\s/g, '') === '<>'
  return (
    isNull && /undeliver|fail|delivery status|returned mail|unzustellbar|mail delivery|delay/i.test(subject)
  )
}

/** Whom the report came to and from: their addresses in its text are not the ones that failed. */
function ownAddresses({ from, recipients }: IncomingMessage): string[] {
  return [from, ...recipients].flatMap((mailbox) =>
    mailbox === undefined ? [] : formatAddress(mailbox.address),
  )
}

const returnPathNames = ['return-path', 'x-envelope-from', 'x-original-mail-from']

function readOriginal(message: IncomingMessage, returned: Buffer | undefined): ReportedMessage {
  const original: ReportedMessage = {
    messageIds: [],
    references: [...new Set([...message.inReplyTo, ...message.references])],
    returnPaths: [],
  }
  if (returned === undefined) return original
  const { first } = readInnerHeader(returned)
  const ids = ['message-id', 'x-microsoft-original-message-id'].flatMap((name) =>
    readMessageIds(first(name) ?? ''),
  )
  original.messageIds = [...new Set(ids)].slice(0, 10)
  original.returnPaths = returnPathNames.flatMap((name) => readReportedAddress(first(name) ?? '') ?? [])
  for (const name of ['from', 'to', 'subject'] as const) {
    const value = first(name)
    if (value !== undefined) original[name] = plainWords(decodeEncodedWords(value.slice(0, 2_000)))
  }
  return original
}

/** Microsoft's programme sends the message itself as an attachment, with the recipient in a header of its own. */
function readJmrp(message: IncomingMessage, original: ReportedMessage): Complaint | undefined {
  const written = message.headers.find(({ name }) => name.toLowerCase() === 'x-hmxmroriginalrecipient')
  const inner = message.attachments.find(({ mimeType }) => mimeType === 'message/rfc822')
  const value =
    written?.value ?? (inner && readInnerHeader(Buffer.from(inner.content)).first('x-hmxmroriginalrecipient'))
  if (value === undefined) return undefined
  const recipient = readReportedAddress(value)
  return {
    kind: 'complaint',
    feedbackType: 'abuse',
    userAgent: 'JMRP',
    originalRecipients: recipient === undefined ? [] : [recipient],
    original,
  }
}
