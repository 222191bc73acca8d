import type { Config } from '../config.ts'
import type { Lab } from '../lab/lab.ts'
import type { Certificates } from '../runtime/certificates.ts'
import type { Identity } from './first-start.ts'
import { urlHost } from './listeners.ts'

/** What scripts, containers and tests learn from a start (`serve --ready`). */
export type ReadyInfo = {
  pid: number
  url?: string
  httpsUrl?: string
  submission: { starttls?: number; tls?: number; trusted?: number }
  /** Port of incoming mail; missing when it is off. */
  mx?: number
  lab?: { dns: number; receiver: number }
  /** File of the authority that clients have to trust. */
  ca?: string
  /** An address that may send at once; '' when there is none yet. */
  from: string
  apiKey: string
  /** Only from the start that made the key. */
  secretKey?: string
  /** One-time link that makes the first owner of the console; missing once there is one. */
  setupUrl?: string
}

export function readyInfo({
  config,
  identity,
  certificates,
  lab,
  smtpPorts,
  mx,
  bound,
}: {
  config: Config
  identity: Identity
  certificates: Certificates
  lab: Lab | undefined
  smtpPorts: { ports: number[]; trusted: number | undefined } | undefined
  mx: number | undefined
  bound: readonly { port: number; tls: boolean }[]
}): ReadyInfo {
  const host = urlHost(config)
  const plain = bound.find((listener) => !listener.tls)
  const secure = bound.find((listener) => listener.tls)
  const starttls = config.smtp.starttlsPorts.length > 0 ? smtpPorts?.ports[0] : undefined
  const tls = config.smtp.tlsPort === 'off' ? undefined : smtpPorts?.ports[config.smtp.starttlsPorts.length]
  return {
    pid: process.pid,
    ...(plain && { url: `http://${host}:${plain.port}` }),
    ...(secure && { httpsUrl: `https://${host}:${secure.port}` }),
    submission: {
      ...(starttls !== undefined && { starttls }),
      ...(tls !== undefined && { tls }),
      ...(smtpPorts?.trusted !== undefined && { trusted: smtpPorts.trusted }),
    },
    ...(mx !== undefined && { mx }),
    ...(lab && { lab: { dns: lab.dns.port, receiver: lab.receiver.port } }),
    ...(certificates.caPath !== undefined && { ca: certificates.caPath }),
    from: identity.from,
    apiKey: identity.apiKey,
    ...(identity.secretKey !== undefined && { secretKey: identity.secretKey }),
  }
}
