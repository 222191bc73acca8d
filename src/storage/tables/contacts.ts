import type { Generated } from 'kysely'
import type { ContactId, ContactListId, KeyId, MemberId, PropertyId, SegmentId } from '../../mail/ids.ts'
import type { Flag, Instant } from '../schema.ts'

export type PropertyType = 'str' | 'int' | 'float' | 'bool' | 'datetime'

/** Numbers of messages; each is in one of the first five once its outcome is known. */
export type ContactCounts = {
  sent: number
  blocked: number
  soft_bounced: number
  hard_bounced: number
  deferred: number
  opened: number
  clicked: number
  unsubscribed: number
  complained: number
}

export interface ContactTables {
  /** People, one row for each address of an API key. Whether they may be written to stands in `suppressions`. */
  contacts: {
    id: ContactId
    key_id: KeyId
    /** As `normaliseAddress` writes it; never changes until the person is erased. */
    email: string
    name: Generated<string>
    /** 1: has signed up and not confirmed yet. */
    is_opt_in_pending: Generated<Flag>
    delivered_count: Generated<number>
    /** These and the one above: what became of all messages to the contact, as in ContactCounts. */
    blocked_count: Generated<number>
    soft_bounced_count: Generated<number>
    hard_bounced_count: Generated<number>
    deferred_count: Generated<number>
    opened_count: Generated<number>
    clicked_count: Generated<number>
    unsubscribed_count: Generated<number>
    complained_count: Generated<number>
    created_at: Instant
    /** Last change of the name or of the exclusion from campaigns. */
    updated_at: Instant | null
    /** When the exclusion from campaigns was last set or taken back by somebody. */
    exclusion_changed_at: Instant | null
    /** Last mail, open, click or unsubscription. */
    last_activity_at: Instant | null
    last_open_at: Instant | null
    last_click_at: Instant | null
    unsubscribed_at: Instant | null
    /** The import that brought or changed it last: an address is taken once from a file. */
    job_id: number | null
    /** Since when nothing is known of the person any more; the row goes a while later. */
    erased_at: Instant | null
  }
  /** Of the messages that went to a list; it stays when somebody leaves the list. */
  member_counts: ContactCounts & {
    contact_id: ContactId
    list_id: number
    /** Of the latest event. */
    last_at: Instant
  }
  contact_lists: {
    id: ContactListId
    key_id: KeyId
    /** Unique among the lists of a key that are not deleted. */
    name: string
    /** Nine letters and digits, unique over all keys. */
    address: string
    created_at: Instant
    /** Deleted lists keep their members and can come back. */
    deleted_at: Instant | null
    /** All members, in whatever state. */
    member_count: Generated<number>
  }
  /** Who is in which list. */
  list_members: {
    id: MemberId
    key_id: KeyId
    list_id: ContactListId
    contact_id: ContactId
    is_unsubscribed: Flag
    subscribed_at: Instant | null
    /** Of the latest unsubscription, also when it was taken back since. */
    unsubscribed_at: Instant | null
  }
  /** What may be known of a contact, by name and type. */
  contact_properties: {
    id: PropertyId
    key_id: KeyId
    name: string
    /** Lower-case: names are found in any letter case. */
    name_key: string
    type: PropertyType
    namespace: 'static' | 'historic'
    created_at: Instant
    /** Its values are being dropped (contacts/forget-property.ts). */
    deleted_at: Instant | null
  }
  contact_values: {
    contact_id: ContactId
    property_id: PropertyId
    /** Of `str`, as it was given. */
    text_value: string | null
    /** The same for comparing: without regard to letter case. */
    text_key: string | null
    /** Of `int` and `float`; of `bool` 0 or 1; of `datetime` milliseconds since 1970. */
    number_value: number | null
  }
  segments: {
    id: SegmentId
    key_id: KeyId
    name: string
    description: string
    expression: string
    created_at: Instant
    deleted_at: Instant | null
    /** A campaign has been sent to it. */
    is_used: Generated<Flag>
  }
}
