/** What a receiver thinks of a message: SPF, DKIM and DMARC, checked by mailauth against the lab's DNS. */
import type { DNSResolver } from 'mailauth'
import { labHost } from './zone.ts'
import type { ZoneSource } from './zone-cache.ts'
import { createZoneResolver } from './zone-resolver.ts'

export type Verdicts = {
  dkim: string
  spf: string
  dmarc: string
  /** The Authentication-Results field, without its line break at the end. */
  authenticationResults: string
}

export type Verifier = (
  raw: Buffer,
  envelope: { remoteAddress: string; helo: string /** '' for the null sender. */; sender: string },
) => Promise<Verdicts>

export function createVerifier(zones: ZoneSource): Verifier {
  // mailauth's type leaves out what dns.promises.resolve returns for MX, which is what it reads for `mx` in SPF.
  const resolver = createZoneResolver(zones) as DNSResolver
  return async (raw, { remoteAddress, helo, sender }) => {
    // Loaded when the first message comes: it is 20 MB that a lab without mail does not need.
    const { authenticate } = await import('mailauth')
    const { dkim, spf, dmarc, headers } = await authenticate(raw, {
      ip: remoteAddress,
      helo,
      sender,
      mta: labHost,
      resolver,
      disableArc: true,
      disableBimi: true,
      // A body that was changed is `fail` then, as RFC 8601 §2.7.1 has it.
      strict: true,
    })
    return {
      dkim: bestOf(dkim.results.map(({ status }) => status.result)),
      spf: spf ? spf.status.result : 'none',
      // No verdict at all: From is missing, or names several domains (RFC 9989 §5.3.1).
      dmarc: dmarc ? dmarc.status.result : 'permerror',
      authenticationResults: headers.split(/\r\n(?=\S)/, 1)[0]?.trimEnd() ?? '',
    }
  }
}

/** One good signature is enough; else the one that says most about what is wrong. */
function bestOf(results: readonly string[]): string {
  return (
    ['pass', 'fail', 'temperror', 'permerror', 'policy', 'neutral'].find((word) => results.includes(word)) ??
    'none'
  )
}
