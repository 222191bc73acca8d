import type { DeliveryId, KeyId, MessageId } from '../../mail/ids.ts'
import type { Instant } from '../schema.ts'

export type SuppressionReason =
  /** Its host said for good that there is no such mailbox. */
  | 'hard-bounce'
  /** It failed again and again. */
  | 'soft-bounces'
  /** The person pressed "this is spam". */
  | 'complaint'
  /** The person wants no mass mail. */
  | 'unsubscribe'
  | 'manual'
  | 'import'

export interface SuppressionTables {
  /** Addresses that an API key does not send to. The first reason stays. */
  suppressions: {
    key_id: KeyId
    /** As `normaliseAddress` writes it. */
    address: string
    reason: SuppressionReason
    /** What told us, in words. */
    origin: string
    message_id: MessageId | null
    delivery_id: DeliveryId | null
    created_at: Instant
    /** When the person, or somebody for them, wanted no mass mail; outlives a stronger reason. */
    opted_out_at: Instant | null
  }
  /** Failures that were nobody's last word on an address: enough of them are (contacts/soft-bounces.ts). */
  soft_bounces: { key_id: KeyId; address: string; delivery_id: DeliveryId; at: Instant }
}
