/** The report (RFC 3464) that tells a client what became of recipients of its message. Pure. */

import { type Notice, wants } from '../intake/dsn-wishes.ts'
import { parseAddress } from '../mail/address.ts'
import { readHeaderBlock } from '../mail/headers.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import { classRules, type ReplyClass, replyClasses } from '../mail/reply-classes.ts'
import { composeDsn, type DsnRecipient, subjectOfAction } from '../mail/reports.ts'
import type { DeliveryState } from '../storage/schema.ts'

export type ToldDelivery = {
  recipient: string
  notice: Notice
  class: string | null
  replyCode: number | null
  replyText: string | null
  /** Where it was tried last; '' when nowhere. */
  host: string
  dsn: string | null
}

export type ReportedMessage = {
  acceptedAt: number
  /** As stored, or, when it is stored no more, its header as far as it is known. */
  content: Buffer
  ret?: 'FULL' | 'HDRS'
  envid?: string
}

export function composeClientReport(
  message: ReportedMessage,
  {
    deliveries,
    from,
    to,
    messageId,
    host,
    now,
  }: {
    deliveries: readonly ToldDelivery[]
    from: Mailbox
    to: Mailbox
    messageId: string
    /** Of the instance. */
    host: string
    now: number
  },
): Buffer {
  const sorted = deliveries.toSorted((a, b) => notices.indexOf(a.notice) - notices.indexOf(b.notice))
  const hasFailed = sorted.some(({ notice }) => notice === 'failed')
  // RFC 3461 §4.3: RET is about failures.
  const ret = hasFailed ? (message.ret ?? 'HDRS') : 'HDRS'
  const attached = ret === 'FULL' ? 'It is attached.' : 'Its header is attached.'
  return composeDsn({
    from,
    to,
    messageId,
    date: now,
    explanation: `${explain(sorted)}\n\n${attached}\n`,
    original: message.content,
    reportingMta: host,
    ...(message.envid !== undefined && { originalEnvelopeId: decodeXtext(message.envid) }),
    arrivalDate: message.acceptedAt,
    recipients: sorted.flatMap(describeRecipient),
    ret,
  })
}

/** The gravest first. */
const notices: readonly Notice[] = ['failed', 'delayed', 'relayed']

const openings = {
  failed: 'Your message could not be delivered to the following, and will not be tried again:',
  delayed:
    'Your message has not arrived yet at the following. It is still being tried; you need not do anything:',
  relayed:
    'Your message was taken by the mail host of the following, which may not tell you when it arrives:',
} satisfies Record<Notice, string>

function explain(deliveries: readonly ToldDelivery[]): string {
  return notices
    .flatMap((notice) => {
      const lines = deliveries
        .filter((delivery) => delivery.notice === notice)
        .map(({ recipient, replyText }) => `  ${recipient}\n    ${replyText ?? notice}`)
      return lines.length === 0 ? [] : [`${openings[notice]}\n\n${lines.join('\n')}`]
    })
    .join('\n\n')
}

export function subjectOf(deliveries: readonly ToldDelivery[]): string {
  return subjectOfAction[
    notices.find((notice) => deliveries.some((one) => one.notice === notice)) ?? 'failed'
  ]
}

/** What there is to tell about a delivery that is in this state now. */
export function noticeOf({ state, dsn }: { state: DeliveryState; dsn: string | null }): Notice | undefined {
  if (state === 'failed' || state === 'blocked') return 'failed'
  // Its wish for a delay is gone since the moment in which it was owed.
  if (state === 'deferred') return 'delayed'
  return state === 'delivered' && wants(dsn ?? undefined, 'relayed') ? 'relayed' : undefined
}

function describeRecipient(delivery: ToldDelivery): DsnRecipient[] {
  const finalRecipient = parseAddress(delivery.recipient)
  if (finalRecipient === undefined) return []
  const { replyCode, replyText, host } = delivery
  const orcpt = /(?:^|\s)ORCPT=(\S+)/i.exec(delivery.dsn ?? '')?.[1]
  return [
    {
      ...(orcpt !== undefined && { originalRecipient: decodeXtext(orcpt) }),
      finalRecipient,
      action: delivery.notice,
      status: statusOf(delivery),
      ...(replyCode !== null && host !== '' && { remoteMta: host }),
      ...(replyCode !== null && { diagnostic: `${replyCode} ${replyText ?? ''}`.trim() }),
    },
  ]
}

/** What the remote said, provided that it is of that kind; else what the class of the failure means (RFC 3463). */
export function statusOf({ notice, class: failureClass, replyText }: ToldDelivery): string {
  if (notice === 'relayed') return '2.0.0'
  if (notice === 'delayed') return /^4\.\d{1,3}\.\d{1,3}\b/.exec(replyText ?? '')?.[0] ?? '4.0.0'
  const said = /^5\.\d{1,3}\.\d{1,3}\b/.exec(replyText ?? '')?.[0]
  if (said !== undefined) return said
  if (failureClass === 'suppressed') return '5.1.1'
  if (failureClass?.startsWith('suppressed-')) return '5.7.1'
  const known = replyClasses.find((name): name is ReplyClass => name === failureClass)
  if (known === 'expired') return '5.4.7'
  if (known === 'mailbox-full') return '5.2.2'
  if (known === 'bad-domain') return '5.1.2'
  if (known === undefined) return '5.0.0'
  const { kind } = classRules[known]
  return kind === 'hard' ? '5.1.1' : kind === 'soft' ? '5.0.0' : '5.7.1'
}

/** Mail that reports on other mail is never reported on, whatever envelope sender it was given. */
export function isReport(content: Buffer): boolean {
  const type = readHeaderBlock(content).fields.find(({ lower }) => lower === 'content-type')
  if (type === undefined) return false
  return /^\s*multipart\/report\b/i.test(content.toString('latin1', type.valueStart, type.end))
}

/** RFC 3461 §4: `+` and two hexadecimal digits stand for a character. */
export function decodeXtext(text: string): string {
  return text.replaceAll(/\+([0-9A-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
}

/** The header of a message whose text has been dropped. */
export function headerOnly(known: { from: string; subject: string; messageId: string }): Buffer {
  const clean = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, '?')
  return Buffer.from(
    `From: ${clean(known.from)}\r\nSubject: ${clean(known.subject)}\r\nMessage-ID: ${clean(known.messageId)}\r\n\r\n`,
  )
}
