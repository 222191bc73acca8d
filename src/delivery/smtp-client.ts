/** An SMTP client session: greeting, EHLO, TLS and AUTH once; then any number of transactions. */

import type { SmtpReply } from '../mail/reply.ts'
import { authenticate, type Credentials } from './authenticate.ts'
import type { ClientCertificate, TlsFacts, TlsWish } from './client-tls.ts'
import { type Connection, createConnection, type Loss } from './connection.ts'
import type { SmtpTimeouts } from './timeouts.ts'
import { sendTransaction, type Transaction, type TransactionResult } from './transaction.ts'
import type { Transcript } from './transcript.ts'

export type TlsMode =
  /** STARTTLS where offered, certificate not checked. */
  | 'opportunistic'
  | 'never'
  /** STARTTLS or nothing; the certificate is not checked. */
  | 'starttls'
  /** TLS from the first byte; the certificate is not checked. */
  | 'tls'
  /** STARTTLS, and the certificate must be valid. */
  | 'strict-starttls'
  /** TLS from the first byte, and the certificate must be valid. */
  | 'strict-tls'

export type SessionTarget = {
  host: string
  address: string
  port: number
  localAddress?: string
  /** Ours, for EHLO. */
  name: string
  tls: TlsMode
  trustedCas?: readonly string[]
  /** False: bodies go by DATA, also to a server that offers CHUNKING. */
  chunking?: boolean
  credentials?: Credentials
  clientCertificate?: ClientCertificate
  timeouts: SmtpTimeouts
  /** Ends everything at once. */
  signal?: AbortSignal
  /** Told as each stage begins. */
  onStage?(stage: OpenFailure['stage']): void
}

export type OpenFailure = {
  stage: 'connect' | 'greeting' | 'ehlo' | 'starttls' | 'auth'
  /** What stood in the way, where it was not a reply. */
  why?: 'not-offered' | 'no-method' | 'needs-tls'
  /** What the server said, where it said something. */
  reply?: SmtpReply
  loss?: Loss
  text: string
}

/** Upper-case keyword → parameters. */
export type Extensions = ReadonlyMap<string, string>

export type Session = {
  readonly host: string
  /** `address:port`. */
  readonly address: string
  readonly extensions: Extensions
  readonly transcript: Transcript
  tls(): string
  /** Transactions begun. */
  sent(): number
  /** Ready for another transaction. */
  isOpen(): boolean
  /** The connection is gone. */
  isLost(): boolean
  send(transaction: Transaction): Promise<TransactionResult>
  /** Says QUIT and waits a little. */
  quit(): Promise<void>
  destroy(): void
}

export type Opened = { session: Session } | { failure: OpenFailure }

/** Greeted, secured and logged in. `tls`: as far as it came to that, also in a failure. */
export type Established =
  | { connection: Connection; extensions: Extensions }
  | { failure: OpenFailure; tls?: TlsFacts }

export async function establish(target: SessionTarget, transcript: Transcript): Promise<Established> {
  const { host, signal } = target
  const connection = createConnection(transcript)
  transcript.note(`connecting to ${host} (${whereOf(target)})`)
  signal?.addEventListener('abort', connection.destroy, { once: true })
  const result = await converse(connection, target, transcript)
  if (!('failure' in result)) return { connection, extensions: result.extensions }
  connection.destroy()
  const tls = connection.tlsFacts()
  return tls === undefined ? result : { ...result, tls }
}

async function converse(
  connection: Connection,
  target: SessionTarget,
  transcript: Transcript,
): Promise<Hello> {
  const failure = await connect(connection, target)
  if (failure !== undefined) return { failure }
  const hello = await greetAndSecure(connection, target, transcript)
  const { credentials } = target
  if ('failure' in hello || credentials === undefined) return hello
  target.onStage?.('auth')
  const { host, address, timeouts } = target
  const refused = await authenticate(connection, credentials, {
    host,
    address,
    offered: hello.extensions.get('AUTH'),
    transcript,
    timeoutMs: timeouts.ehloMs,
  })
  return refused === undefined ? hello : { failure: refused }
}

export async function openSession(target: SessionTarget, transcript: Transcript): Promise<Opened> {
  const established = await establish(target, transcript)
  if ('failure' in established) return { failure: established.failure }
  const { connection, extensions } = established
  const { host, timeouts, chunking = true } = target
  const where = whereOf(target)
  let sent = 0
  const session: Session = {
    host,
    address: where,
    extensions,
    transcript,
    tls: connection.tls,
    sent: () => sent,
    isOpen: connection.isOpen,
    isLost: connection.isLost,
    send(transaction) {
      sent += 1
      if (sent > 1) transcript.note(`message ${sent} on this connection to ${host} (${where})`)
      return sendTransaction(connection, transaction, { extensions, transcript, timeouts, chunking })
    },
    async quit() {
      await connection.exchange('QUIT\r\n', { replies: 1, timeoutMs: timeouts.quitMs })
      connection.destroy()
    },
    destroy: connection.destroy,
  }
  return { session }
}

function whereOf({ address, port }: SessionTarget): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

async function connect(connection: Connection, target: SessionTarget): Promise<OpenFailure | undefined> {
  const { address, port, localAddress, timeouts, host } = target
  const isImplicit = target.tls === 'tls' || target.tls === 'strict-tls'
  target.onStage?.('connect')
  const loss = await connection.open({
    address,
    port,
    timeoutMs: timeouts.connectMs,
    ...(localAddress !== undefined && { localAddress }),
    ...(isImplicit && { tls: tlsWish(target) }),
  })
  if (loss === undefined) return undefined
  return { stage: loss.kind === 'tls' ? 'starttls' : 'connect', loss, text: `${host}: ${loss.text}` }
}

function tlsWish({ host, tls, trustedCas, clientCertificate }: SessionTarget): TlsWish {
  return {
    host,
    verify: tls === 'strict-starttls' || tls === 'strict-tls',
    ...(trustedCas !== undefined && { trustedCas }),
    ...(clientCertificate !== undefined && { client: clientCertificate }),
  }
}

type Hello = { extensions: Extensions } | { failure: OpenFailure }

async function greetAndSecure(
  connection: Connection,
  target: SessionTarget,
  transcript: Transcript,
): Promise<Hello> {
  const { timeouts } = target
  target.onStage?.('greeting')
  const greeting = await connection.exchange('', { replies: 1, timeoutMs: timeouts.greetingMs })
  const refused = failureOf('greeting', greeting, target.host)
  if (refused !== undefined) return { failure: refused }

  const plain = await sayHello(connection, target, transcript)
  const wantsTls = ['opportunistic', 'starttls', 'strict-starttls'].includes(target.tls)
  if ('failure' in plain || !wantsTls) return plain
  target.onStage?.('starttls')
  if (!plain.extensions.has('STARTTLS')) {
    if (target.tls === 'opportunistic') return plain
    const text = `${target.host} does not offer STARTTLS, which is required`
    return { failure: { stage: 'starttls', why: 'not-offered', text } }
  }
  transcript.client('STARTTLS')
  const answer = await connection.exchange('STARTTLS\r\n', { replies: 1, timeoutMs: timeouts.ehloMs })
  const declined = failureOf('starttls', answer, target.host)
  if (declined !== undefined) {
    const goOn = target.tls === 'opportunistic' && declined.loss === undefined
    return goOn ? plain : { failure: declined }
  }
  const loss = await connection.startTls(tlsWish(target), timeouts.ehloMs)
  if (loss !== undefined) {
    return { failure: { stage: 'starttls', loss, text: `TLS with ${target.host} failed: ${loss.text}` } }
  }
  // RFC 3207 §4.2: what was learnt before TLS does not count.
  return sayHello(connection, target, transcript)
}

async function sayHello(
  connection: Connection,
  { name, timeouts, host, onStage }: SessionTarget,
  transcript: Transcript,
): Promise<Hello> {
  onStage?.('ehlo')
  const wait = { replies: 1, timeoutMs: timeouts.ehloMs }
  transcript.client(`EHLO ${name}`)
  let answer = await connection.exchange(`EHLO ${name}\r\n`, wait)
  const code = answer.replies[0]?.code
  // RFC 5321 §3.2: a server that does not know EHLO is greeted with HELO.
  if (code === 500 || code === 502) {
    transcript.client(`HELO ${name}`)
    answer = await connection.exchange(`HELO ${name}\r\n`, wait)
  }
  const failure = failureOf('ehlo', answer, host)
  return failure === undefined ? { extensions: readExtensions(answer.replies[0]) } : { failure }
}

function readExtensions(reply: SmtpReply | undefined): Extensions {
  const extensions = new Map<string, string>()
  for (const line of reply?.lines.slice(1) ?? []) {
    const [keyword = '', ...parameters] = line.trim().split(/[ =]+/)
    extensions.set(keyword.toUpperCase(), parameters.join(' '))
  }
  return extensions
}

export function failureOf(
  stage: OpenFailure['stage'],
  { replies, loss }: { replies: readonly SmtpReply[]; loss?: Loss },
  host: string,
): OpenFailure | undefined {
  const reply = replies[0]
  if (reply === undefined) {
    const text = `${host}: ${loss?.text ?? 'no answer'}`
    return loss === undefined ? { stage, text } : { stage, loss, text }
  }
  return reply.code < 400 && loss === undefined ? undefined : { stage, reply, text: reply.text }
}
