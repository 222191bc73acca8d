/** Webhooks whose receivers, clock and format are a test's own. */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { formatEvent, sampleEvent } from '../src/http/mailjet/event-payload.ts'
import { formatMail, sampleMail } from '../src/http/mailjet/parsed-mail.ts'
import { type Clock, systemClock } from '../src/runtime/clock.ts'
import { silentLog } from '../src/runtime/log.ts'
import { createSafePost, type SafePost } from '../src/runtime/safe-post.ts'
import { createSeal } from '../src/runtime/seal.ts'
import type { Storage } from '../src/storage/storage.ts'
import type { WebhooksContext } from '../src/webhooks/context.ts'
import { cleanUp } from './storage.ts'

export function createTestWebhooks(
  storage: Storage,
  { clock = systemClock, post = postToThisMachine }: { clock?: Clock; post?: SafePost } = {},
): WebhooksContext {
  return {
    ...{ storage, clock, post },
    log: silentLog,
    seal: createSeal(Buffer.alloc(32, 7)),
    format: { event: formatEvent, mail: formatMail, sample: sampleEvent, sampleMail },
    mailDomain: 'in.mail.paravion.example',
    logDays: 7,
    wakeCalls: () => undefined,
  }
}

const postToThisMachine = createSafePost({
  resolver: { addresses: async () => ({ kind: 'nxdomain' }) },
  reach: 'loopback',
  userAgent: 'test',
})

export type Received = { path: string; headers: http.IncomingHttpHeaders; text: string; body: unknown }

export type Receiver = {
  url: string
  /** All that came, oldest first. */
  received: Received[]
  /** Waits until so many have come; those that fit, if a test says which. */
  wait(count: number, fits?: (one: Received) => boolean): Promise<Received[]>
  /** What it answers from now on. */
  answer(answer: number | http.RequestListener): void
}

/** A real receiver on this machine. */
export async function startReceiver(t: TestContext): Promise<Receiver> {
  const received: Received[] = []
  const waiting = new Set<() => void>()
  let answer: number | http.RequestListener = 200
  const server = http.createServer(async (request, reply) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    received.push({ path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) })
    for (const look of waiting) look()
    if (typeof answer === 'number') reply.writeHead(answer).end(`answer ${answer}`)
    else answer(request, reply)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(t, () => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    answer: (next) => {
      answer = next
    },
    wait: (count, fits = () => true) =>
      new Promise((resolve) => {
        const look = () => {
          const found = received.filter(fits)
          if (found.length < count) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}
