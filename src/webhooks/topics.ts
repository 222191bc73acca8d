/** What a webhook can be told of messages, and which events tell it. */
import type { EventKind } from '../storage/schema.ts'

export const eventTopics = [
  'delivered',
  'opened',
  'clicked',
  'bounced',
  'blocked',
  'complained',
  'unsubscribed',
] as const

/** Older clients ask to be told of these; they never happen here. */
export const silentTopics = ['typing-mistake', 'mail-parsed', 'sender-added', 'sender-validated'] as const

export type EventTopic = (typeof eventTopics)[number]
export type Topic = EventTopic | (typeof silentTopics)[number]

export function isTopic(text: string): text is Topic {
  return isEventTopic(text) || silentTopics.some((topic) => topic === text)
}

export function isEventTopic(text: string): text is EventTopic {
  return eventTopics.some((topic) => topic === text)
}

/** A deferral is told as a bounce that may still turn out well. */
const topicOfKind = {
  accepted: undefined,
  delivered: 'delivered',
  deferred: 'bounced',
  bounced: 'bounced',
  blocked: 'blocked',
  expired: 'bounced',
  held: undefined,
  released: undefined,
  retried: undefined,
  dropped: 'blocked',
  'delay-reported': undefined,
  'delivery-reported': undefined,
  complained: 'complained',
  opened: 'opened',
  clicked: 'clicked',
  unsubscribed: 'unsubscribed',
} as const satisfies Record<EventKind, EventTopic | undefined>

export function topicOf(kind: EventKind): EventTopic | undefined {
  return topicOfKind[kind]
}

export function kindsOf(topics: ReadonlySet<string>): EventKind[] {
  return (Object.keys(topicOfKind) as EventKind[]).filter((kind) => {
    const topic = topicOfKind[kind]
    return topic !== undefined && topics.has(topic)
  })
}
