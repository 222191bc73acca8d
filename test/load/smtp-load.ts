/**
 * A lean SMTP load generator: authenticates in plain text on loopback, then sends the same message again and again,
 * body and next envelope in one write, so that what is measured is the server and not its client.
 */

import type { Socket } from 'node:net'
import { connect } from 'node:net'

export type SmtpLoad = {
  port: number
  user: string
  password: string
  from: string
  /** Recipients of the n-th message. */
  recipientsOf: (index: number) => readonly string[]
  /** The n-th message, CRLF, without the final dot; must need no dot-stuffing. */
  messageOf: (index: number) => string
  count: number
  connections: number
  /** Called with the index of each message that was answered with 250 (before the next is sent). */
  onAccepted?: (index: number) => void
  /** When set, a lost connection or a refusal ends that connection quietly instead of failing the run. */
  tolerant?: boolean
}

export type SmtpLoadResult = { accepted: number; refused: number; seconds: number; replies: string[] }

/** Sends `count` messages over `connections` connections and says how long it took until the last reply. */
export async function runSmtpLoad(load: SmtpLoad): Promise<SmtpLoadResult> {
  const shared = { next: 0, accepted: 0, refused: 0, replies: [] as string[] }
  const started = performance.now()
  await Promise.all(
    Array.from({ length: Math.min(load.connections, load.count) }, () => runConnection(load, shared)),
  )
  return {
    accepted: shared.accepted,
    refused: shared.refused,
    seconds: (performance.now() - started) / 1000,
    replies: shared.replies.slice(0, 20),
  }
}

type Shared = { next: number; accepted: number; refused: number; replies: string[] }

function runConnection(load: SmtpLoad, shared: Shared): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true })
    let text = ''
    /** Codes still expected before the next step, and what the step is. */
    let expecting = 1
    let current = -1
    let upcoming = -1
    let step: 'greeting' | 'ehlo' | 'auth' | 'envelope' | 'final' | 'quit' = 'greeting'

    const fail = (error: Error) => {
      socket.destroy()
      if (load.tolerant) resolve()
      else reject(error)
    }
    socket.on('error', fail)
    socket.on('close', () => {
      if (step === 'quit' || load.tolerant) resolve()
      else reject(new Error(`connection lost while waiting for the reply to ${step}`))
    })

    function envelopeOf(index: number): string {
      const recipients = load.recipientsOf(index)
      return `MAIL FROM:<${load.from}>\r\n${recipients.map((one) => `RCPT TO:<${one}>\r\n`).join('')}DATA\r\n`
    }

    /** RFC 2920 §3.1: the next envelope may follow the final dot in the same write. */
    function nextEnvelope(): string {
      if (shared.next >= load.count) return 'QUIT\r\n'
      upcoming = shared.next++
      return envelopeOf(upcoming)
    }

    function awaitEnvelope(): void {
      current = upcoming
      upcoming = -1
      step = current === -1 ? 'quit' : 'envelope'
      expecting = current === -1 ? 1 : load.recipientsOf(current).length + 2
    }

    function advance(line: string): void {
      const code = line.slice(0, 3)
      if (line[3] === '-') return
      if (step !== 'final' && Number(code) >= 400) {
        shared.refused++
        shared.replies.push(line)
        fail(new Error(`${step} was answered ${line}`))
        return
      }
      if (--expecting > 0) return
      if (step === 'greeting') {
        step = 'ehlo'
        expecting = 1
        socket.write('EHLO load.test\r\n')
      } else if (step === 'ehlo') {
        step = 'auth'
        expecting = 1
        const plain = Buffer.from(`\0${load.user}\0${load.password}`).toString('base64')
        socket.write(`AUTH PLAIN ${plain}\r\n`)
      } else if (step === 'auth') {
        socket.write(nextEnvelope())
        awaitEnvelope()
      } else if (step === 'envelope') {
        step = 'final'
        expecting = 1
        socket.write(`${load.messageOf(current)}.\r\n${nextEnvelope()}`)
      } else if (step === 'final') {
        if (code === '250') {
          shared.accepted++
          load.onAccepted?.(current)
        } else {
          shared.refused++
          shared.replies.push(line)
        }
        awaitEnvelope()
      } else {
        socket.end()
      }
    }

    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      let end = text.indexOf('\r\n')
      while (end !== -1) {
        const line = text.slice(0, end)
        text = text.slice(end + 2)
        advance(line)
        end = text.indexOf('\r\n')
      }
    })
  })
}

/** A message of about `sizeBytes` with a unique id in its header. */
export function loadMessage({
  from,
  to,
  id,
  sizeBytes,
}: {
  from: string
  to: string
  id: string
  sizeBytes: number
}) {
  const header = `From: <${from}>\r\nTo: <${to}>\r\nSubject: load ${id}\r\nX-MJ-CustomID: ${id}\r\nMessage-ID: <${id}@load.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n`
  return header + bodyOf(sizeBytes - header.length)
}

const line = `${'All work and no play makes mail a dull affair for everybody. '.repeat(2).slice(0, 76)}\r\n`
const bodies = new Map<number, string>()

function bodyOf(sizeBytes: number): string {
  const rounded = Math.max(1, Math.round(sizeBytes / line.length))
  let body = bodies.get(rounded)
  if (body === undefined) {
    body = line.repeat(rounded)
    bodies.set(rounded, body)
  }
  return body
}
