/** What receivers put up with, as data (reference/deliverability.md §5: starting values, per source address). */

export type SiteLimits = {
  connections: number
  messagesPerConnection: number
  messagesPerSecond: number
  newConnectionsPerMinute: number
}

export const defaultSiteLimits: SiteLimits = {
  connections: 10,
  messagesPerConnection: 100,
  messagesPerSecond: 100,
  newConnectionsPerMinute: 100,
}

/** Relays that we log in to are ours to use; a relay's own settings say less where it allows less. */
export const relayLimits: SiteLimits = {
  connections: 10,
  messagesPerConnection: 1_000,
  messagesPerSecond: Number.POSITIVE_INFINITY,
  newConnectionsPerMinute: Number.POSITIVE_INFINITY,
}

/** For receivers on this machine: the lab, benchmarks. Nobody's reputation is at stake. */
export const loopbackLimits: SiteLimits = {
  connections: 20,
  messagesPerConnection: 100_000,
  messagesPerSecond: Number.POSITIVE_INFINITY,
  newConnectionsPerMinute: Number.POSITIVE_INFINITY,
}

type Provider = {
  name: string
  /** Of MX host names. */
  suffixes: readonly string[]
  /** Each host name is a customer of its own there, and is a site by itself. */
  perHost?: true
  limits: Partial<SiteLimits>
}

const providers: readonly Provider[] = [
  {
    name: 'google',
    suffixes: ['.google.com', '.googlemail.com'],
    limits: { connections: 5, messagesPerConnection: 50 },
  },
  { name: 'yahoo', suffixes: ['.yahoodns.net'], limits: { connections: 5, messagesPerConnection: 20 } },
  {
    name: 'outlook.com',
    suffixes: ['.olc.protection.outlook.com'],
    limits: { connections: 5, messagesPerConnection: 50 },
  },
  {
    name: 'microsoft365',
    suffixes: ['.mail.protection.outlook.com', '.mx.microsoft'],
    perHost: true,
    limits: { connections: 5, messagesPerConnection: 50 },
  },
  { name: 'icloud', suffixes: ['.icloud.com'], limits: { connections: 10, messagesPerConnection: 5 } },
  {
    name: 'gmx',
    suffixes: ['.gmx.net', '.web.de'],
    limits: { connections: 4, messagesPerConnection: 20 },
  },
  { name: 'mail.com', suffixes: ['.mail.com'], limits: { connections: 4, messagesPerConnection: 100 } },
  { name: 'orange', suffixes: ['.orange.fr'], limits: { connections: 2, messagesPerConnection: 100 } },
  {
    name: 'free',
    suffixes: ['.free.fr'],
    limits: { connections: 2, messagesPerConnection: 20, messagesPerSecond: 2 },
  },
  {
    name: 'sfr',
    suffixes: ['.sfr.fr'],
    limits: { connections: 2, messagesPerConnection: 20, messagesPerSecond: 2 },
  },
  {
    name: 'laposte',
    suffixes: ['.laposte.net'],
    limits: { connections: 2, messagesPerConnection: 20, messagesPerSecond: 2 },
  },
  { name: 't-online', suffixes: ['.t-online.de'], limits: { connections: 2, messagesPerConnection: 20 } },
  { name: 'mimecast', suffixes: ['.mimecast.com', '.mimecast.co.za'], limits: {} },
  { name: 'barracuda', suffixes: ['.barracudanetworks.com'], limits: { messagesPerConnection: 15 } },
  {
    name: 'proofpoint',
    suffixes: ['.pphosted.com', '.ppe-hosted.com'],
    limits: { messagesPerConnection: 50 },
  },
  { name: 'qq', suffixes: ['.qq.com'], limits: { connections: 4, messagesPerConnection: 8 } },
  { name: '163', suffixes: ['.netease.com'], limits: { connections: 4, messagesPerConnection: 7 } },
  {
    name: 'yahoo.co.jp',
    suffixes: ['.yahoo.co.jp'],
    limits: { connections: 2, messagesPerConnection: 20, messagesPerSecond: 10 },
  },
]

export type SiteIdentity = { key: string; limits: SiteLimits }

/** Domains with the same set of MX hosts, or hosts of the same provider, are one site. */
export function siteOf(hosts: readonly string[], defaults: SiteLimits): SiteIdentity {
  const provider = providers.find(({ suffixes }) =>
    hosts.every((host) => suffixes.some((suffix) => `.${host}`.endsWith(suffix))),
  )
  const hostSet = hosts.toSorted().join(' ')
  if (provider === undefined) return { key: hostSet, limits: defaults }
  const key = provider.perHost ? `${provider.name} ${hostSet}` : provider.name
  return { key, limits: { ...defaultSiteLimits, ...provider.limits } }
}
