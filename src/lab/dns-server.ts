/** The lab's name server: UDP and TCP on one port of the loopback address. */
import type { Socket as UdpSocket } from 'node:dgram'
import { createSocket } from 'node:dgram'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { Log } from '../runtime/log.ts'
import { composeAnswer, composeFailure, maxQuestionBytes, maxTcpBytes, parseQuestion } from './dns-message.ts'
import { zoneOf } from './zone.ts'
import type { ZoneSource } from './zone-cache.ts'

const maxTcpConnections = 64
const tcpIdleMs = 10_000
/** Two binds of the same number can meet somebody else's socket when the number is picked freely. */
const bindTries = 10

export type DnsServer = {
  port: number
  queries(): number
  stop(): Promise<void>
}

export async function startDnsServer({
  host,
  port,
  zones,
  log,
}: {
  host: string
  port: number
  zones: ZoneSource
  log: Log
}): Promise<DnsServer> {
  let queries = 0
  let stopped = false

  /** The reply to a message, or undefined when there is none. */
  async function replyTo(bytes: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    const parsed = parseQuestion(bytes)
    if (parsed.kind === 'ignored') return undefined
    if (parsed.kind === 'refused') return parsed.reply
    const { question } = parsed
    queries += 1
    try {
      const answer = (await zones.current()).answer(question.name, question.type)
      if (answer.kind === 'silence') return undefined
      if (zoneOf(question.name) === undefined) {
        log.debug({ name: question.name, type: question.type }, 'lab DNS was asked about the outside world')
      }
      return composeAnswer(question, {
        answer,
        maxBytes: transport === 'udp' ? question.udpBytes : maxTcpBytes,
      })
    } catch (error) {
      log.error({ err: error, name: question.name, type: question.type }, 'lab DNS could not answer')
      return composeFailure(question)
    }
  }

  const connections = new Set<Socket>()
  const onConnection = (socket: Socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    // A peer that resets is its own business.
    socket.on('error', () => socket.destroy())
    socket.setTimeout(tcpIdleMs, () => socket.destroy())
    void answerOverTcp(socket, (bytes) => replyTo(bytes, 'tcp'))
  }

  const { tcp, udp } = await bindBoth(host, port, onConnection)
  udp.on('message', (bytes, peer) => {
    void replyTo(bytes, 'udp').then((reply) => {
      if (reply && !stopped) udp.send(reply, peer.port, peer.address)
    })
  })
  udp.on('error', (error) => log.warn({ err: error }, 'lab DNS: UDP socket'))

  return {
    port: udp.address().port,
    queries: () => queries,
    async stop() {
      if (stopped) return
      stopped = true
      const closed = Promise.all([
        new Promise<void>((resolve) => tcp.close(() => resolve())),
        new Promise<void>((resolve) => udp.close(() => resolve())),
      ])
      for (const socket of connections) socket.destroy()
      await closed
    },
  }
}

/** RFC 1035 §4.2.2: two octets of length before each message. Questions are answered one after the other. */
async function answerOverTcp(socket: Socket, replyTo: (bytes: Buffer) => Promise<Buffer | undefined>) {
  let pending: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
      while (pending.length >= 2) {
        const length = pending.readUInt16BE(0)
        if (length > maxQuestionBytes) return socket.destroy()
        if (pending.length < 2 + length) break
        const reply = await replyTo(pending.subarray(2, 2 + length))
        pending = pending.subarray(2 + length)
        if (reply === undefined) continue
        const prefix = Buffer.alloc(2)
        prefix.writeUInt16BE(reply.length, 0)
        if (!socket.write(Buffer.concat([prefix, reply]))) await drained(socket)
      }
    }
  } catch {
    // The peer went away in the middle (reset, time out): there is nobody to tell.
    socket.destroy()
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}

async function bindBoth(
  host: string,
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<{ tcp: Server; udp: UdpSocket }> {
  for (let tries = 1; ; tries += 1) {
    const tcp = await listen(host, port, onConnection)
    const address = tcp.address()
    if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
    try {
      return { tcp, udp: await bindUdp(host, address.port) }
    } catch (error) {
      await new Promise<void>((resolve) => tcp.close(() => resolve()))
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (port !== 0 || !taken || tries === bindTries) throw error
    }
  }
}

function listen(host: string, port: number, onConnection: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(onConnection)
    server.maxConnections = maxTcpConnections
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

function bindUdp(host: string, port: number): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', (error) => {
      socket.close()
      reject(error)
    })
    socket.bind(port, host, () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}
