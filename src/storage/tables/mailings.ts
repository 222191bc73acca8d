import type { Generated } from 'kysely'
import type {
  CampaignId,
  ContactId,
  ContactListId,
  DeliveryId,
  KeyId,
  MailingId,
  MessageId,
  SegmentId,
  WorkId,
} from '../../mail/ids.ts'
import type { Flag, Instant } from '../schema.ts'

/** campaigns/states.ts says what leads from one to another. */
export type MailingState =
  | 'draft'
  | 'scheduled'
  | 'sending'
  | 'paused'
  | 'sent'
  | 'cancelled'
  | 'archived'
  | 'deleted'

/** `pending`: gets it. `handed`: its delivery is made. `excluded`: gets nothing, `reason` says why. */
export type MailingRecipientState = 'pending' | 'handed' | 'excluded'

/** Why a member of the list gets nothing, in the order in which the reasons are looked for. */
export type MailingExclusion =
  /** On the suppression list. */
  | 'hard-bounce'
  | 'soft-bounces'
  | 'complaint'
  | 'manual'
  | 'import'
  /** Wants no campaigns of this key. */
  | 'excluded-from-campaigns'
  | 'invalid-address'
  /** Has left this list. */
  | 'unsubscribed'
  /** Has signed up and not confirmed. */
  | 'opt-in-pending'
  /** The address has it already. */
  | 'duplicate'
  /** The contact was erased, or taken off the list, while it was being sent. */
  | 'gone'

export interface MailingTables {
  /** What is written for a list and sent to it, from the first draft until all have it. */
  mailings: {
    id: MailingId
    key_id: KeyId
    /** What it was made with: the two have numbers of their own on Mailjet's wire. */
    builder: 'campaigndraft' | 'newsletter'
    title: string
    /** Placeholders are replaced for each recipient. */
    subject: string
    /** Free text of API clients. */
    sender_label: string
    /** As `normaliseAddress` writes it; '' while there is none. */
    sender_email: string
    sender_name: string
    reply_to: string
    list_id: ContactListId | null
    segment_id: SegmentId | null
    /** Such as en_US. */
    locale: string
    /** tool, html, tool2, html2 or mjml. */
    edit_mode: string
    /** The template that it was begun from; content is not taken from there. */
    template_id: number | null
    /** JSON of API clients: style presets, and what newsletters have besides. */
    extras: string
    is_starred: Generated<Flag>
    /** A test was sent, or it itself. */
    is_used: Generated<Flag>
    /** Null: as the key's mail. */
    track_opens: Flag | null
    track_clicks: Flag | null
    state: MailingState
    /** Of `archived`: where it was before. */
    archived_from: MailingState | null
    /** Why it is paused, in words; '' otherwise. */
    reason: Generated<string>
    paused_by: 'person' | 'breaker' | 'problem' | null
    /** JSON: above which rates the breaker acts, where somebody has resumed it in spite of them. */
    marks: Generated<string>
    scheduled_at: Instant | null
    created_at: Instant
    modified_at: Instant | null
    started_at: Instant | null
    /** When all recipients were known. */
    gathered_at: Instant | null
    ended_at: Instant | null
    /** The work that is allowed to go on with it. */
    work_id: WorkId | null
    /** How far gathering and handing over have come: the last contact. */
    gathered_after: Generated<number>
    handed_after: Generated<number>
    campaign_id: CampaignId | null
    message_id: MessageId | null
    first_delivery_id: DeliveryId | null
    /** Numbers of recipients; `total` is the sum of the others. */
    total: Generated<number>
    pending: Generated<number>
    handed: Generated<number>
    excluded: Generated<number>
  }
  mailing_contents: {
    mailing_id: MailingId
    /** New with each change. */
    content_id: number
    html: string | null
    text: string | null
    mjml: string | null
    /** JSON: texts by name. */
    headers: string
    /** As in `template_versions`. */
    html_from_mjml: Flag
    text_from_html: Flag
  }
  /** Whom it goes to, computed once. An address stands here once for each mailing. */
  mailing_recipients: {
    mailing_id: MailingId
    contact_id: ContactId
    address: string
    state: MailingRecipientState
    reason: MailingExclusion | null
    delivery_id: DeliveryId | null
  }
  mailing_exclusions: { mailing_id: MailingId; reason: MailingExclusion; count: number }
}
