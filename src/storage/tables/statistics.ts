import type { DeliveryId, KeyId, MessageId } from '../../mail/ids.ts'
import type { Instant } from '../schema.ts'

/** What is counted for; `detail` of a counter says which part of it: an agent, a country, a mailbox provider. */
export type StatSource =
  | 'key'
  | 'campaign'
  | 'sender'
  | 'list'
  | 'key-agent'
  | 'campaign-agent'
  | 'key-country'
  | 'campaign-country'
  | 'key-esp'
  | 'campaign-esp'

export type StatResolution = 'five-minutes' | 'hour' | 'day' | 'lifetime'

/** Numbers of messages, then of events (a message may be opened often), then sums of seconds. */
export type StatMetrics = {
  processed: number
  sent: number
  blocked: number
  soft_bounced: number
  hard_bounced: number
  deferred: number
  opened: number
  clicked: number
  unsubscribed: number
  complained: number
  opens: number
  clicks: number
  unsubscriptions: number
  complaints: number
  open_delay: number
  click_delay: number
  /** By machines, as it seems: in none of the above. */
  machine_opens: number
  machine_clicks: number
}

/** Where a message stands in the counts; '' while it is only processed, or sent without anything to remember. */
export type CountedAs = '' | 'sent' | 'blocked' | 'soft_bounced' | 'hard_bounced' | 'deferred'

export interface StatisticsTables {
  /** How far the events are counted. */
  stat_progress: { name: string; last_id: number }
  stat_counters: StatMetrics & {
    source: StatSource
    source_id: number
    detail: string
    /** Counted at the time of the message, or of what happened to it. */
    timing: 'message' | 'event'
    resolution: StatResolution
    /** Where the slice begins; 0 of a lifetime. */
    slice: Instant
    /** Of the latest event in it. */
    last_at: Instant
  }
  /** What is counted of a delivery already, so that it is counted once. Most deliveries have no row. */
  stat_deliveries: {
    delivery_id: DeliveryId
    message_id: MessageId
    key_id: KeyId
    counted_as: CountedAs
    opened_at: Instant | null
    clicked_at: Instant | null
    unsubscribed_at: Instant | null
    complained_at: Instant | null
    opens: number
    clicks: number
  }
  stat_links: {
    source: 'key' | 'campaign'
    source_id: number
    /** SHA-256 of position and address, the first 32 hex characters. */
    link: string
    id: number
    position: number
    url: string
    clicked_messages: number
    clicked_events: number
  }
  /** Which links of a message its recipient has followed. */
  stat_clicked: { message_id: MessageId; delivery_id: DeliveryId; link: string }
}
