/** What a refusal means, by class (reference/deliverability.md §8), and what follows from it. */

export const replyClasses = [
  'invalid-recipient',
  'bad-domain',
  'inactive',
  'mailbox-full',
  'recipient-rate',
  'greylisted',
  'throttled',
  'ip-blocked',
  'domain-blocked',
  'dnsbl',
  'auth-failed',
  'spam-content',
  'policy',
  'too-large',
  'relay-denied',
  'bad-message',
  'loop',
  'expired',
  'connection',
  'dns',
  'tls',
  'transient',
  'unknown',
] as const

export type ReplyClass = (typeof replyClasses)[number]

/** Whose fault: the address (`hard`), the moment (`soft`), our reputation (`block`), rules of theirs or ours (`policy`). */
export type ReplyKind = 'soft' | 'hard' | 'block' | 'policy'

export type ReplyAction =
  /** Fewer connections and messages for this site. */
  | 'slow-site'
  | 'one-connection'
  /** Nothing more from this source address to this site for a while; tell the operator. */
  | 'suspend-site'
  /** Retrying cannot help until the owner of the sender domain repairs it; tell them. */
  | 'suspend-sender-domain'
  | 'close-connection'
  /** The next MX host may take it now. */
  | 'other-host'
  | 'split-recipients'
  | 'alert-operator'

export type SmtpStage =
  | 'connect'
  | 'greeting'
  | 'ehlo'
  | 'starttls'
  | 'auth'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'final'

type ClassRule = {
  kind: ReplyKind
  /** `by-code`: 4xx is tried again, 5xx is not. */
  retry: 'yes' | 'no' | 'by-code'
  action?: ReplyAction
  /** The least time before the next try. */
  retryAfterMs?: number
}

const minuteMs = 60_000

export const classRules: Readonly<Record<ReplyClass, ClassRule>> = {
  'invalid-recipient': { kind: 'hard', retry: 'by-code' },
  'bad-domain': { kind: 'hard', retry: 'by-code' },
  inactive: { kind: 'hard', retry: 'by-code' },
  'mailbox-full': { kind: 'soft', retry: 'yes' },
  'recipient-rate': { kind: 'soft', retry: 'yes', retryAfterMs: 30 * minuteMs },
  greylisted: { kind: 'soft', retry: 'yes', retryAfterMs: 5 * minuteMs },
  throttled: { kind: 'soft', retry: 'yes', action: 'slow-site' },
  'ip-blocked': { kind: 'block', retry: 'by-code', action: 'suspend-site' },
  'domain-blocked': { kind: 'block', retry: 'by-code', action: 'suspend-site' },
  dnsbl: { kind: 'block', retry: 'by-code', action: 'suspend-site' },
  'auth-failed': { kind: 'policy', retry: 'no', action: 'suspend-sender-domain' },
  'spam-content': { kind: 'block', retry: 'no' },
  policy: { kind: 'policy', retry: 'by-code' },
  'too-large': { kind: 'policy', retry: 'no' },
  'relay-denied': { kind: 'policy', retry: 'yes' },
  'bad-message': { kind: 'policy', retry: 'by-code' },
  loop: { kind: 'policy', retry: 'no' },
  expired: { kind: 'soft', retry: 'no' },
  connection: { kind: 'soft', retry: 'yes', action: 'other-host' },
  dns: { kind: 'soft', retry: 'yes' },
  tls: { kind: 'soft', retry: 'yes', action: 'other-host' },
  transient: { kind: 'soft', retry: 'yes' },
  unknown: { kind: 'soft', retry: 'no' },
}
