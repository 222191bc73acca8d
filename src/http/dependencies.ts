/** What the HTTP face needs from the rest of the program. */
import type { Authenticator } from '../accounts/authenticate.ts'
import type { SignIns } from '../accounts/sign-in.ts'
import type { CampaignsContext } from '../campaigns/context.ts'
import type { Renderer } from '../campaigns/render.ts'
import type { KeptRecipientCounts } from '../contacts/recipient-counts.ts'
import type { SignUpContext } from '../contacts/sign-up.ts'
import type { SuppressionCheck } from '../contacts/suppression-check.ts'
import type { Destination } from '../delivery/resolve-destination.ts'
import type { ConnectionTestOptions } from '../delivery/test-connection.ts'
import type { ConnectionTest } from '../delivery/test-result.ts'
import type { DomainsContext } from '../domains/context.ts'
import type { Inbound } from '../inbound/inbound.ts'
import type { Intake } from '../intake/draft.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Queue } from '../queue/queue.ts'
import type { RelayServer } from '../routing/route.ts'
import type { Router } from '../routing/router.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Statistics } from '../stats/statistics.ts'
import type { Storage } from '../storage/storage.ts'
import type { Tracking } from '../tracking/tracking.ts'
import type { WebhooksContext } from '../webhooks/context.ts'

export type HttpDependencies = {
  storage: Storage
  clock: Clock
  log: Log
  metrics: Metrics
  intake: Intake
  authenticator: Pick<Authenticator, 'authenticate' | 'forget'>
  queue: Pick<Queue, 'counts'>
  /** Work became due: look now. */
  wakeDelivery(): void
  /** Bearer token of `/api`; 32 characters or more. */
  adminToken: string
  /** People who sign in to the console. */
  signIns: SignIns
  /** For what is kept sealed of them. */
  seal: Seal
  /** How clients reach this instance (no slash at the end); without it, answers name the host they were asked at. */
  publicUrl?: string
  /** Where clients send to. */
  reach(): Reach
  /** What has to be right before real mail is sent. */
  goLive(): Promise<GoLiveCheck[]>
  /** Where the built console is. */
  consoleFolder: string
  /** Program version, for the console and the OpenAPI document. */
  version: string
  /** Senders and domains: what their functions need. */
  domains: DomainsContext
  /** Learns of changes to the suppression lists. */
  suppressionCheck: Pick<SuppressionCheck, 'forget'>
  /** Contacts, lists, segments: what their functions need. */
  contacts: SignUpContext
  /** Campaigns: what their functions need. */
  campaigns: CampaignsContext
  /** How many each of them would reach. */
  recipientCounts: KeptRecipientCounts
  /** Their mail as one recipient sees it. */
  renderer: Pick<Renderer, 'textsFor' | 'ofWork'>
  /** Links in mail: opens, clicks, unsubscribing. */
  tracking: Tracking
  /** Who is told of events and of mail: what their functions need. */
  webhooks: WebhooksContext
  /** Counts are brought up to date before they are shown. */
  statistics: Pick<Statistics, 'fresh'>
  /** Mail that comes in. */
  inbound: Pick<Inbound, 'simulate'>
  /** Outgoing servers and the rules that choose one. */
  gateway: GatewayDependencies
  /** Why this process cannot do its work now (a listener is down, …); empty when it can. Storage is asked besides. */
  problems?(): readonly string[]
  /** Present in the lab. */
  lab?: LabDependencies
}

export type Reach = {
  smtpHost: string
  smtpPorts: readonly { port: number; security: 'starttls' | 'tls' }[]
  plainAuthOnLoopback: boolean
  /** Base URLs of the Send API; null where there is no such listener. */
  url: string | null
  httpsUrl: string | null
  /** PEM of a private authority; null when certificates are of one that the world knows. */
  ca: string | null
}

export type GoLiveCheck = {
  id: string
  status: 'ok' | 'warn' | 'bad' | 'unknown'
  found: string
  /** What to do; '' when it is right. */
  mend: string
}

export type GatewayDependencies = {
  router: Router
  seal: Seal
  /** May the key send as this author, and why; undefined when the text names nobody. */
  explainSender(keyId: KeyId, from: string | null): Promise<string | undefined>
  /** Port 25 is refused for outgoing servers. */
  isHosted: boolean
  /** The MX hosts of a domain, or why there are none. */
  destinationOf(domain: string): Promise<Destination>
  /** Tries a server up to where a message would follow; within its own time limit. */
  testServer(
    server: RelayServer,
    options: Pick<ConnectionTestOptions, 'sender' | 'recipient' | 'needsSize' | 'onStep'>,
  ): Promise<ConnectionTest>
}

/** The lab's own types match these; the lab imports from here upwards, not the other way round. */
export type LabDependencies = {
  inbox: {
    list(query: {
      to?: string
      from?: string
      subject?: string
      after?: number
      before?: number
      limit?: number
      waitMs?: number
      signal?: AbortSignal
    }): Promise<LabMessage[]>
    show(id: number): Promise<(LabMessage & { authenticationResults: string; content: Buffer }) | undefined>
    clear(): Promise<number>
  }
  records: {
    list(): Promise<LabRecord[]>
    put(record: { name: string; type: string; value: string; ttl?: number }): Promise<LabRecord>
    remove(id: number): Promise<boolean>
  }
}

export type LabMessage = {
  id: number
  from: string
  to: string
  subject: string
  dkim: string
  spf: string
  dmarc: string
  tls: string
  receivedAt: number
  envelopeFrom: string
}

export type LabRecord = { id: number; name: string; type: string; value: string; ttl: number }
