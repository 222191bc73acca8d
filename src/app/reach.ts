/** Where programs of customers reach this instance: what they put into their own settings. */
import type { Config } from '../config.ts'
import type { Reach } from '../http/dependencies.ts'
import type { Certificates } from '../runtime/certificates.ts'
import { isOpen } from './listeners.ts'

/** `smtpPorts`: those that were bound, STARTTLS first, in the order of the settings. */
export function describeReach({
  config,
  certificates,
  smtpPorts = [],
  url,
  httpsUrl,
}: {
  config: Config
  certificates: Certificates
  smtpPorts: readonly number[] | undefined
  url: string | undefined
  httpsUrl: string | undefined
}): Reach {
  const { starttlsPorts, tlsPort, plainAuthOnLoopback } = config.smtp
  const starttls = starttlsPorts.map((port, index) => smtpPorts[index] ?? port)
  const tls = isOpen(tlsPort) ? [smtpPorts[starttlsPorts.length] ?? tlsPort] : []
  return {
    smtpHost: config.mode === 'lab' ? '127.0.0.1' : config.name,
    smtpPorts: [
      ...starttls.map((port) => ({ port, security: 'starttls' as const })),
      ...tls.map((port) => ({ port, security: 'tls' as const })),
    ],
    plainAuthOnLoopback,
    url: url ?? null,
    httpsUrl: httpsUrl ?? null,
    ca: certificates.ca ?? null,
  }
}
