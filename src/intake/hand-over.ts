/**
 * How accepted work reaches the sender without being read back: rows are stored already leased to this node, and the
 * content goes along in memory. Where the sender has no room, the work is stored as due and is claimed later.
 */
import type { Person } from '../contacts/persons.ts'
import type { DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import type { Work } from '../queue/work.ts'
import type { Lane } from '../storage/schema.ts'
import type { MessageOptions } from './submission.ts'

export type HandedWork = Work & {
  message: {
    id: MessageId
    keyId: KeyId
    lane: Lane
    priority: number
    acceptedAt: number
    expiresAt: number
    /** The envelope sender that the client asked for; '' for none. */
    envelopeFrom: string
    fromAddress: string
    sizeBytes: number
    options: MessageOptions
  }
  recipients: readonly {
    deliveryId: DeliveryId
    address: string
    attempts: number
    dsn?: string
    /** What is known of the contact, where the content is made for each (`options.mailingId`). */
    person?: Person
  }[]
  content: Buffer
}

/** What work takes in memory while it is with the sender, for its limit: each recipient is some objects and texts. */
export function sizeInMemory({
  content,
  recipients,
}: {
  content: { length: number }
  recipients: readonly unknown[]
}): number {
  return content.length + recipients.length * 500
}

export type HandOver = {
  /** Takes room for work of this size (`sizeInMemory`); false when the sender is full. */
  tryReserve(sizeBytes: number, lane: Lane): boolean
  /** Gives reserved work, after its commit. */
  take(work: HandedWork): void
  /** Gives room back when the commit failed. */
  unreserve(sizeBytes: number): void
  /** Stored work is waiting to be claimed. */
  wake(): void
}
