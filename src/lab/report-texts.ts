/** The reports that simulated mailboxes send back: an RFC 5965 complaint and an RFC 3464 bounce. */
import { randomUUID } from 'node:crypto'
import { type Address, formatAddress, parseAddress } from '../mail/address.ts'
import { readHeaderBlock } from '../mail/headers.ts'
import { composeComplaint, composeDsn } from '../mail/reports.ts'
import { labDomain, labHost } from './zone.ts'

/** A message that was taken, as far as a report tells about it. */
export type ReportedMessage = {
  /** Where the report goes: the return path of the message. */
  sender: Address
  recipient: Address
  raw: Buffer
  receivedAt: number
  remoteAddress: string
  /** RFC 3461 parameters of MAIL, as they came. */
  envid?: string
  ret?: 'FULL' | 'HDRS'
}

/** Larger originals go back without their body. */
const maxReturnedBytes = 256 * 1024

/** The null sender is the caller's part. */
export function composeSpamComplaint(message: ReportedMessage, now: number): Buffer {
  return composeComplaint({
    ...common(message, now, 'feedback'),
    original: shortened(message.raw),
    explanation:
      `This is a complaint about a message received by ${labHost} for ${formatAddress(message.recipient)}.\r\n` +
      'The recipient pressed "This is spam". (The mailbox spam@ of the lab always does.)\r\n',
    feedbackType: 'abuse',
    userAgent: 'Paravion-Lab/1.0',
    originalMailFrom: message.sender,
    originalRecipient: message.recipient,
    arrivalDate: message.receivedAt,
    sourceIp: message.remoteAddress,
    reportedDomain: message.sender.domain,
  })
}

export function composeBounce(message: ReportedMessage, now: number): Buffer {
  return composeDsn({
    ...common(message, now, 'MAILER-DAEMON'),
    original: shortened(message.raw),
    explanation:
      `Your message to ${formatAddress(message.recipient)} was taken by ${labHost}, and could then not be\r\n` +
      'delivered: there is no such mailbox. (The mailbox bounce-later@ of the lab always does this.)\r\n',
    reportingMta: labHost,
    ...(message.envid === undefined ? {} : { originalEnvelopeId: decodeXtext(message.envid) }),
    arrivalDate: message.receivedAt,
    recipients: [
      {
        finalRecipient: message.recipient,
        action: 'failed',
        status: '5.1.1',
        remoteMta: labHost,
        diagnostic: '550 5.1.1 No such user here',
      },
    ],
    ret: message.ret ?? 'HDRS',
  })
}

function common(message: ReportedMessage, now: number, local: string) {
  const address = parseAddress(`${local}@${labDomain}`)
  if (address === undefined) throw new Error(`${local} is no local part`)
  return {
    from: { name: 'Mail Delivery System', address },
    to: { name: '', address: message.sender },
    messageId: `<${randomUUID()}@${labHost}>`,
    date: now,
  }
}

function shortened(raw: Buffer): Buffer {
  return raw.length <= maxReturnedBytes ? raw : raw.subarray(0, readHeaderBlock(raw).bodyStart)
}

/** RFC 3461 §4: `+` and two hex digits stand for a character. */
function decodeXtext(text: string): string {
  return text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
