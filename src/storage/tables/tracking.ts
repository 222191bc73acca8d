import type { AccountId, CampaignId, DeliveryId, KeyId, MessageId } from '../../mail/ids.ts'
import type { Flag, Instant } from '../schema.ts'

export type VisitKind = 'open' | 'click' | 'unsubscribe'

export interface TrackingTables {
  /** Somebody, or something, opened a mail, followed a link in it or unsubscribed. The event that tells it names it. */
  visits: {
    id: number
    kind: VisitKind
    key_id: KeyId
    campaign_id: CampaignId | null
    message_id: MessageId
    delivery_id: DeliveryId
    at: Instant
    /** Of a click; '' otherwise. */
    url: string
    /** Which link of the message it was, from 1; 0 when it is no click. */
    position: number
    /** '' for these three: not known, or not kept (privacy). */
    ip: string
    agent: string
    /** Two capital letters. */
    country: string
    /** Why it was no person (tracking/judge.ts); null when it looks like one. */
    machine: string | null
    /** 0 when the mail was of none. */
    list_id: number
  }
  /** Whether mail is tracked where it does not say so itself: of an account (`key_id` 0) or one of its keys. */
  tracking_defaults: {
    account_id: AccountId
    key_id: KeyId
    /** Null: as the account says; and where that says nothing, no. */
    opens: Flag | null
    clicks: Flag | null
    /** Neither addresses nor agents nor countries are kept. */
    is_private: Flag | null
  }
}
