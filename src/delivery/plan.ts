/** Where a work item goes and how: its site, hosts and the kind of connection. */

import type { RelaySecurity, RelayServer } from '../routing/route.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Resolver } from '../runtime/dns.ts'
import { createLookups } from '../runtime/lookups.ts'
import { type Destination, type MailHost, resolveDestination } from './resolve-destination.ts'
import { defaultSiteLimits, relayLimits, type SiteIdentity, type SiteLimits, siteOf } from './site-limits.ts'
import type { TlsMode } from './smtp-client.ts'

export type Plan = {
  kind: 'mx' | 'relay'
  site: SiteIdentity
  hosts: readonly MailHost[]
  port: number
  tls: TlsMode
  /** Of a relay. */
  server?: RelayServer
}

export type Planned = Plan | Unreachable

/** Why there is nowhere to go. */
export type Unreachable = Exclude<Destination, { kind: 'hosts' }>

/** Never less than what was chosen. */
export const relayTls = {
  none: 'never',
  starttls: 'starttls',
  'starttls-strict': 'strict-starttls',
  tls: 'tls',
  'tls-strict': 'strict-tls',
} as const satisfies Record<RelaySecurity, TlsMode>

/** Resolving is cached already; this keeps the conclusions, for as long as a burst of mail lasts. */
const maxAgeMs = 10_000
const maxDomains = 10_000

export function createPlanner({
  resolver,
  clock,
  ownHosts,
  port,
  defaultLimits,
}: {
  resolver: Resolver
  clock: Clock
  ownHosts: ReadonlySet<string>
  /** Of MX hosts. */
  port: number
  defaultLimits: Partial<SiteLimits>
}): (domain: string) => Planned | Promise<Planned> {
  const limits = { ...defaultSiteLimits, ...defaultLimits }
  const byDomain = createLookups(
    async (domain): Promise<Planned> => {
      const destination = await resolveDestination(domain, { resolver, ownHosts })
      if (destination.kind !== 'hosts') return destination
      const { hosts } = destination
      const site = siteOf(
        hosts.map(({ name }) => name),
        limits,
      )
      return { kind: 'mx', site, hosts, port, tls: 'opportunistic' }
    },
    { clock, maxEntries: maxDomains, maxAgeMs },
  )
  return (domain) => byDomain.get(domain)
}

export function planRelay(server: RelayServer): Plan {
  return {
    kind: 'relay',
    site: { key: nameOf(server), limits: limitsOf(server) },
    hosts: [{ name: server.host, priority: 0 }],
    port: server.port,
    tls: relayTls[server.security],
    server,
  }
}

/** Connections to the same host under another name, or secured otherwise, are not the same. */
function nameOf({ id, name, host, port, security, authentication }: RelayServer): string {
  const user = 'user' in authentication ? ` as ${authentication.user}` : ''
  const number = id === undefined ? '' : ` (outgoing server ${id})`
  return `${name}${number}: ${host}:${port} ${security}${user}`
}

function limitsOf({ limits }: RelayServer): SiteLimits {
  const { connections, messagesPerConnection, messagesPerMinute } = limits
  return {
    ...relayLimits,
    ...(connections !== undefined && { connections }),
    ...(messagesPerConnection !== undefined && { messagesPerConnection }),
    ...(messagesPerMinute !== undefined && { messagesPerSecond: messagesPerMinute / 60 }),
  }
}
