import type { Reach } from '../dependencies.ts'

const loopback = new Set(['127.0.0.1', '::1', 'localhost'])

/** Warns of an outgoing server that is this instance itself: mail through it would go round. */
export function ownServerWarnings(
  { host, port }: { host: string; port: number },
  { smtpHost, smtpPorts }: Reach,
): string[] {
  const isHere = host === smtpHost || loopback.has(host)
  if (!isHere || !smtpPorts.some((own) => own.port === port)) return []
  return [
    'it is the submission port of this instance: mail through it comes back here, and goes round until it is refused as a loop',
  ]
}
