/** Where live mail may go. */
import { BlockList, isIP } from 'node:net'

// Private networks are not here: some organisations have their mail hosts there. Nobody's MX is on these.
const nobodysMailHost = new BlockList()
nobodysMailHost.addSubnet('0.0.0.0', 8, 'ipv4')
nobodysMailHost.addSubnet('127.0.0.0', 8, 'ipv4')
nobodysMailHost.addSubnet('169.254.0.0', 16, 'ipv4')
nobodysMailHost.addSubnet('224.0.0.0', 3, 'ipv4')
nobodysMailHost.addSubnet('::', 127, 'ipv6')
nobodysMailHost.addSubnet('fe80::', 10, 'ipv6')
nobodysMailHost.addSubnet('ff00::', 8, 'ipv6')

/** DNS that others control must not lead to this machine or its link; a relay is the operator's own choice. */
export function mayConnectLive(address: string, kind: 'mx' | 'relay'): boolean {
  const family = isIP(address)
  if (family === 0) return false
  return kind === 'relay' || !nobodysMailHost.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
