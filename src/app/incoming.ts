/** The door for mail that comes to us: its port, who it may be for, and its verdicts. */
import { Resolver } from 'node:dns/promises'
import type { DNSResolver } from 'mailauth'
import type { Config } from '../config.ts'
import type { Inbound } from '../inbound/inbound.ts'
import { createAccepts } from '../inbound/owners.ts'
import type { Programs } from '../inbound/programs.ts'
import { type Address, formatAddress } from '../mail/address.ts'
import type { ReturnPaths } from '../mail/return-path.ts'
import type { Certificates } from '../runtime/certificates.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { createMailVerifier, type Verdicts, type Verifier } from '../runtime/mail-verifier.ts'
import type { SmtpAnswer } from '../smtp/handlers.ts'
import { createIncomingServer, type IncomingMail, type IncomingServer } from '../smtp/incoming.ts'
import type { Storage } from '../storage/storage.ts'
import { isOpen } from './listeners.ts'

export type IncomingParts = {
  config: Config
  certificates: Certificates
  /** Empty: those of the operating system. */
  dnsServers: readonly string[]
  bounceDomain: string
  /** Of addresses that are made for programs. */
  mailDomain: string
  storage: Storage
  returnPaths: Pick<ReturnPaths, 'read'>
  inbound: Pick<Inbound, 'receive'>
  /** Addresses that unsubscribe whoever writes to them. */
  isUnsubscribe(address: Address): boolean
  programs: Pick<Programs, 'find'>
  log: Log
  clock: Clock
}

/** Undefined when the port is off. */
export function createIncoming(parts: IncomingParts): IncomingServer | undefined {
  const { config, certificates, log, clock } = parts
  const { mx, name } = config
  if (!isOpen(mx.port)) return undefined
  return createIncomingServer({
    name,
    host: mx.host,
    port: mx.port,
    secureContext: { cert: certificates.certificate, key: certificates.key },
    accepts: createAccepts({
      storage: parts.storage,
      isReturnPath: (address) =>
        parts.returnPaths.read(address) !== undefined || parts.isUnsubscribe(address),
      isProgram: async (address) => (await parts.programs.find(address)) !== undefined,
      ownDomains: [parts.bounceDomain, parts.mailDomain],
    }),
    receive: createReceive(parts),
    limits: {
      maxMessageBytes: mx.maxMessageBytes,
      maxRecipients: mx.maxRecipients,
      maxConnections: mx.maxConnections,
      maxConnectionsPerAddress: mx.maxConnectionsPerAddress,
      maxMessages: mx.maxMessagesPerConnection,
      // Room for one message of the largest size at least.
      maxHeldBytes: Math.max(134_217_728, mx.maxMessageBytes),
      idleTimeoutMs: mx.idleSeconds * 1000,
      messageTimeoutMs: mx.messageSeconds * 1000,
    },
    log,
    clock,
  })
}

function createReceive(parts: IncomingParts): (mail: IncomingMail) => Promise<SmtpAnswer> {
  const verify = createIncomingVerifier(parts)
  return async (mail) => {
    const { spf, dkim, dmarc } = await verify(mail)
    return parts.inbound.receive({
      envelopeFrom: mail.envelopeFrom === null ? '' : formatAddress(mail.envelopeFrom),
      recipients: mail.recipients,
      raw: mail.raw,
      client: mail.client.address,
      authentication: { spf, dkim, dmarc },
    })
  }
}

/** A sending host waits for the verdict: DNS that does not answer must not hold it for long. */
const verdictMs = 20_000
const noVerdict: Verdicts = {
  spf: 'temperror',
  dkim: 'temperror',
  dmarc: 'temperror',
  authenticationResults: '',
}

export function createIncomingVerifier({
  config,
  dnsServers,
  log,
  clock,
}: Pick<IncomingParts, 'config' | 'dnsServers' | 'log' | 'clock'>): (
  mail: IncomingMail,
) => Promise<Verdicts> {
  const dns = new Resolver({ timeout: 3_000, tries: 2 })
  if (dnsServers.length > 0) dns.setServers([...dnsServers])
  // mailauth's type leaves out what `resolve` returns for MX, which is what it reads for `mx` in SPF.
  const resolver = ((name: string, type: string) => dns.resolve(name, type)) as DNSResolver
  const verifier: Verifier = createMailVerifier({ resolver, mta: config.name })
  return async ({ raw, envelopeFrom, client }) => {
    const finished = new AbortController()
    const verdict = verifier(raw, {
      remoteAddress: client.address,
      helo: client.helo,
      sender: envelopeFrom === null ? '' : formatAddress(envelopeFrom),
    })
    const tooLate = clock.sleep(verdictMs, finished.signal).then(() => noVerdict)
    try {
      return await Promise.race([verdict, tooLate])
    } catch (error) {
      // What no verifier can read is no reason to refuse a report: its token is what proves it.
      log.warn({ err: error, client: client.address }, 'incoming mail could not be verified')
      return noVerdict
    } finally {
      finished.abort()
    }
  }
}
