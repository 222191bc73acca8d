/** What a receiver thinks of a message: SPF, DKIM and DMARC, checked by mailauth. */
import type { DNSResolver } from 'mailauth'

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

/** `mta`: who says it, in Authentication-Results. `resolver` has the shape of `dns.promises.resolve`. */
export function createMailVerifier({ resolver, mta }: { resolver: DNSResolver; mta: string }): Verifier {
  return async (raw, { remoteAddress, helo, sender }) => {
    // Loaded when the first message comes: it is 20 MB that nobody needs who receives no mail.
    const { authenticate } = await import('mailauth')
    const { dkim, spf, dmarc, headers } = await authenticate(raw, {
      ip: remoteAddress,
      helo,
      sender,
      mta,
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
