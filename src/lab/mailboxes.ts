/**
 * The simulated mailboxes: the same at every lab domain, and with a tag too (`busy+anything@shop.test`). Every other
 * local part is a mailbox that simply takes mail.
 */
export const mailboxKinds = [
  'ok',
  /** 450 4.2.0, always. */
  'busy',
  /** 550 5.1.1. */
  'missing',
  /** 552 5.2.2. */
  'full',
  /** 451 4.7.1 until the sender comes back after the greylisting time. */
  'greylist',
  /** Takes mail, and its time. */
  'slow',
  /** Takes mail, and complains about it later. */
  'spam',
  /** Takes mail, and bounces it later. */
  'bounce-later',
] as const

export type MailboxKind = (typeof mailboxKinds)[number]

/** Mail for this domain is counted and forgotten, for benchmarks. */
export const sinkDomain = 'sink.test'

export function mailboxKind(local: string): MailboxKind {
  const tag = local.indexOf('+')
  const name = (tag === -1 ? local : local.slice(0, tag)).toLowerCase()
  return mailboxKinds.find((kind) => kind === name) ?? 'ok'
}
