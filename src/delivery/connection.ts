/**
 * One connection to an SMTP server: writes, and gives the replies that belong to what was written. What the other side
 * does (silence, hanging up, nonsense) is a value, never an exception, and costs bounded memory.
 */
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { createReplyReader, type SmtpReply } from '../mail/reply.ts'
import { readTlsFacts, type TlsFacts, type TlsWish, tlsOptions, whyNotTrusted } from './client-tls.ts'
import type { Transcript } from './transcript.ts'

/** Why nothing more will come. */
export type Loss = { kind: 'refused' | 'timeout' | 'closed' | 'nonsense' | 'tls'; text: string }

export type Exchange = { replies: readonly SmtpReply[]; loss?: Loss }

export type Connection = {
  /** Resolves with a loss when there is no connection (and, when `tls` is given, no TLS). */
  open(target: OpenTarget): Promise<Loss | undefined>
  /**
   * What was read before the handshake and not asked for never counts: half a line is thrown away, a whole reply (a
   * man in the middle, CVE-2011-0411) ends the connection.
   */
  startTls(wish: TlsWish, timeoutMs: number): Promise<Loss | undefined>
  /**
   * Writes and waits for that many replies, each within the time (the last one within its own, where given). It ends early with a loss; a 421 is one, because
   * the server hangs up after it (RFC 5321 §3.8).
   */
  exchange(
    data: string | readonly Buffer[],
    wait: { replies: number; timeoutMs: number; lastTimeoutMs?: number; blockMs?: number },
  ): Promise<Exchange>
  /** Connected, and not in the middle of something. */
  isOpen(): boolean
  isLost(): boolean
  /** e.g. `TLSv1.3 TLS_AES_256_GCM_SHA384 unverified`; '' without TLS. */
  tls(): string
  /** What TLS was agreed on, also where the certificate was then not accepted. */
  tlsFacts(): TlsFacts | undefined
  destroy(): void
}

export type OpenTarget = {
  address: string
  port: number
  localAddress?: string
  timeoutMs: number
  /** TLS from the first byte. */
  tls?: TlsWish
}

type Waiting = {
  replies: SmtpReply[]
  wanted: number
  timeoutMs: number
  lastTimeoutMs: number
  done(exchange: Exchange): void
}

/** Larger bodies are written block by block, so that a receiver that stops reading is noticed. */
const blockOctets = 256 * 1024

export function createConnection(transcript: Transcript): Connection {
  let socket: Socket | undefined
  let reader = createReplyReader()
  let waiting: Waiting | undefined
  let timer: NodeJS.Timeout | undefined
  let lost: Loss | undefined
  let tlsText = ''
  let facts: TlsFacts | undefined

  function lose(loss: Loss): void {
    if (lost !== undefined) return
    lost = loss
    clearTimeout(timer)
    socket?.destroy()
    const open = waiting
    waiting = undefined
    if (open === undefined) return
    transcript.note(loss.text)
    open.done({ replies: open.replies, loss })
  }

  function startTimer(timeoutMs: number): void {
    clearTimeout(timer)
    timer = setTimeout(
      () => lose({ kind: 'timeout', text: `no answer within ${timeoutMs / 1000} s` }),
      timeoutMs,
    )
  }

  function onData(chunk: Buffer): void {
    const { replies, problem } = reader.read(chunk)
    for (const reply of replies) {
      if (lost !== undefined) return
      takeReply(reply)
    }
    if (problem !== undefined) lose({ kind: 'nonsense', text: problem })
  }

  function takeReply(reply: SmtpReply): void {
    const open = waiting
    if (open === undefined) {
      // Said unasked: mostly a 421 to an idle connection. Whatever it is, replies no longer match commands.
      lose({ kind: 'closed', text: `said unasked: ${reply.code} ${reply.text}` })
      return
    }
    transcript.server(reply)
    open.replies.push(reply)
    if (reply.code === 421) {
      lose({ kind: 'closed', text: `the server ended the session: 421 ${reply.text}` })
    } else if (open.replies.length === open.wanted) {
      clearTimeout(timer)
      waiting = undefined
      open.done({ replies: open.replies })
    } else {
      startTimer(open.replies.length === open.wanted - 1 ? open.lastTimeoutMs : open.timeoutMs)
    }
  }

  function listen(to: Socket): void {
    to.on('data', onData)
    to.on('error', (error) => lose({ kind: 'closed', text: `connection lost: ${error.message}` }))
    to.on('close', () => {
      if (to === socket) lose({ kind: 'closed', text: 'the server closed the connection' })
    })
    to.on('end', () => {
      if (to === socket) lose({ kind: 'closed', text: 'the server closed the connection' })
    })
  }

  function waitFor(
    attempt: Socket,
    event: 'connect' | 'secureConnect',
    timeoutMs: number,
    kind: Loss['kind'],
  ) {
    return new Promise<Loss | undefined>((resolve) => {
      const wait = setTimeout(() => end({ kind: kind === 'tls' ? 'tls' : 'timeout', text: late }), timeoutMs)
      const late = `no ${kind === 'tls' ? 'TLS handshake' : 'connection'} within ${timeoutMs / 1000} s`
      const onError = (error: Error) => end({ kind, text: error.message })
      const onClose = () => end({ kind, text: 'the server closed the connection' })
      const onReady = () => end(undefined)
      function end(loss: Loss | undefined): void {
        clearTimeout(wait)
        attempt.off('close', onClose)
        attempt.off(event, onReady)
        // An error may still follow; it has nobody left to tell.
        if (loss !== undefined) {
          lost ??= loss
          attempt.destroy()
        } else {
          attempt.off('error', onError)
        }
        resolve(loss)
      }
      attempt.on('error', onError)
      attempt.on('close', onClose)
      attempt.on(event, onReady)
    })
  }

  async function handshake(tcp: Socket, wish: TlsWish, timeoutMs: number): Promise<Loss | undefined> {
    const options = tlsOptions(wish)
    if ('problem' in options) {
      const unusable: Loss = { kind: 'tls', text: options.problem }
      lose(unusable)
      transcript.note(unusable.text)
      return unusable
    }
    const secured: TLSSocket = connectTls({ socket: tcp, ...options })
    socket = secured
    const loss = await waitFor(secured, 'secureConnect', timeoutMs, 'tls')
    if (loss !== undefined) {
      transcript.note(`TLS failed: ${loss.text}`)
      return loss
    }
    facts = readTlsFacts(secured)
    const distrust = wish.verify ? whyNotTrusted(secured, wish.host) : undefined
    if (distrust !== undefined) {
      const rejected: Loss = { kind: 'tls', text: distrust }
      secured.on('error', () => {})
      lose(rejected)
      transcript.note(`TLS failed: ${distrust}`)
      return rejected
    }
    tlsText = `${facts.version} ${facts.cipher} ${wish.verify ? 'verified' : 'unverified'}`
    transcript.note(tlsText)
    reader = createReplyReader()
    listen(secured)
    return undefined
  }

  /** Writes what does not fit one block; false when the connection was lost meanwhile. */
  async function writeBlocks(data: readonly Buffer[], blockMs: number): Promise<boolean> {
    for (const chunk of data) {
      for (let at = 0; at < chunk.length; at += blockOctets) {
        if (lost !== undefined) return false
        startTimer(blockMs)
        await new Promise<void>((resolve) => {
          // The callback comes with an error when the socket is destroyed.
          socket?.write(chunk.subarray(at, at + blockOctets), () => resolve())
        })
      }
    }
    return lost === undefined
  }

  function write(data: string | readonly Buffer[]): void {
    const chunks = typeof data === 'string' ? [data] : data
    if (chunks.length > 1) socket?.cork()
    for (const chunk of chunks) socket?.write(chunk)
    if (chunks.length > 1) socket?.uncork()
  }

  return {
    async open({ address, port, localAddress, timeoutMs, tls }) {
      const tcp = connectTcp({ host: address, port, noDelay: true, ...(localAddress && { localAddress }) })
      socket = tcp
      const loss = await waitFor(tcp, 'connect', timeoutMs, 'refused')
      if (loss !== undefined) {
        transcript.note(loss.text)
        return loss
      }
      if (tls === undefined) {
        listen(tcp)
        return undefined
      }
      return handshake(tcp, tls, timeoutMs)
    },
    async startTls(wish, timeoutMs) {
      const tcp = socket
      if (lost !== undefined || tcp === undefined) return lost
      if (reader.buffered() > 0) transcript.note('the server talked on after its answer to STARTTLS: ignored')
      tcp.removeAllListeners()
      tcp.on('error', () => {})
      return handshake(tcp, wish, timeoutMs)
    },
    exchange(data, { replies, timeoutMs, lastTimeoutMs = timeoutMs, blockMs }) {
      if (lost !== undefined) return Promise.resolve({ replies: [], loss: lost })
      return new Promise((resolve) => {
        waiting = { replies: [], wanted: replies, timeoutMs, lastTimeoutMs, done: resolve }
        if (blockMs !== undefined && typeof data !== 'string' && octetsOf(data) > blockOctets) {
          writeBlocks(data, blockMs).then(
            (written) => written && waiting !== undefined && startTimer(timeoutMs),
            (error) => lose({ kind: 'closed', text: `connection lost: ${String(error)}` }),
          )
          return
        }
        startTimer(timeoutMs)
        if (data.length > 0) write(data)
      })
    },
    isOpen: () => lost === undefined && socket !== undefined && waiting === undefined,
    isLost: () => lost !== undefined,
    tls: () => tlsText,
    tlsFacts: () => facts,
    destroy() {
      lose({ kind: 'closed', text: 'we closed the connection' })
    },
  }
}

function octetsOf(data: readonly Buffer[]): number {
  let octets = 0
  for (const chunk of data) octets += chunk.length
  return octets
}
