/** What delivery works on, what becomes of it, and how the rest of the program sees the dispatcher. */
import type { HandedWork } from '../intake/hand-over.ts'
import type { DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import type { Route } from '../routing/route.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Resolver } from '../runtime/dns.ts'
import type { Log } from '../runtime/log.ts'
import type { SigningKey } from '../signing/signing-key.ts'
import type { Lane } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import type { DeliveryQueue } from './claim-loop.ts'
import type { RetrySchedule } from './schedule.ts'
import type { SiteSnapshot } from './site.ts'
import type { SiteLimits } from './site-limits.ts'
import type { SmtpTimeouts } from './timeouts.ts'

/** One message for its recipients at one domain (at most 50): one SMTP transaction where the remote allows it. */
export type OutboundWork = HandedWork
export type OutboundMessage = OutboundWork['message']
export type OutboundRecipient = OutboundWork['recipients'][number]

/** What became of one recipient in one attempt. `code` is missing where no remote spoke; `text` is for people. */
export type Outcome =
  | { kind: 'delivered'; code: number; text: string }
  | { kind: 'deferred'; class: string; code?: number; text: string; retryAfterMs?: number }
  | { kind: 'failed'; class: string; code?: number; text: string }

/** Why nothing is sent: the class of the delivery, and words for its story. */
export type Block = { class: string; detail: string }

export type DeliveryMetrics = {
  settled(
    lane: Lane,
    kind: Outcome['kind'] | 'expired',
    outcomeClass: string | null,
    recipients: number,
  ): void
  /** One try of one transaction ended, whatever came of it. */
  attempted(durationMs: number): void
  connection(result: 'opened' | 'failed'): void
}

export type DispatcherOptions = {
  storage: Storage
  queue: DeliveryQueue
  clock: Clock
  log: Log
  resolver: Resolver
  /** The keys for mail from the domain of the From address, of that domain or another; none means that it waits. */
  signingKeys(keyId: KeyId, domain: string): Promise<readonly SigningKey[]>
  /**
   * The content of the one recipient of work whose message has `individual`, or why there is none; without it, all get the
   * same.
   */
  makeOwnContent?(work: OutboundWork): Buffer | Block
  /**
   * The envelope sender, to which bounces come back: of a message, or of a delivery whose content is its own. Asked after
   * it was signed.
   */
  returnPath(id: MessageId | DeliveryId, message: Pick<OutboundMessage, 'keyId' | 'fromAddress'>): string
  /** Where it goes and as whom, by today's rules. Cached: no query for a message. */
  route(message: OutboundMessage, content: Buffer): Route | Promise<Route>
  /**
   * False for IP addresses that must not be connected to. In the lab: everything but loopback; else
   * `mayConnectLive` (public-address.ts).
   */
  mayConnect(address: string, kind: 'mx' | 'relay'): boolean
  metrics: DeliveryMetrics
  /** An address is about to be on the suppression list of a key. */
  onSuppressed?(keyId: KeyId, address: string): void
  /** Said in EHLO; should resolve to our address and back. */
  name: string
  /** Of MX hosts: 25, or the lab's receiver. */
  port?: number
  /** Of the MX hosts that have another. */
  portOf?(host: string): number | undefined
  /** Source address of outgoing connections. */
  localAddress?: string
  /** Send to IPv6 addresses of MX hosts too. Off unless our own address has PTR and reputation there. */
  ipv6?: boolean
  /** Send small bodies together with their envelope, where the host offers it. On, when not given. */
  chunking?: boolean
  /** Host names and IP addresses that are ourselves: an MX that leads there is a loop. */
  ownHosts?: readonly string[]
  schedule?: RetrySchedule
  /** For sites that are not in the table of known ones. */
  defaultLimits?: Partial<SiteLimits>
  timeouts?: Partial<SmtpTimeouts>
  /** How long an address that does not answer is left alone: 5 to 10 minutes. */
  badHostMs?: readonly [least: number, most: number]
  /** How long an outgoing server that lets nobody in is left alone, after the first failure, the second, and so on. */
  outagePausesMs?: readonly number[]
  /** How long an outgoing server may say nothing before what waits for it makes room. */
  stallMs?: number
  /** Work held in memory, waiting or being sent. */
  memory?: { maxWorks: number; maxBytes: number }
  /** PEM of certificate authorities trusted beside the well-known ones, for relays with strict TLS. */
  trustedCas?: readonly string[]
}

export type DispatcherSnapshot = {
  works: number
  bytes: number
  signing: number
  sites: SiteSnapshot[]
}

export type Dispatcher = {
  /** Takes room for work of this size that is about to be stored already leased; false when full or stopping. */
  tryReserve(sizeBytes: number, lane: Lane): boolean
  /** Reserved work, stored and leased to this node. */
  take(work: OutboundWork): void
  /** The commit failed: the room is free again. */
  unreserve(sizeBytes: number): void
  /** Stored work is due. */
  wake(): void
  /** Resolves when nothing is in memory and nothing is due. */
  idle(): Promise<void>
  snapshot(): DispatcherSnapshot
  /** An operator lifts what was learnt about a site. */
  forgetAdjustments(site: string): boolean
  /** Takes nothing new, finishes transactions that run (within `graceMs`, default 30 s), puts the rest back. */
  stop(graceMs?: number): Promise<void>
}
