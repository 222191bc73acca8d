/** The envelope of a work item. */
import { type Address, isAscii as isAsciiAddress } from '../mail/address.ts'
import type { OutboundWork } from './outbound.ts'
import type { PreparedBody } from './prepare-body.ts'
import type { Transaction } from './transaction.ts'

/** `from`: the author that was written into the body. */
export type Envelope = { body: PreparedBody; from?: Address; envelopeFrom: string }

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
function needsSmtpUtf8({ recipients, message }: OutboundWork, { body, from }: Envelope): boolean {
  if (recipients.some(({ address }) => isUtf8(address))) return true
  if (from !== undefined && !isAsciiAddress(from)) return true
  return message.options.smtpUtf8 === true && !body.headerIsAscii
}

function isUtf8(address: string): boolean {
  return /[^\0-\x7f]/.test(address)
}
