import type { ContactId, ContactListId, KeyId, SignupId } from '../../mail/ids.ts'
import type { Instant } from '../schema.ts'

export interface ContactSignupTables {
  /** Who asked to be in a list, and whether they confirmed it from their mailbox. */
  contact_signups: {
    id: SignupId
    key_id: KeyId
    list_id: ContactListId
    contact_id: ContactId
    email: string
    /** SHA-256 of the link's token, hex; the token stands in the mail alone. */
    token_hash: string
    /** JSON: name and properties, which are taken over when it is confirmed. */
    details: string
    source: string
    source_id: number | null
    signed_up_at: Instant
    signed_up_from: string
    expires_at: Instant
    confirmed_at: Instant | null
    confirmed_from: string | null
  }
}
