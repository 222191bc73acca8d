/** Opens connections for attempts, and knows all that are open. */
import type { Resolver } from '../runtime/dns.ts'
import type { Connector } from './attempt.ts'
import type { Credentials } from './authenticate.ts'
import type { HostMemory } from './host-memory.ts'
import type { DeliveryMetrics } from './outbound.ts'
import type { Plan } from './plan.ts'
import { targetsOf } from './resolve-destination.ts'
import type { Site, SiteJob } from './site.ts'
import { openSession, type Session, type SessionTarget } from './smtp-client.ts'
import type { SmtpTimeouts } from './timeouts.ts'

export type Connections = {
  connectorFor<J extends SiteJob>(plan: Plan, site: Site<J>): Connector
  /** Forgets those that are gone. */
  sweep(): void
  destroyAll(): void
}

export type ConnectionOptions = {
  resolver: Resolver
  ipv6: boolean
  ownHosts: ReadonlySet<string>
  mayConnect(address: string, kind: Plan['kind']): boolean
  metrics: DeliveryMetrics
  memory: HostMemory
  name: string
  timeouts: SmtpTimeouts
  /** Of the MX hosts that have another port than their plan says. */
  portOf?(host: string): number | undefined
  localAddress?: string
  trustedCas?: readonly string[]
  chunking: boolean
}

/** Outgoing servers are tried as their site says (outage.ts), and each of their addresses every time. */
const forgetful = {
  badUntil: () => 0,
  markBad: () => undefined,
  markGood: () => undefined,
  hasBrokenTls: () => false,
  markBrokenTls: () => undefined,
}

export function createConnections(options: ConnectionOptions): Connections {
  const { resolver, ipv6, ownHosts, mayConnect, metrics, memory } = options
  const { name, timeouts, localAddress, trustedCas, portOf } = options
  const sessions = new Set<Session>()

  return {
    connectorFor: (plan, site) => ({
      targets: (hosts) => targetsOf(hosts, { resolver, ipv6, ownHosts }),
      mayConnect: (address) => mayConnect(address, plan.kind),
      async open({ host, address, tls, chunking }, transcript) {
        const target: SessionTarget = {
          host,
          address,
          port: (plan.kind === 'mx' ? portOf?.(host) : undefined) ?? plan.port,
          name,
          tls,
          timeouts,
          chunking: options.chunking && chunking,
          ...(localAddress !== undefined && { localAddress }),
          ...(trustedCas !== undefined && { trustedCas }),
          ...identityOf(plan.server),
        }
        const opened = await openSession(target, transcript)
        metrics.connection('session' in opened ? 'opened' : 'failed')
        return opened
      },
      memory: plan.kind === 'relay' ? { ...memory, ...forgetful } : memory,
      takeIdle: site.takeIdle,
      giveBack(session) {
        site.giveBack(session)
        if (!session.isOpen()) sessions.delete(session)
      },
      opened(session) {
        sessions.add(session)
        site.opened(session)
      },
    }),
    sweep() {
      for (const session of sessions) if (session.isLost()) sessions.delete(session)
    },
    destroyAll() {
      for (const session of sessions) session.destroy()
    },
  }
}

/** Who we are to an outgoing server. A login without a user is none (reference/outgoing-mail-servers.md §2). */
export function identityOf(
  server: Plan['server'],
): Partial<Pick<SessionTarget, 'credentials' | 'clientCertificate'>> {
  const authentication = server?.authentication
  switch (authentication?.kind) {
    case undefined:
    case 'none':
      return {}
    case 'certificate': {
      const { certificate, privateKey } = authentication
      return { clientCertificate: { certificate, privateKey } }
    }
    case 'login':
    case 'xoauth2':
      return authentication.user === '' ? {} : { credentials: credentialsOf(authentication) }
  }
}

function credentialsOf(
  authentication:
    | { kind: 'login'; user: string; password: string }
    | { kind: 'xoauth2'; user: string; token: string },
): Credentials {
  const { user } = authentication
  return authentication.kind === 'login'
    ? { kind: 'password', user, password: authentication.password }
    : { kind: 'token', user, token: authentication.token }
}
