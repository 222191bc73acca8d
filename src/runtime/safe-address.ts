/**
 * Where a name that a stranger gave may lead. Every address is checked after our own look-up and before the
 * connection, which goes to that very address: a name must not become a way into our own network.
 */
import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { parseDomain } from '../mail/address.ts'
import type { Resolver } from './dns.ts'
import { isLoopback } from './loopback.ts'

export type SafeReach = {
  resolver: Pick<Resolver, 'addresses'>
  /** Which addresses may be connected to: those of the internet, or (in the lab) those of this machine. */
  reach: 'internet' | 'loopback'
  /** Private networks that may be reached besides the internet, in CIDR notation. */
  networks?: readonly string[]
}

/** No connection, or none that we may make; `message` is for people. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

/** The address to connect to for a host as it stands in a URL; throws Unreachable. */
export function createSafeAddress({
  resolver,
  reach,
  networks = [],
}: SafeReach): (hostname: string) => Promise<string> {
  const opened = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = familyOf(address)
    // Without a prefix it is one address.
    opened.addSubnet(address, Number(prefix ?? (family === 'ipv4' ? 32 : 128)), family)
  }

  function isAllowed(address: string): boolean {
    if (reach === 'loopback') return isLoopback(address)
    return isPublicAddress(address) || (isIP(address) !== 0 && opened.check(address, familyOf(address)))
  }

  /** One address that may not be reached spoils the name: it is either a mistake or an attempt. */
  function allowed(addresses: readonly string[], name: string): string {
    const [first] = addresses
    if (first === undefined || !addresses.every(isAllowed)) {
      throw new Unreachable(
        reach === 'internet'
          ? `${name} leads to an address that is not on the public internet`
          : `${name} leads to an address outside this machine, and in the lab nothing leaves it`,
      )
    }
    return first
  }

  return async (hostname) => {
    const literal = hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0) return allowed([literal], literal)
    // RFC 6761 §6.3: this name is the machine itself, and no DNS is asked about it.
    if (hostname === 'localhost' && (reach === 'loopback' || isAllowed('127.0.0.1'))) return '127.0.0.1'
    const name = parseDomain(hostname)
    if (name === undefined) throw new Unreachable(`${hostname.slice(0, 255)} is not a host name`)
    const answer = await resolver.addresses(name)
    if (answer.kind === 'failed') throw new Unreachable(`DNS gave no answer for ${name} (${answer.reason})`)
    if (answer.kind !== 'found') throw new Unreachable(`${name} has no address`)
    return allowed([...answer.records.v4, ...answer.records.v6], name)
  }
}

/**
 * Addresses anybody on the internet can reach; not private, shared, local, reserved or multicast ones, nor the
 * IPv6 forms that carry an IPv4 address inside and are translated on the way.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false
  // `process` turns ::ffff:10.0.0.1 into 10.0.0.1. Everything special has a range name of its own; 6to4, NAT64 and
  // Teredo too, behind which a private address could hide.
  return ipaddr.process(address).range() === 'unicast'
}

/** Rejects with Unreachable when the signal aborts: nothing may take longer than it. */
export function expiry(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new Unreachable('no answer in time'))
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
}

/** System errors and those of node's HTTP and TLS (certificates, broken answers) all carry a code. */
export function isNetworkError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}
