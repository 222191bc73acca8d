/** The door for mail that comes to us: its port, who it may be for, and its verdicts. */
import { Resolver } from 'node:dns/promises'
import type { DNSResolver } from 'mailauth'
import type { Config } from '../config.ts'
import { type AppliedReport, type ApplyReportParts, applyReport } from '../inbound/apply-report.ts'
import { keysOfBounceAddresses } from '../inbound/find-reported.ts'
import { type Address, formatAddress } from '../mail/address.ts'
import { readIncoming } from '../mail/incoming-message.ts'
import { readReport } from '../mail/read-report.ts'
import type { Certificates } from '../runtime/certificates.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { createMailVerifier, type Verdicts, type Verifier } from '../runtime/mail-verifier.ts'
import type { SmtpAnswer } from '../smtp/handlers.ts'
import {
  type Acceptance,
  createIncomingServer,
  type IncomingMail,
  type IncomingServer,
} from '../smtp/incoming.ts'
import type { Storage } from '../storage/storage.ts'
import { isOpen } from './listeners.ts'

export type IncomingParts = {
  config: Config
  certificates: Certificates
  /** Empty: those of the operating system. */
  dnsServers: readonly string[]
  bounceDomain: string
  storage: Storage
  returnPaths: ApplyReportParts['returnPaths']
  suppress: ApplyReportParts['suppress']
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
    accepts: (recipient) => accepts(parts, recipient),
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

/** Return paths that are sealed by us, and bounce addresses of accounts; nothing else, whatever its domain. */
async function accepts(
  { storage, returnPaths, bounceDomain }: Pick<IncomingParts, 'storage' | 'returnPaths' | 'bounceDomain'>,
  recipient: Address,
): Promise<Acceptance> {
  if (returnPaths.read(recipient) !== undefined) return 'ok'
  if (recipient.domain === bounceDomain) return 'no-such-recipient'
  if ((await keysOfBounceAddresses(storage.db, [recipient])).length > 0) return 'ok'
  return (await isAccountDomain(storage, recipient.domain)) ? 'no-such-recipient' : 'relaying-denied'
}

async function isAccountDomain({ db }: Storage, domain: string): Promise<boolean> {
  const own = await db.selectFrom('domains').select('id').where('name', '=', domain).executeTakeFirst()
  if (own !== undefined) return true
  const parameter = await db
    .selectFrom('system_parameters')
    .select('account_id')
    .where('name', '=', 'mail.catchall.domain')
    .where('value', '=', domain)
    .executeTakeFirst()
  return parameter !== undefined
}

function createReceive(parts: IncomingParts): (mail: IncomingMail) => Promise<SmtpAnswer> {
  const { storage, returnPaths, suppress, log, clock } = parts
  const verify = createIncomingVerifier(parts)
  return async (mail) => {
    const message = await readIncoming(mail.raw)
    const report = readReport(message, mail.raw)
    const verdicts = await verify(mail)
    const { spf, dkim, dmarc } = verdicts
    const facts = {
      from: mail.envelopeFrom === null ? '' : formatAddress(mail.envelopeFrom),
      to: mail.recipients.map(formatAddress).slice(0, 10),
      client: mail.client.address,
      ...{ spf, dkim, dmarc },
    }
    if (report === undefined) {
      log.info(facts, 'incoming mail refused: no report')
      return { code: 550, enhanced: '5.7.1', text: 'This address takes reports about mail only' }
    }
    const applied = await applyReport(
      { storage, returnPaths, suppress },
      { report, addressedTo: mail.recipients, now: clock.now() },
    )
    log.info(
      { ...facts, kind: report.kind, outcome: applied.outcome, steps: applied.steps },
      'report received',
    )
    return takenAs(applied)
  }
}

/** Reports without effect are taken all the same: whoever sends one can do nothing about it. */
function takenAs({ outcome }: AppliedReport): SmtpAnswer {
  return {
    code: 250,
    enhanced: '2.0.0',
    text: outcome === 'applied' ? 'Ok: report noted' : 'Ok: report taken',
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
