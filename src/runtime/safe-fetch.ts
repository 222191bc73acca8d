/**
 * HTTP to places that strangers name (a proof of ownership at a customer's web site), as far as safe-address.ts lets
 * us; each redirect starts over. Nothing of ours is sent along.
 */
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import { answerTo } from './http-answer.ts'
import { http } from './node-http.ts'
import { createSafeAddress, expiry, isNetworkError, type SafeReach, Unreachable } from './safe-address.ts'

export type Fetched =
  | { kind: 'answered'; status: number; body: Buffer; url: string }
  /** No answer, or none that we may have; `reason` is for people. */
  | { kind: 'failed'; reason: string }

export type SafeFetch = (url: string) => Promise<Fetched>

export type SafeFetchOptions = Pick<SafeReach, 'resolver' | 'reach'> & {
  /** In the lab: the loopback ports that stand for 80 and 443. */
  ports?: { http?: number; https?: number }
  timeoutMs?: number
  maxBytes?: number
  maxRedirects?: number
  /** PEM of authorities trusted beside the well-known ones. */
  ca?: readonly string[]
}

const userAgent = 'Paravion (proof of ownership)'

export function createSafeFetch({
  resolver,
  reach,
  ports = {},
  timeoutMs = 10_000,
  maxBytes = 64 * 1024,
  maxRedirects = 3,
  ca,
}: SafeFetchOptions): SafeFetch {
  const findAddress = createSafeAddress({ resolver, reach })

  return async (firstUrl) => {
    // One bound for all of it: look-ups, redirects and a server that sends a byte a second.
    const signal = AbortSignal.timeout(timeoutMs)
    let url = firstUrl
    try {
      for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
        const target = await Promise.race([findTarget(url), expiry(signal)])
        const answer = await get(target, signal)
        const { location } = answer.headers
        const status = answer.statusCode ?? 0
        if (status < 300 || status > 399 || location === undefined) {
          return { kind: 'answered', status, body: await readBody(answer), url }
        }
        answer.destroy()
        if (!URL.canParse(location, url))
          throw new Unreachable('it redirects to something that is no address')
        url = new URL(location, url).href
      }
      throw new Unreachable(`it redirects more than ${maxRedirects} times`)
    } catch (error) {
      if (signal.aborted) return { kind: 'failed', reason: `no answer within ${timeoutMs / 1000} seconds` }
      if (error instanceof Unreachable) return { kind: 'failed', reason: error.message }
      if (isNetworkError(error)) return { kind: 'failed', reason: `no connection (${error.code})` }
      throw error
    }
  }

  async function findTarget(text: string): Promise<Target> {
    const url = URL.canParse(text) ? new URL(text) : undefined
    const isTls = url?.protocol === 'https:'
    if (url === undefined || (!isTls && url.protocol !== 'http:')) {
      throw new Unreachable('only http and https addresses are asked')
    }
    if (url.username !== '' || url.password !== '') throw new Unreachable('the address carries a login')
    if (url.port !== '') throw new Unreachable('only ports 80 and 443 are asked')
    const port = reach === 'internet' ? (isTls ? 443 : 80) : isTls ? ports.https : ports.http
    if (port === undefined) throw new Unreachable(`the lab has no port for ${url.protocol.slice(0, -1)}`)
    return { url, isTls, port, address: await findAddress(url.hostname) }
  }

  async function get({ url, isTls, port, address }: Target, signal: AbortSignal): Promise<IncomingMessage> {
    const options = {
      host: address,
      port,
      path: url.pathname + url.search,
      // The client's own host header would name the address.
      headers: { host: url.host, 'user-agent': userAgent, accept: '*/*', connection: 'close' },
      agent: false,
      signal,
      maxHeaderSize: 16 * 1024,
    }
    const servername = isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0 ? url.hostname : ''
    const request = isTls
      ? https.request({ ...options, servername, ...(ca !== undefined && { ca: [...ca] }) })
      : http.request(options)
    request.end()
    return await answerTo(request, signal)
  }

  async function readBody(answer: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > maxBytes) {
        answer.destroy()
        throw new Unreachable(`the answer is longer than ${maxBytes} bytes`)
      }
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  }
}

type Target = { url: URL; isTls: boolean; port: number; address: string }
