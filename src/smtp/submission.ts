/** Mail submission (RFC 6409): who may send, and what intake says to it, in SMTP's words. */
import { isIP } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import type { Intake, RawSubmission } from '../intake/draft.ts'
import type { MessageOptions } from '../intake/submission.ts'
import { type Address, formatAddress, isAscii } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import { senderWarning } from '../mail/reply.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { type RefusalCode, Refused } from '../runtime/refused.ts'
import type {
  Authentication,
  Credentials,
  RcptParameters,
  SmtpAnswer,
  SmtpHandlers,
  SmtpListener,
  SmtpMessage,
  SmtpRecipient,
  SmtpSender,
  SmtpSession,
} from './handlers.ts'
import type { SmtpLimits } from './limits.ts'
import { countReceived } from './received-hops.ts'
import { createSmtpServer, type SmtpServerStats } from './server.ts'
import { isPrivateAddress, parseTrustedNetworks } from './trusted-networks.ts'

export type SubmissionAuthenticator = {
  authenticate(attempt: {
    publicKey: string
    secret: string
    remoteAddress: string
  }): Promise<
    | { kind: 'ok'; key: { id: KeyId } }
    | { kind: 'denied' }
    | { kind: 'suspended' }
    | { kind: 'throttled'; retryAfterMs: number }
  >
}

export type SubmissionOptions = {
  listeners: readonly { host: string; port: number; tls: 'starttls' | 'implicit' }[]
  /** Takes mail without a password from these private networks, in the name of one key. */
  trusted?: { host: string; port: number; networks: readonly string[]; keyId: KeyId }
  secureContext: SecureContextOptions
  intake: Pick<Intake, 'submitRaw' | 'maySendAs'>
  authenticator: SubmissionAuthenticator
  config: {
    /** Our host name. */
    name: string
    maxMessageBytes?: number
    maxRecipients?: number
    /** AUTH without TLS for clients on this machine. */
    plainAuthOnLoopback?: boolean
    /** What a MAIL FROM gets that the key may not use as From. */
    envelopeCheck?: 'warn' | 'refuse'
  }
  limits?: Partial<SmtpLimits>
  log: Log
  clock: Clock
}

export type SubmissionServer = {
  /** Ports in the order of the listeners; `trusted` when that one was asked for. */
  listen(): Promise<{ ports: number[]; trusted: number | undefined }>
  stop(options?: { graceMs?: number }): Promise<void>
  setSecureContext(options: SecureContextOptions): void
  stats(): SmtpServerStats
}

type Client = { keyId: KeyId }

const trustedLabel = 'trusted'

export function createSubmissionServer(options: SubmissionOptions): SubmissionServer {
  const { trusted, config } = options
  const listeners = options.listeners.map(
    ({ host, port, tls }): SmtpListener => ({
      host,
      port,
      tls,
      authentication: 'required',
      authenticationWithoutTls: config.plainAuthOnLoopback === true ? 'loopback' : 'never',
    }),
  )
  if (trusted !== undefined) {
    const { host, port } = trusted
    listeners.push({ host, port, tls: 'starttls', label: trustedLabel })
  }
  const server = createSmtpServer<Client>({
    name: config.name,
    listeners,
    secureContext: options.secureContext,
    handlers: createHandlers(options),
    limits: {
      ...options.limits,
      ...(config.maxMessageBytes !== undefined && { maxMessageBytes: config.maxMessageBytes }),
      ...(config.maxRecipients !== undefined && { maxRecipients: config.maxRecipients }),
    },
    log: options.log,
    clock: options.clock,
  })
  return {
    ...server,
    listen: async () => {
      const ports = await server.listen()
      return { ports: ports.slice(0, options.listeners.length), trusted: ports[options.listeners.length] }
    },
  }
}

function createHandlers(options: SubmissionOptions): SmtpHandlers<Client> {
  const { intake, authenticator, trusted, log, config } = options
  const isTrusted = trusted === undefined ? undefined : trustOf(trusted)

  function connect({ listener, remoteAddress, localAddress }: SmtpSession<Client>): SmtpAnswer | undefined {
    if (listener.label !== trustedLabel || isTrusted?.(remoteAddress, localAddress)) return undefined
    log.warn({ remoteAddress, localAddress }, 'SMTP client is not in a trusted network')
    return { code: 554, enhanced: '5.7.1', text: 'This port takes mail from trusted networks only' }
  }

  async function authenticate(
    { remoteAddress }: SmtpSession<Client>,
    { username, password }: Credentials,
  ): Promise<Authentication<Client>> {
    const result = await authenticator.authenticate({ publicKey: username, secret: password, remoteAddress })
    if (result.kind === 'ok') return { user: { keyId: result.key.id } }
    log.info({ remoteAddress, reason: result.kind }, 'SMTP authentication failed')
    return refusedLogin(result)
  }

  function keyOf({ listener, user }: SmtpSession<Client>): KeyId {
    const keyId = listener.label === trustedLabel ? trusted?.keyId : user?.keyId
    if (keyId === undefined) throw new Error('mail from nobody came through')
    return keyId
  }

  /**
   * RFC 6409 §6.1 allows a refusal here. But the From header decides, and many hosts have an envelope sender that nobody
   * ever validated: so by default it is only said, for whoever reads the dialogue and for connection tests.
   */
  async function mail(
    session: SmtpSession<Client>,
    { address }: SmtpSender,
  ): Promise<SmtpAnswer | undefined> {
    if (address === null || (await intake.maySendAs(keyOf(session), address))) return undefined
    const said = notValidated(address)
    return config.envelopeCheck === 'refuse'
      ? { code: 550, enhanced: '5.7.1', text: `${said}; add and validate the address or its domain` }
      : {
          code: 250,
          enhanced: senderWarning,
          text: `Ok so far, but ${said}; the From header has to name one`,
        }
  }

  /**
   * Odoo's Test Connection leaves before there is a From header, and would be told that all is well. It names a recipient
   * that nobody reads (reference/outgoing-mail-servers.md §8), and so can be told here.
   */
  async function rcpt(
    session: SmtpSession<Client>,
    recipient: SmtpRecipient,
    { address }: SmtpSender,
  ): Promise<SmtpAnswer | undefined> {
    if (address === null || !isOdooTest(recipient.address)) return undefined
    if (await intake.maySendAs(keyOf(session), address)) return undefined
    return {
      code: 550,
      enhanced: '5.7.1',
      text: `${notValidated(address)}; add and validate the address or its domain`,
    }
  }

  function data(session: SmtpSession<Client>, message: SmtpMessage): SmtpAnswer | Promise<SmtpAnswer> {
    const keyId = keyOf(session)
    // RFC 5321 §6.3
    if (countReceived(message.raw) > maxReceived) {
      return { code: 554, enhanced: '5.4.6', text: `Mail loop: more than ${maxReceived} Received headers` }
    }
    return intake
      .submitRaw(toSubmission(keyId, session, message))
      .then(
        ({ submissionUuid }) => ({ code: 250, enhanced: '2.0.0', text: `Ok: queued as ${submissionUuid}` }),
        answerToRefusal,
      )
  }

  return { connect, authenticate, mail, rcpt, data }
}

function isOdooTest({ local, domain }: Address): boolean {
  return domain === 'odoo.com' && local === 'noreply'
}

function notValidated(address: Address): string {
  const who = isAscii(address) ? formatAddress(address) : 'This address'
  return `${who} is not a validated sender of this API key`
}

const maxReceived = 50

function trustOf({ host, networks }: { host: string; networks: readonly string[] }) {
  const trusted = parseTrustedNetworks(networks)
  if (isIP(host) !== 0 && !isWildcard(host) && !isPrivateAddress(host)) {
    throw new RangeError(`the trusted listener cannot be on ${host}: that address is public`)
  }
  // Both ends are looked at: on a wildcard host the connection may have come in by a public address.
  return (remoteAddress: string, localAddress: string) =>
    trusted.includes(remoteAddress) && isPrivateAddress(localAddress)
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function refusedLogin(
  result: { kind: 'denied' } | { kind: 'suspended' } | { kind: 'throttled'; retryAfterMs: number },
): SmtpAnswer {
  switch (result.kind) {
    case 'denied':
      return { code: 535, enhanced: '5.7.8', text: 'Authentication credentials invalid' }
    case 'suspended':
      return { code: 535, enhanced: '5.7.8', text: 'This API key is suspended' }
    case 'throttled': {
      const seconds = Math.max(1, Math.ceil(result.retryAfterMs / 1000))
      const text = `Too many failed authentications, try again in ${seconds} seconds`
      return { code: 454, enhanced: '4.7.0', text }
    }
  }
}

function toSubmission(
  keyId: KeyId,
  session: SmtpSession<Client>,
  { sender, recipients, raw }: SmtpMessage,
): RawSubmission {
  const { ret, envid, smtpUtf8 } = sender.params
  const messageOptions: MessageOptions = { clientAddress: session.remoteAddress }
  if (ret !== undefined) messageOptions.ret = ret
  if (envid !== undefined) messageOptions.envid = envid
  if (smtpUtf8 === true) messageOptions.smtpUtf8 = true
  return {
    keyId,
    envelopeFrom: sender.address === null ? '' : formatAddress(sender.address),
    recipients: recipients.map(({ address, params }) => {
      const dsn = formatDsn(params)
      return dsn === '' ? { address } : { address, dsn }
    }),
    raw,
    options: messageOptions,
    client: {
      address: session.remoteAddress,
      helo: session.helo,
      tls: session.tls !== '',
      authenticated: session.user !== undefined,
    },
  }
}

function formatDsn({ notify, orcpt }: RcptParameters): string {
  const words: string[] = []
  if (notify !== undefined) words.push(`NOTIFY=${notify}`)
  if (orcpt !== undefined) words.push(`ORCPT=${orcpt}`)
  return words.join(' ')
}

/** What intake's refusals are in SMTP. */
export const replyOf = {
  'bad-address': { code: 553, enhanced: '5.1.3' },
  'bad-header': { code: 550, enhanced: '5.6.0' },
  'bad-message': { code: 554, enhanced: '5.6.0' },
  'bad-value': { code: 550, enhanced: '5.6.0' },
  busy: { code: 451, enhanced: '4.3.2' },
  conflict: { code: 451, enhanced: '4.3.0' },
  'no-recipients': { code: 554, enhanced: '5.5.1' },
  'not-found': { code: 550, enhanced: '5.6.0' },
  'sender-not-allowed': { code: 550, enhanced: '5.7.1' },
  'storage-unavailable': { code: 451, enhanced: '4.3.0' },
  'too-large': { code: 552, enhanced: '5.3.4' },
  'too-many-recipients': { code: 452, enhanced: '4.5.3' },
} satisfies Record<RefusalCode, { code: number; enhanced: string }>

function answerToRefusal(error: unknown): SmtpAnswer {
  if (error instanceof Refused) {
    return { ...replyOf[error.code], text: error.message.replaceAll(/[\r\n]+/g, ' ').slice(0, 400) }
  }
  throw error
}
