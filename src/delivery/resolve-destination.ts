/** Where a domain's mail goes (reference/deliverability.md §6, RFC 5321 §5, RFC 7505). */
import type { Resolver } from '../runtime/dns.ts'

export type MailHost = { name: string; priority: number }

export type Destination =
  /** Best first; equal priorities in random order wait for `targetsOf`. */
  | { kind: 'hosts'; hosts: readonly MailHost[] }
  | { kind: 'failed'; class: 'bad-domain' | 'loop'; text: string }
  | { kind: 'deferred'; class: 'dns'; text: string }

const maxHosts = 5
const maxAddressesPerHost = 2

export async function resolveDestination(
  domain: string,
  { resolver, ownHosts }: { resolver: Resolver; ownHosts: ReadonlySet<string> },
): Promise<Destination> {
  const mx = await resolver.mx(domain)
  if (mx.kind === 'failed') return unanswered(domain, mx.reason)
  if (mx.kind === 'nxdomain') {
    return { kind: 'failed', class: 'bad-domain', text: `5.1.2 the domain ${domain} does not exist` }
  }
  if (mx.kind === 'found') {
    const hosts = mx.records
      .map(({ exchange, priority }) => ({ name: exchange, priority }))
      .toSorted((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1))
    if (hosts.every(({ name }) => name === '')) {
      return {
        kind: 'failed',
        class: 'bad-domain',
        text: `5.1.10 the domain ${domain} takes no mail (null MX)`,
      }
    }
    return withoutLoop(
      domain,
      hosts.filter(({ name }) => name !== ''),
      ownHosts,
    )
  }
  const addresses = await resolver.addresses(domain)
  if (addresses.kind === 'failed') return unanswered(domain, addresses.reason)
  if (addresses.kind !== 'found') {
    return { kind: 'failed', class: 'bad-domain', text: `5.1.2 the domain ${domain} has no mail host` }
  }
  return withoutLoop(domain, [{ name: domain, priority: 0 }], ownHosts)
}

function unanswered(domain: string, reason: string): Destination {
  return { kind: 'deferred', class: 'dns', text: `4.4.3 DNS gives no answer for ${domain} (${reason})` }
}

/** RFC 5321 §5.1: hosts that are not better than ourselves would give it back to us. */
function withoutLoop(domain: string, hosts: readonly MailHost[], ownHosts: ReadonlySet<string>): Destination {
  const ours = hosts.find(({ name }) => ownHosts.has(name))
  const better = ours === undefined ? hosts : hosts.filter(({ priority }) => priority < ours.priority)
  if (better.length === 0) {
    return { kind: 'failed', class: 'loop', text: `5.4.6 mail for ${domain} is routed to ourselves` }
  }
  return { kind: 'hosts', hosts: better.slice(0, maxHosts) }
}

export type Target = { host: string; address: string }

export type Targets = {
  targets: Target[]
  /** In words, one for each host without usable address. */
  problems: string[]
}

/** Addresses to try, in order: by priority, equal ones shuffled, two addresses of each host. */
export async function targetsOf(
  hosts: readonly MailHost[],
  { resolver, ipv6, ownHosts }: { resolver: Resolver; ipv6: boolean; ownHosts: ReadonlySet<string> },
): Promise<Targets> {
  const ordered = hosts
    .map((host) => ({ ...host, random: Math.random() }))
    .toSorted((a, b) => a.priority - b.priority || a.random - b.random)
  const found: Targets = { targets: [], problems: [] }
  const answers = await Promise.all(ordered.map(({ name }) => addressesOf(name, resolver, ipv6)))
  for (const [i, answer] of answers.entries()) {
    const host = ordered[i]?.name ?? ''
    if (typeof answer === 'string') {
      found.problems.push(`${host}: ${answer}`)
      continue
    }
    const usable = answer.filter((address) => !ownHosts.has(address))
    if (usable.length === 0) found.problems.push(`${host}: it is ourselves`)
    for (const address of usable.slice(0, maxAddressesPerHost)) found.targets.push({ host, address })
  }
  return found
}

async function addressesOf(
  host: string,
  resolver: Resolver,
  ipv6: boolean,
): Promise<readonly string[] | string> {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host) || host.includes(':')) return [host]
  // RFC 6761 §6.3; DNS servers do not know it.
  if (host === 'localhost') return ['127.0.0.1']
  const answer = await resolver.addresses(host)
  if (answer.kind === 'failed') return `DNS gives no answer (${answer.reason})`
  if (answer.kind !== 'found') return 'it has no address'
  const { v4, v6 } = answer.records
  const addresses = ipv6 ? [...v6.slice(0, 1), ...v4, ...v6.slice(1)] : v4
  return addresses.length > 0 ? addresses : 'it has no IPv4 address, and sending over IPv6 is off'
}
