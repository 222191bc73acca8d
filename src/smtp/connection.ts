/**
 * One client: bytes in, replies out. A chunk is worked through in one go and answered with one write; input waits
 * while a handler runs, and is not read while the client does not read our replies.
 */
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { createDeadline } from './deadline.ts'
import {
  ask,
  type Common,
  createDialogue,
  endTransaction,
  forgetPlainText,
  isPositive,
  mistake,
  type Reply,
  toReply,
} from './dialogue.ts'
import type { SmtpListener } from './handlers.ts'
import { createInput } from './input.ts'
import { replies } from './replies.ts'

export type ConnectionOptions = {
  common: Common
  id: number
  listener: SmtpListener
  secureContext: () => SecureContext | undefined
  now: () => number
  onClose: () => void
}

export type Connection = {
  /** Ends what takes too long. */
  checkTime(now: number): void
  /** Says 421, at once when nothing is being received or answered, else after that. */
  stop(): void
  destroy(): void
}

/** Replies are written at this size even if the chunk has more commands: their readers may be slow. */
const maxUnsentReply = 16_384

export function openConnection(plainSocket: Socket, options: ConnectionOptions): Connection {
  const { common, listener, now } = options
  const { limits } = common
  const dialogue = createDialogue(common, {
    id: options.id,
    listener,
    remoteAddress: plainAddress(plainSocket.remoteAddress),
    remotePort: plainSocket.remotePort ?? 0,
    localAddress: plainAddress(plainSocket.localAddress),
    helo: '',
    extended: false,
    tls: '',
    user: undefined,
  })
  let socket = plainSocket
  let phase: 'handshake' | 'greeting' | 'open' | 'closing' = 'greeting'
  /** Chunks that wait for a handler or for the client to read. */
  let backlog: Buffer[] = []
  let backlogBytes = 0
  let handlerRuns = false
  let writeBlocked = false
  let paused = false
  let ended = false
  let stopping = false
  let closed = false
  let out = ''
  const deadline = createDeadline(limits, now)
  const input = createInput({ dialogue, deadline, answer, hasBacklog: () => backlog.length > 0 })

  listen()
  if (listener.tls === 'implicit') secure()
  else startGreeting()

  function listen() {
    socket.on('data', onChunk)
    socket.on('end', onEnd)
    socket.on('drain', onDrain)
    socket.on('error', onError)
    socket.on('close', onClose)
  }

  function onChunk(chunk: Buffer) {
    if (phase === 'closing') return
    if (phase !== 'open') return refuseEarlyTalker()
    if (handlerRuns || writeBlocked || backlog.length > 0) return hold(chunk)
    try {
      work(chunk)
      flush()
    } catch (error) {
      onFault(error)
    }
  }

  function hold(chunk: Buffer) {
    backlog.push(chunk)
    backlogBytes += chunk.length
    controlReading()
  }

  function work(received: Buffer) {
    const chunk = input.join(received)
    let position = 0
    while (position < chunk.length && phase === 'open') {
      if (out.length > maxUnsentReply) flush()
      if (handlerRuns || writeBlocked) {
        const rest = chunk.subarray(position)
        backlog.unshift(rest)
        backlogBytes += rest.length
        controlReading()
        return
      }
      position = input.step(chunk, position)
    }
  }

  function answer(reply: Reply) {
    if (typeof reply === 'string') return say(reply)
    handlerRuns = true
    deadline.none()
    reply
      .then((text) => {
        handlerRuns = false
        if (closed || phase === 'closing') return
        deadline.expectCommand()
        say(text)
        resume()
      })
      .catch(onFault)
  }

  function say(text: string) {
    out += text
    if (dialogue.expects === 'handshake') {
      flush()
      return secure()
    }
    if (dialogue.expects === 'nothing') return close()
    if (dialogue.failedLogins >= limits.maxAuthenticationFailures) return close(replies.tooManyFailedLogins)
    if (dialogue.errors >= limits.maxErrors) return close(replies.tooManyErrors)
    if (stopping && dialogue.expects === 'command') close(replies.stopping)
  }

  /** Goes on with what has waited. */
  function resume() {
    while (backlog.length > 0 && phase === 'open' && !handlerRuns && !writeBlocked) {
      const chunk = backlog.shift()
      if (chunk === undefined) break
      backlogBytes -= chunk.length
      work(chunk)
    }
    flush()
    controlReading()
    if (ended) endAfterClient()
  }

  function flush() {
    if (out === '' || closed) return
    const text = out
    out = ''
    if (socket.write(text, 'latin1') || phase === 'closing') return
    writeBlocked = true
    deadline.expectCommand()
    controlReading()
  }

  function onDrain() {
    if (!writeBlocked || phase === 'closing') return
    writeBlocked = false
    deadline.expectCommand()
    try {
      resume()
    } catch (error) {
      onFault(error)
    }
  }

  function controlReading() {
    const shouldPause =
      phase === 'open' && (writeBlocked || (handlerRuns && backlogBytes > limits.maxPipelinedBytes))
    if (shouldPause === paused || closed) return
    paused = shouldPause
    if (paused) socket.pause()
    else socket.resume()
  }

  function startGreeting() {
    phase = 'greeting'
    deadline.expectCommand()
    // Two turns of the event loop have one look at the socket between them, which shows who talks first.
    if (limits.greetingDelayMs > 0) setTimeout(greet, limits.greetingDelayMs)
    else setImmediate(() => setImmediate(greet))
  }

  function greet() {
    if (closed || phase !== 'greeting') return
    const usual = `220 ${common.name} ESMTP\r\n`
    const reply = ask(
      dialogue,
      'connect',
      () => common.handlers.connect?.(dialogue.session),
      (words) => {
        if (!isPositive(words)) dialogue.expects = 'nothing'
        return toReply(dialogue, words, usual)
      },
    )
    if (typeof reply === 'string') return open(reply)
    deadline.none()
    void reply.then(open)
  }

  function open(greeting: string) {
    if (closed || phase !== 'greeting') return
    phase = 'open'
    if (greeting === replies.ourFault) dialogue.expects = 'nothing'
    deadline.expectCommand()
    say(greeting)
    flush()
  }

  function refuseEarlyTalker() {
    if (phase === 'greeting') close(mistake(dialogue, replies.earlyTalker))
    else socket.destroy()
  }

  function secure() {
    const secureContext = options.secureContext()
    if (secureContext === undefined) throw new Error('a listener with TLS needs a certificate')
    const raw = socket
    raw.off('data', onChunk).off('end', onEnd).off('drain', onDrain).off('close', onClose)
    phase = 'handshake'
    input.forget()
    writeBlocked = false
    paused = false
    deadline.after(limits.handshakeTimeoutMs)
    const secured = new TLSSocket(raw, { isServer: true, secureContext })
    secured.disableRenegotiation()
    socket = secured
    listen()
    secured.on('secure', () => {
      if (closed) return
      forgetPlainText(dialogue)
      dialogue.session.tls = `${secured.getProtocol() ?? ''} ${secured.getCipher().standardName}`
      if (listener.tls === 'implicit') return startGreeting()
      phase = 'open'
      deadline.expectCommand()
      if (stopping) close(replies.stopping)
    })
  }

  /** Ends our side and drains the client's: closing over unread input would destroy the last reply (TCP reset). */
  function close(lastReply = '') {
    if (phase === 'closing' || closed) return
    out += lastReply
    phase = 'closing'
    flush()
    backlog = []
    backlogBytes = 0
    input.forget()
    endTransaction(dialogue)
    deadline.after(limits.lingerMs)
    controlReading()
    if (stopping) socket.destroySoon()
    else socket.end()
  }

  function onEnd() {
    ended = true
    endAfterClient()
  }

  /** The client says no more; what it has said is still answered. */
  function endAfterClient() {
    if (phase === 'handshake') socket.destroy()
    else if (!handlerRuns && !writeBlocked && backlog.length === 0) close()
  }

  function onError(error: Error) {
    common.log.debug({ err: error, session: options.id }, 'SMTP connection failed')
    socket.destroy()
  }

  /** Our bug ends this conversation, not the server. */
  function onFault(error: unknown) {
    const { id, remoteAddress } = dialogue.session
    common.log.error({ err: error, session: id, remoteAddress }, 'SMTP session failed')
    socket.destroy()
  }

  function onClose() {
    if (closed) return
    closed = true
    backlog = []
    input.forget()
    endTransaction(dialogue)
    options.onClose()
  }

  function checkTime(time: number) {
    if (!deadline.hasPassed(time) || closed) return
    if (phase !== 'closing') common.counts.timeouts++
    if (phase === 'handshake' || phase === 'closing' || writeBlocked) socket.destroy()
    else close(replies.idleTooLong)
  }

  function stop() {
    stopping = true
    if (phase === 'handshake' || phase === 'greeting') return void socket.destroy()
    if (phase === 'closing') return socket.destroySoon()
    if (writeBlocked) return void socket.destroy()
    const receives = dialogue.expects === 'message' || dialogue.expects === 'chunk'
    if (!handlerRuns && !receives) close(replies.stopping)
  }

  return { checkTime, stop, destroy: () => void socket.destroy() }
}

function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
