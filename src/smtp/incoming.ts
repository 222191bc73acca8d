/** Mail from the world (the MX): who it may be for, and what becomes of it, in SMTP's words. It relays for nobody. */
import type { SecureContextOptions } from 'node:tls'
import type { Address } from '../mail/address.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { SmtpAnswer, SmtpHandlers, SmtpMessage, SmtpSession } from './handlers.ts'
import type { SmtpLimits } from './limits.ts'
import { countReceived } from './received-hops.ts'
import { createSmtpServer, type SmtpServerStats } from './server.ts'

export type IncomingMail = {
  /** Null for bounces and other automatic mail. */
  envelopeFrom: Address | null
  recipients: readonly Address[]
  /** May be a view into a larger buffer: copy it to keep it for long. */
  raw: Buffer
  client: { address: string; helo: string /** '' without TLS. */; tls: string }
}

export type Acceptance = 'ok' | 'no-such-recipient' | 'relaying-denied'

export type IncomingOptions = {
  /** Our host name. */
  name: string
  host: string
  port: number
  secureContext: SecureContextOptions
  accepts(recipient: Address): Acceptance | Promise<Acceptance>
  /** The answer after the message: 2xx only when it is durable. */
  receive(mail: IncomingMail): Promise<SmtpAnswer>
  limits?: Partial<SmtpLimits>
  log: Log
  clock: Clock
}

export type IncomingServer = {
  /** Resolves with the port. */
  listen(): Promise<number>
  stop(options?: { graceMs?: number }): Promise<void>
  setSecureContext(options: SecureContextOptions): void
  stats(): SmtpServerStats
}

const maxReceived = 50

const refusals = {
  'no-such-recipient': { code: 550, enhanced: '5.1.1', text: 'No such recipient here' },
  'relaying-denied': {
    code: 550,
    enhanced: '5.7.1',
    text: 'Relaying denied: no mail for that domain is taken here',
  },
} satisfies Record<Exclude<Acceptance, 'ok'>, SmtpAnswer>

export function createIncomingServer(options: IncomingOptions): IncomingServer {
  const { host, port } = options
  const server = createSmtpServer({
    name: options.name,
    listeners: [{ host, port, tls: 'starttls' }],
    secureContext: options.secureContext,
    handlers: createHandlers(options),
    ...(options.limits !== undefined && { limits: options.limits }),
    log: options.log,
    clock: options.clock,
  })
  return {
    ...server,
    async listen() {
      const [bound] = await server.listen()
      if (bound === undefined) throw new Error('the incoming port listens nowhere')
      return bound
    },
  }
}

function createHandlers({ accepts, receive }: IncomingOptions): SmtpHandlers {
  return {
    async rcpt(_session, { address }) {
      const acceptance = await accepts(address)
      return acceptance === 'ok' ? undefined : refusals[acceptance]
    },
    data(session, message) {
      // RFC 5321 §6.3
      if (countReceived(message.raw) > maxReceived) {
        return { code: 554, enhanced: '5.4.6', text: `Mail loop: more than ${maxReceived} Received headers` }
      }
      return receive(toMail(session, message))
    },
  }
}

function toMail(
  { remoteAddress, helo, tls }: SmtpSession,
  { sender, recipients, raw }: SmtpMessage,
): IncomingMail {
  return {
    envelopeFrom: sender.address,
    recipients: recipients.map(({ address }) => address),
    raw,
    client: { address: remoteAddress, helo, tls },
  }
}
