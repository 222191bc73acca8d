/** Networks whose clients need no password: never anything the public can come from. */
import { BlockList, isIP } from 'node:net'

const privateRanges: readonly (readonly [network: string, prefix: number])[] = [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  // RFC 6598: carriers and overlay networks
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
]

/** `prefix` bits and more of an address inside: a network is private when it is inside one private range. */
const privateLists = privateRanges.map(([network, prefix]) => {
  const list = new BlockList()
  list.addSubnet(network, prefix, familyOf(network))
  return { list, prefix, family: familyOf(network) }
})

export type TrustedNetworks = { includes(address: string): boolean }

/** From CIDR notation; throws a RangeError that names what is malformed or public. */
export function parseTrustedNetworks(networks: readonly string[]): TrustedNetworks {
  if (networks.length === 0)
    throw new RangeError('trusted networks: at least one is needed, e.g. "10.0.0.0/8"')
  const trusted = new BlockList()
  for (const cidr of networks) {
    const { network, prefix } = parseCidr(cidr)
    if (!isPrivateNetwork(network, prefix)) {
      throw new RangeError(
        `trusted networks: ${cidr} is public, so anybody could send mail without a password`,
      )
    }
    trusted.addSubnet(network, prefix, familyOf(network))
  }
  return { includes: (address) => isIP(address) !== 0 && trusted.check(address, familyOf(address)) }
}

/** Loopback, link-local and the ranges of private networks. */
export function isPrivateAddress(address: string): boolean {
  if (isIP(address) === 0) return false
  return isPrivateNetwork(address, address.includes(':') ? 128 : 32)
}

function isPrivateNetwork(network: string, prefix: number): boolean {
  const family = familyOf(network)
  return privateLists.some(
    (range) => range.family === family && prefix >= range.prefix && range.list.check(network, family),
  )
}

function parseCidr(cidr: string): { network: string; prefix: number } {
  const [network = '', bits, ...more] = cidr.split('/')
  const version = isIP(network)
  const longest = version === 4 ? 32 : 128
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (version === 0 || more.length > 0 || !(prefix <= longest)) {
    throw new RangeError(`trusted networks: ${JSON.stringify(cidr)} is not a network like "10.0.0.0/8"`)
  }
  return { network, prefix }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}
