/** A strict SMTP server. It knows the protocol and its limits; what to accept is decided by its handlers. */
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { type Connection, openConnection } from './connection.ts'
import type { SmtpHandlers, SmtpListener } from './handlers.ts'
import { createConnectionCount, defaultLimits, type SmtpLimits } from './limits.ts'
import { replies } from './replies.ts'

export type SmtpServerOptions<User> = {
  /** Our host name, in the greeting and in EHLO. */
  name: string
  listeners: readonly SmtpListener[]
  /** Certificate and key; needed by listeners with TLS. */
  secureContext?: SecureContextOptions
  handlers: SmtpHandlers<User>
  limits?: Partial<SmtpLimits>
  log: Log
  clock: Clock
}

export type SmtpServerStats = {
  connections: number
  connectionsTotal: number
  connectionsRefused: number
  /** Answered with 2xx. */
  messagesAccepted: number
  messagesRefused: number
  protocolErrors: number
  authenticationFailures: number
  timeouts: number
  /** Bytes of messages held in memory now. */
  heldBytes: number
}

export type SmtpServer = {
  /** Resolves with the ports, in the order of the listeners, once all of them listen. */
  listen(): Promise<number[]>
  /** Idle sessions are told 421 at once; a message being received may finish within `graceMs`. */
  stop(options?: { graceMs?: number }): Promise<void>
  /** A new certificate, for handshakes from now on. */
  setSecureContext(options: SecureContextOptions): void
  stats(): SmtpServerStats
}

export function createSmtpServer<User = unknown>(options: SmtpServerOptions<User>): SmtpServer {
  const { name, listeners, handlers, log, clock } = options
  const limits: SmtpLimits = { ...defaultLimits, ...options.limits }
  checkOptions(listeners, limits, handlers.authenticate !== undefined, options.secureContext !== undefined)
  let secureContext: SecureContext | undefined =
    options.secureContext === undefined ? undefined : contextOf(options.secureContext)
  const counts = {
    messagesAccepted: 0,
    messagesRefused: 0,
    protocolErrors: 0,
    authenticationFailures: 0,
    timeouts: 0,
  }
  const held = { bytes: 0, maxBytes: limits.maxHeldBytes }
  const common = { name, handlers: handlers as SmtpHandlers, limits, held, counts, log }
  const connections = new Set<Connection>()
  const places = createConnectionCount(limits)
  const servers: Server[] = []
  const stopped = new AbortController()
  let connectionsTotal = 0
  let connectionsRefused = 0
  let onLastClosed: (() => void) | undefined

  function accept(socket: Socket, listener: SmtpListener) {
    connectionsTotal++
    const address = socket.remoteAddress
    // It may have gone before we looked.
    if (address === undefined) return void socket.destroy()
    if (stopped.signal.aborted) return void socket.destroy()
    if (!places.enter(address)) return refuse(socket, listener)
    socket.setNoDelay(true)
    const connection = openConnection(socket, {
      common,
      id: connectionsTotal,
      listener,
      secureContext: () => secureContext,
      now: clock.now,
      onClose: () => {
        places.leave(address)
        connections.delete(connection)
        if (connections.size === 0) onLastClosed?.()
      },
    })
    connections.add(connection)
  }

  function refuse(socket: Socket, listener: SmtpListener) {
    connectionsRefused++
    socket.on('error', () => socket.destroy())
    // A client that waits for a TLS handshake could not read it.
    if (listener.tls === 'implicit') socket.destroy()
    else socket.end(replies.tooManyConnections, () => socket.destroy())
  }

  async function watchTime() {
    const { idleTimeoutMs, dataTimeoutMs, handshakeTimeoutMs, messageTimeoutMs, lingerMs } = limits
    const shortest = Math.min(idleTimeoutMs, dataTimeoutMs, handshakeTimeoutMs, messageTimeoutMs, lingerMs)
    const everyMs = Math.max(10, Math.min(1000, shortest / 4))
    while (!stopped.signal.aborted || connections.size > 0) {
      await clock.sleep(everyMs, stopped.signal)
      if (stopped.signal.aborted) return
      const now = clock.now()
      for (const connection of connections) connection.checkTime(now)
    }
  }

  async function listen(): Promise<number[]> {
    const ports: number[] = []
    try {
      for (const listener of listeners) {
        const server = createServer({ allowHalfOpen: true }, (socket) => accept(socket, listener))
        servers.push(server)
        ports.push(await listenOn(server, listener))
      }
    } catch (error) {
      await stop()
      throw error
    }
    void watchTime()
    return ports
  }

  async function stop({ graceMs = 0 }: { graceMs?: number } = {}) {
    const closing = servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))
    stopped.abort()
    for (const connection of connections) connection.stop()
    if (connections.size > 0) {
      const waiting = new AbortController()
      onLastClosed = () => waiting.abort()
      await clock.sleep(graceMs, waiting.signal)
    }
    for (const connection of connections) connection.destroy()
    await Promise.all(closing)
  }

  return {
    listen,
    stop,
    setSecureContext: (context) => {
      secureContext = contextOf(context)
    },
    stats: () => ({
      connections: connections.size,
      connectionsTotal,
      connectionsRefused,
      ...counts,
      heldBytes: held.bytes,
    }),
  }
}

function contextOf(options: SecureContextOptions): SecureContext {
  return createSecureContext({ minVersion: 'TLSv1.2', ...options })
}

function checkOptions(
  listeners: readonly SmtpListener[],
  limits: SmtpLimits,
  canAuthenticate: boolean,
  hasCertificate: boolean,
) {
  for (const { tls, authentication, authenticationWithoutTls } of listeners) {
    if (tls !== 'none' && !hasCertificate) throw new TypeError('a listener with TLS needs a secureContext')
    if (authentication !== 'required') continue
    if (!canAuthenticate) throw new TypeError('a listener with authentication needs handlers.authenticate')
    if (tls === 'none' && authenticationWithoutTls !== 'loopback') {
      throw new TypeError('nobody could authenticate on a listener without TLS')
    }
  }
  if (limits.maxHeldBytes < limits.maxMessageBytes) {
    throw new RangeError('maxHeldBytes has to have room for one message of maxMessageBytes')
  }
  if (limits.maxMessages < 1 || limits.maxMessages > 999_999) {
    throw new RangeError('maxMessages has 1 to 6 digits (RFC 9422)')
  }
}

function listenOn(server: Server, { host, port }: SmtpListener): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 511 }, () => {
      server.removeListener('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
