import { BlockList, isIP } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** `address` is an IP address; a host name is not loopback, whatever it resolves to. */
export function isLoopback(address: string): boolean {
  const family = isIP(address)
  // BlockList sees through IPv4-mapped IPv6 addresses (::ffff:127.0.0.1) by itself.
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
