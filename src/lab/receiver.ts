/** The receiving mail host of every lab domain: real SMTP, simulated mailboxes, verdicts on what it takes. */

import { type Address, formatAddress } from '../mail/address.ts'
import { decodeEncodedWords } from '../mail/encoded-words.ts'
import { findHeaderValue, readHeaderBlock } from '../mail/headers.ts'
import { parseMailboxList } from '../mail/mailbox.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Verifier } from '../runtime/mail-verifier.ts'
import type { SmtpAnswer, SmtpHandlers, SmtpMessage, SmtpSender, SmtpSession } from '../smtp/handlers.ts'
import { createSmtpServer, type SmtpServer } from '../smtp/server.ts'
import { createGreylist } from './greylist.ts'
import type { ReceivedRow } from './inbox.ts'
import type { LabSettings } from './lab.ts'
import { mailboxKind, sinkDomain } from './mailboxes.ts'
import type { Reporter } from './reporter.ts'
import { isLabDomain, labHost } from './zone.ts'

export type ReceiverCounters = {
  received: number
  refusedRecipients: number
  sinkMessages: number
  sinkRecipients: number
  sinkBytes: number
}

export type Receiver = {
  port: number
  /** Whether ::1 listens too, on the same port. */
  ipv6: boolean
  counters(): ReceiverCounters
  stop(): Promise<void>
}

type ReceiverOptions = {
  host: string
  port: number
  tls: { cert: string; key: string }
  settings: LabSettings
  verify: Verifier
  /** Durable when it resolves. */
  store: (rows: ReceivedRow[]) => Promise<void>
  reporter: Pick<Reporter, 'complain' | 'bounce'>
  clock: Clock
  log: Log
}

/** Longer subjects are cut in the list; the message has them whole. */
const maxShownText = 500
/** What a message being received may take to end when the lab stops. */
const graceMs = 2_000

const accepted: SmtpAnswer = { code: 250, enhanced: '2.0.0', text: 'Ok: taken by the lab' }
const sunk: SmtpAnswer = { code: 250, enhanced: '2.0.0', text: 'Ok: counted by the lab' }
const notOurs: SmtpAnswer = { code: 550, enhanced: '5.7.1', text: 'Relaying denied: not a domain of the lab' }
const busy: SmtpAnswer = { code: 450, enhanced: '4.2.0', text: 'The mailbox is busy, try again later' }
const missing: SmtpAnswer = { code: 550, enhanced: '5.1.1', text: 'No such user here' }
const full: SmtpAnswer = { code: 552, enhanced: '5.2.2', text: 'The mailbox is full, over its quota' }

function greylisted(waitMs: number): SmtpAnswer {
  const seconds = Math.ceil(waitMs / 1000)
  return { code: 451, enhanced: '4.7.1', text: `Greylisted, try again in ${seconds} seconds` }
}

export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { host, tls, settings, log, clock } = options
  const counters: ReceiverCounters = {
    received: 0,
    refusedRecipients: 0,
    sinkMessages: 0,
    sinkRecipients: 0,
    sinkBytes: 0,
  }
  const handlers = createHandlers(options, counters)
  const serverOn = (address: string, port: number) =>
    createSmtpServer({
      name: labHost,
      listeners: [{ host: address, port, tls: 'starttls' }],
      secureContext: tls,
      handlers,
      // Everybody comes from one address here.
      limits: { maxMessageBytes: settings.maxMessageBytes, maxConnectionsPerAddress: 2_000 },
      log,
      clock,
    })

  const server = serverOn(host, options.port)
  const [port] = await server.listen()
  if (port === undefined) throw new Error('The receiving host listens on no port')
  const second = host === '127.0.0.1' ? await listenIfThere(serverOn('::1', port)) : undefined

  return {
    port,
    ipv6: second !== undefined,
    counters: () => ({ ...counters }),
    async stop() {
      await Promise.all([server.stop({ graceMs }), second?.stop({ graceMs })])
    },
  }
}

/** Machines without IPv6 are common, and somebody else may have the port there. */
async function listenIfThere(server: SmtpServer): Promise<SmtpServer | undefined> {
  try {
    await server.listen()
    return server
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'EADDRINUSE') return undefined
    throw error
  }
}

type Accepted = { sender: SmtpSender; recipients: readonly Address[]; raw: Buffer }

function createHandlers(
  { settings, verify, store, reporter, clock }: ReceiverOptions,
  counters: ReceiverCounters,
): SmtpHandlers {
  const greylist = createGreylist({ waitMs: settings.greylistMs, clock })

  function refusalOf(recipient: Address, sender: string): SmtpAnswer | undefined {
    if (!isLabDomain(recipient.domain)) return notOurs
    switch (mailboxKind(recipient.local)) {
      case 'busy':
        return busy
      case 'missing':
        return missing
      case 'full':
        return full
      case 'greylist': {
        const waitMs = greylist.remaining(sender, formatAddress(recipient))
        return waitMs > 0 ? greylisted(waitMs) : undefined
      }
      default:
        return undefined
    }
  }

  /** Stored with its verdicts, then answered. */
  async function take(
    session: SmtpSession,
    { sender: { address: from, params }, recipients, raw }: Accepted,
  ): Promise<SmtpAnswer> {
    const sender = textOf(from)
    const kinds = recipients.map(({ local }) => mailboxKind(local))
    if (kinds.includes('slow')) await clock.sleep(settings.slowMs)
    const receivedAt = clock.now()
    const verdicts = await verify(raw, {
      remoteAddress: session.remoteAddress,
      helo: session.helo,
      sender,
    })
    const block = readHeaderBlock(raw)
    // A copy of its own: the rows are handed to another thread, memory and all.
    const content = new Uint8Array(raw)
    const row = {
      received_at: receivedAt,
      envelope_from: sender,
      header_from: addressIn(findHeaderValue(raw, block, 'from')),
      subject: shown(findHeaderValue(raw, block, 'subject')),
      dkim: verdicts.dkim,
      spf: verdicts.spf,
      dmarc: verdicts.dmarc,
      tls: session.tls.split(' ', 1)[0] ?? '',
      authentication_results: verdicts.authenticationResults,
      content,
    }
    await store(recipients.map((recipient) => ({ ...row, recipient: formatAddress(recipient) })))
    counters.received += 1
    // RFC 3834 §2: what has no sender is never answered.
    if (from !== null) {
      const report = { sender: from, raw: Buffer.from(raw), receivedAt, remoteAddress: session.remoteAddress }
      for (const [at, recipient] of recipients.entries()) {
        if (kinds[at] === 'spam') reporter.complain({ ...report, recipient })
        if (kinds[at] === 'bounce-later') reporter.bounce({ ...report, recipient, ...params })
      }
    }
    return accepted
  }

  return {
    rcpt(_session, { address }, sender) {
      if (address.domain === sinkDomain) return undefined
      const refusal = refusalOf(address, textOf(sender.address))
      if (refusal) counters.refusedRecipients += 1
      if (refusal || mailboxKind(address.local) !== 'slow') return refusal
      return clock.sleep(settings.slowMs).then(() => undefined)
    },
    data(session, message: SmtpMessage) {
      const kept: Address[] = []
      for (const { address } of message.recipients) {
        if (address.domain === sinkDomain) counters.sinkRecipients += 1
        else kept.push(address)
      }
      if (kept.length < message.recipients.length) {
        counters.sinkMessages += 1
        counters.sinkBytes += message.raw.length
      }
      if (kept.length === 0) return sunk
      return take(session, { sender: message.sender, recipients: kept, raw: message.raw })
    },
  }
}

function textOf(address: Address | null): string {
  return address === null ? '' : formatAddress(address)
}

function addressIn(value: string | undefined): string {
  const [first] = (value && parseMailboxList(value)) || []
  return first ? formatAddress(first.address) : shown(value)
}

/** NUL cannot be in a text column of PostgreSQL, and has no business in a list either. */
function shown(value: string | undefined): string {
  return decodeEncodedWords(value ?? '')
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, maxShownText)
    .toWellFormed()
}
