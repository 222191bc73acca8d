/** The envelope of a work item. */
import { isAscii } from 'node:buffer'
import { type Address, isAscii as isAsciiAddress } from '../mail/address.ts'
import type { OutboundWork } from './outbound.ts'
import type { PreparedBody } from './prepare-body.ts'
import type { Transaction } from './transaction.ts'

/** `content`: what the body was made of. `from`: the author that was written into it. */
export type Envelope = { body: PreparedBody; content: Buffer; from?: Address; envelopeFrom: string }

export function toTransaction(work: OutboundWork, envelope: Envelope): Transaction {
  const { body, envelopeFrom } = envelope
  const { ret, envid } = work.message.options
  return {
    envelopeFrom,
    recipients: work.recipients,
    body,
    smtpUtf8: isUtf8(envelopeFrom) || needsSmtpUtf8(work, envelope),
    ...(ret !== undefined && { ret }),
    ...(envid !== undefined && { envid }),
  }
}

/** That the client offered SMTPUTF8 does not mean that the message needs it (RFC 6531 §3.4). */
function needsSmtpUtf8({ recipients, message }: OutboundWork, { body, content, from }: Envelope): boolean {
  if (recipients.some(({ address }) => isUtf8(address))) return true
  if (from !== undefined && !isAsciiAddress(from)) return true
  if (message.options.smtpUtf8 !== true || body.isAscii) return false
  const headerEnd = content.indexOf('\r\n\r\n')
  return !isAscii(headerEnd === -1 ? content : content.subarray(0, headerEnd))
}

function isUtf8(address: string): boolean {
  return /[^\0-\x7f]/.test(address)
}
