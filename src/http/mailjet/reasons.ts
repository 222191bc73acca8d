/** Why a message did not arrive, in Mailjet's words (reference/deliverability.md §8 end, statistics.md §1). */
import { classRules, type ReplyClass } from '../../mail/reply-classes.ts'
import type { DeliveryState } from '../../storage/schema.ts'

export type Reason = { stateId: number; state: string; relatedTo: string }

const states = [
  [1, 'user unknown', 'recipient'],
  [2, 'mailbox inactive', 'recipient'],
  [3, 'quota exceeded', 'recipient'],
  [4, 'invalid domain', 'domain'],
  [5, 'no mail host', 'domain'],
  [6, 'relay/access denied', 'domain'],
  [7, 'sender blocked', 'spam'],
  [8, 'content blocked', 'spam'],
  [9, 'policy issue', 'spam'],
  [10, 'system issue', 'system'],
  [11, 'protocol issue', 'system'],
  [12, 'connection issue', 'system'],
  [13, 'greylisted', 'domain'],
  [14, 'preblocked', 'mailjet'],
  [15, 'duplicate in campaign', 'mailjet'],
  [16, 'spam preblocked', 'mailjet'],
  [17, 'bad or empty template', 'content'],
  [18, 'error in template language', 'content'],
  [19, 'typofix', 'domain'],
  [20, 'blacklisted', 'recipient'],
  [21, 'spam reporter', 'recipient'],
] as const

/** The whole list, as the resource `messagestate` shows it. */
export const messageStates: readonly Reason[] = states.map(([stateId, state, relatedTo]) => ({
  stateId,
  state,
  relatedTo,
}))

const stateOfClass = {
  'invalid-recipient': 1,
  'bad-domain': 4,
  inactive: 2,
  'mailbox-full': 3,
  'recipient-rate': 9,
  greylisted: 13,
  throttled: 9,
  'ip-blocked': 7,
  'domain-blocked': 7,
  dnsbl: 7,
  'auth-failed': 9,
  'spam-content': 8,
  policy: 9,
  'too-large': 9,
  'relay-denied': 6,
  'bad-message': 11,
  loop: 10,
  expired: 10,
  connection: 12,
  dns: 5,
  tls: 12,
  transient: 10,
  unknown: 10,
} satisfies Record<ReplyClass, number>

/** Reasons of our own: no remote was asked. */
const stateOfOurs: Readonly<Record<string, number>> = {
  'duplicate-in-campaign': 15,
  'sender-not-allowed': 7,
  'template-error': 18,
  'template-missing': 17,
  suppressed: 14,
  'suppressed-complaint': 21,
  'suppressed-listed': 20,
  signing: 10,
  routing: 10,
}

/** Of what has no place in the list: an operator gave it up, or nobody thought of it. */
export const otherState = 10

export const listedClasses: readonly string[] = Object.keys({ ...stateOfClass, ...stateOfOurs })

/** Of a message as it stands now; what was taken from the queue has no reason but that. */
export function reasonOfDelivery({ state, class: why }: { state: DeliveryState; class: string | null }) {
  if (state === 'delivered') return undefined
  return state === 'dropped' ? messageStates[otherState - 1] : reasonOf(why)
}

/** Undefined while nothing went wrong. A class nobody listed is a trouble of ours until it is. */
export function reasonOf(deliveryClass: string | null): Reason | undefined {
  if (deliveryClass === null) return undefined
  return messageStates[stateIdOf(deliveryClass) - 1]
}

function stateIdOf(deliveryClass: string): number {
  if (isReplyClass(deliveryClass)) return stateOfClass[deliveryClass]
  return (Object.hasOwn(stateOfOurs, deliveryClass) ? stateOfOurs[deliveryClass] : undefined) ?? otherState
}

/** The classes behind a state, for the filter `MessageState`. */
export function classesOfState(stateId: number): string[] {
  return Object.entries({ ...stateOfClass, ...stateOfOurs }).flatMap(([name, id]) =>
    id === stateId ? [name] : [],
  )
}

export function isHardBounce(deliveryClass: string | null): boolean {
  return deliveryClass !== null && isReplyClass(deliveryClass) && classRules[deliveryClass].kind === 'hard'
}

export const hardClasses: readonly string[] = Object.keys(classRules).filter(isHardBounce)

export type MessageStatus =
  | 'queued'
  | 'sent'
  | 'opened'
  | 'clicked'
  | 'spam'
  | 'unsub'
  | 'blocked'
  | 'softbounced'
  | 'hardbounced'
  | 'deferred'

/** What its reader did; null while they did not. */
export type Reading = {
  openedAt: number | null
  clickedAt: number | null
  unsubscribedAt: number | null
  complainedAt: number | null
}

/** Numbers of the filter `MessageStatus`. */
export const statusWords = [
  'processed',
  'queued',
  'sent',
  'opened',
  'clicked',
  'bounce',
  'spam',
  'unsub',
  'blocked',
  'softbounced',
  'hardbounced',
  'deferred',
] as const

/** The most advanced state that a message reached. */
export function statusOf(message: Reading & { state: DeliveryState; class: string | null }): MessageStatus {
  const status = statusOfDelivery(message.state, message.class)
  if (status !== 'sent') return status
  if (message.complainedAt !== null) return 'spam'
  if (message.unsubscribedAt !== null) return 'unsub'
  if (message.clickedAt !== null) return 'clicked'
  return message.openedAt !== null ? 'opened' : 'sent'
}

export function statusOfDelivery(state: DeliveryState, deliveryClass: string | null): MessageStatus {
  switch (state) {
    case 'queued':
    case 'held':
      return 'queued'
    case 'deferred':
      return 'deferred'
    case 'delivered':
      return 'sent'
    case 'failed':
      return isHardBounce(deliveryClass) ? 'hardbounced' : 'softbounced'
    case 'blocked':
    case 'dropped':
      return 'blocked'
  }
}

function isReplyClass(name: string): name is ReplyClass {
  return Object.hasOwn(classRules, name)
}
