/** The report (RFC 3464) that tells a client which recipients of its message did not get it. Pure. */

import { parseAddress } from '../mail/address.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import { classRules, type ReplyClass, replyClasses } from '../mail/reply-classes.ts'
import { composeDsn, type DsnRecipient } from '../mail/reports.ts'

export type FailedDelivery = {
  recipient: string
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
    deliveries: readonly FailedDelivery[]
    from: Mailbox
    to: Mailbox
    messageId: string
    /** Of the instance. */
    host: string
    now: number
  },
): Buffer {
  const recipients = deliveries.flatMap((delivery) => describeRecipient(delivery))
  const lines = deliveries.map(({ recipient, replyText }) => `  ${recipient}\n    ${replyText ?? 'failed'}`)
  return composeDsn({
    from,
    to,
    messageId,
    date: now,
    explanation: `Your message could not be delivered to:\n\n${lines.join('\n')}\n\nIt will not be tried again. Its header is attached.\n`,
    original: message.content,
    reportingMta: host,
    ...(message.envid !== undefined && { originalEnvelopeId: decodeXtext(message.envid) }),
    arrivalDate: message.acceptedAt,
    recipients,
    ret: message.ret ?? 'HDRS',
  })
}

function describeRecipient(delivery: FailedDelivery): DsnRecipient[] {
  const finalRecipient = parseAddress(delivery.recipient)
  if (finalRecipient === undefined) return []
  const { replyCode, replyText, host } = delivery
  const orcpt = /(?:^|\s)ORCPT=(\S+)/i.exec(delivery.dsn ?? '')?.[1]
  return [
    {
      ...(orcpt !== undefined && { originalRecipient: decodeXtext(orcpt) }),
      finalRecipient,
      action: 'failed',
      status: statusOf(delivery),
      ...(replyCode !== null && host !== '' && { remoteMta: host }),
      ...(replyCode !== null && { diagnostic: `${replyCode} ${replyText ?? ''}`.trim() }),
    },
  ]
}

/** What the remote said, provided that it is final; else what the class of the failure means (RFC 3463). */
export function statusOf({ class: failureClass, replyText }: FailedDelivery): string {
  const said = /^5\.\d{1,3}\.\d{1,3}\b/.exec(replyText ?? '')?.[0]
  if (said !== undefined) return said
  const known = replyClasses.find((name): name is ReplyClass => name === failureClass)
  if (known === 'expired') return '5.4.7'
  if (known === 'mailbox-full') return '5.2.2'
  if (known === 'bad-domain') return '5.1.2'
  if (known === undefined) return '5.0.0'
  const { kind } = classRules[known]
  return kind === 'hard' ? '5.1.1' : kind === 'soft' ? '5.0.0' : '5.7.1'
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
