/** The verdicts of the lab's receiving host, from the lab's DNS. */
import type { DNSResolver } from 'mailauth'
import { createMailVerifier, type Verifier } from '../runtime/mail-verifier.ts'
import { labHost } from './zone.ts'
import type { ZoneSource } from './zone-cache.ts'
import { createZoneResolver } from './zone-resolver.ts'

export function createVerifier(zones: ZoneSource): Verifier {
  // mailauth's type leaves out what dns.promises.resolve returns for MX, which is what it reads for `mx` in SPF.
  return createMailVerifier({ resolver: createZoneResolver(zones) as DNSResolver, mta: labHost })
}
