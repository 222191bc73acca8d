/**
 * POST to places that users name: bounded in time and in what is read of the answer, and only as far as
 * safe-address.ts lets us. Redirects are not followed: a body is for the one it was addressed to.
 */
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import { answerTo } from './http-answer.ts'
import { http } from './node-http.ts'
import { createSafeAddress, expiry, isNetworkError, type SafeReach, Unreachable } from './safe-address.ts'

export type Posted =
  /** `excerpt` is the beginning of the answer, as text. */
  | { kind: 'answered'; status: number; excerpt: string }
  /** No answer; `reason` is for people. */
  | { kind: 'failed'; reason: string }

export type SafePost = (
  /** A login in it goes out as Basic authentication. */
  url: string,
  request: { body: Buffer; headers: Readonly<Record<string, string>>; signal?: AbortSignal },
) => Promise<Posted>

export type SafePostOptions = SafeReach & {
  userAgent: string
  timeoutMs?: number
  /** PEM of authorities trusted beside the well-known ones. */
  ca?: readonly string[]
}

const excerptBytes = 1_000
/** A large body takes its time on a slow line. */
const bytesPerMs = 250

export function createSafePost({ userAgent, timeoutMs = 10_000, ca, ...reach }: SafePostOptions): SafePost {
  const findAddress = createSafeAddress(reach)

  return async (text, { body, headers, signal: stop }) => {
    const allowedMs = timeoutMs + Math.floor(body.length / bytesPerMs)
    const timeout = AbortSignal.timeout(allowedMs)
    const signal = stop === undefined ? timeout : AbortSignal.any([timeout, stop])
    try {
      const url = readUrl(text)
      const address = await Promise.race([findAddress(url.hostname), expiry(signal)])
      const answer = await send(url, { address, body, headers, signal })
      return { kind: 'answered', status: answer.statusCode ?? 0, excerpt: await readExcerpt(answer) }
    } catch (error) {
      if (stop?.aborted) return { kind: 'failed', reason: 'it was interrupted' }
      if (timeout.aborted)
        return { kind: 'failed', reason: `no answer within ${Math.ceil(allowedMs / 1000)} seconds` }
      if (error instanceof Unreachable) return { kind: 'failed', reason: error.message }
      if (isNetworkError(error)) return { kind: 'failed', reason: `no connection (${error.code})` }
      throw error
    }
  }

  async function send(
    url: URL,
    {
      address,
      body,
      headers,
      signal,
    }: { address: string; body: Buffer; headers: Readonly<Record<string, string>>; signal: AbortSignal },
  ): Promise<IncomingMessage> {
    const options = {
      method: 'POST',
      host: address,
      ...(url.port !== '' && { port: Number(url.port) }),
      path: url.pathname + url.search,
      headers: {
        // The client's own host header would name the address.
        host: url.host,
        'user-agent': userAgent,
        accept: '*/*',
        connection: 'close',
        'content-length': body.length,
        ...authorization(url),
        ...headers,
      },
      agent: false,
      signal,
      maxHeaderSize: 16 * 1024,
    }
    const servername = isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0 ? url.hostname : ''
    const request =
      url.protocol === 'https:'
        ? https.request({ ...options, servername, ...(ca !== undefined && { ca: [...ca] }) })
        : http.request(options)
    request.end(body)
    return await answerTo(request, signal)
  }
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Unreachable('only http and https addresses are called')
  }
  return url
}

function authorization({ username, password }: URL): { authorization?: string } {
  if (username === '' && password === '') return {}
  const login = `${decode(username)}:${decode(password)}`
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
}

/** A bare `%` in a password is no escape. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

/** The status is all that counts; how an answer goes on, or ends, does not matter. */
async function readExcerpt(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= excerptBytes) break
    }
  } catch (error) {
    if (!isNetworkError(error) && !(error instanceof Error && error.name === 'AbortError')) throw error
  }
  answer.destroy()
  return Buffer.concat(chunks).toString('utf8', 0, excerptBytes).replaceAll('\0', ' ')
}
