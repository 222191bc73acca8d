/** Events by Mailjet's words for them, and by the numbers that its clients know (reference/events-parse.md A1). */
import type { Topic } from '../../webhooks/topics.ts'

const names = {
  opened: 'open',
  clicked: 'click',
  bounced: 'bounce',
  complained: 'spam',
  blocked: 'blocked',
  unsubscribed: 'unsub',
  delivered: 'sent',
  'typing-mistake': 'typofix',
  'mail-parsed': 'parseapi',
  'sender-added': 'newsender',
  'sender-validated': 'newsenderautovalid',
} as const satisfies Record<Topic, string>

const numbers: readonly (Topic | undefined)[] = [
  undefined,
  'clicked',
  'bounced',
  'complained',
  'blocked',
  'unsubscribed',
  'opened',
  'delivered',
]

export const eventNames: readonly string[] = Object.values(names)

export function eventName(topic: string): string {
  return Object.hasOwn(names, topic) ? names[topic as Topic] : topic
}

/** Undefined when there is no such event. */
export function topicOfName(text: string): Topic | undefined {
  const lower = text.trim().toLowerCase()
  if (/^\d+$/.test(lower)) return numbers[Number(lower)]
  return (Object.keys(names) as Topic[]).find((topic) => names[topic] === lower)
}
