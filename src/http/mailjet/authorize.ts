/** API key and secret by HTTP Basic, before anything of the body is read. */
import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ApiKey } from '../../accounts/api-keys.ts'
import type { Authenticator } from '../../accounts/authenticate.ts'
import type { KeyId } from '../../mail/ids.ts'
import { sendText } from '../replies.ts'
import { formatError } from './errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on Mailjet's paths, once the caller has proved to be this key. */
    keyId?: KeyId
    apiKey?: ApiKey
  }
}

const realm = 'Basic realm="Provide an apiKey and secretKey"'

export type WireVersion = 'v3' | 'v3.1'

/** An `onRequest` hook: answers itself when the caller may not go on (shapes: reference/send-api.md §6.4-6.5, §10). */
export function createAuthorize(authenticator: Pick<Authenticator, 'authenticate'>, version: WireVersion) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const credentials = readBasic(request.headers.authorization)
    const answer =
      credentials === undefined
        ? ({ kind: 'denied' } as const)
        : await authenticator.authenticate({ ...credentials, remoteAddress: request.ip })
    switch (answer.kind) {
      case 'ok':
        request.keyId = answer.key.id
        request.apiKey = answer.key
        return undefined
      case 'denied':
        return deny(reply, version)
      case 'suspended':
        return version === 'v3' ? deny(reply, version) : tellSuspended(reply)
      case 'throttled':
        return tooManyRequests(reply, answer.retryAfterMs)
    }
  }
}

/** The scheme's name in any case (RFC 9110 §11.1); the secret may hold colons, the user name may not (RFC 7617 §2). */
export function readBasic(header: string | undefined): { publicKey: string; secret: string } | undefined {
  const encoded = header === undefined ? undefined : /^basic +([A-Za-z0-9+/_=-]{1,1000})$/i.exec(header)?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : { publicKey: text.slice(0, colon), secret: text.slice(colon + 1) }
}

function deny(reply: FastifyReply, version: WireVersion): FastifyReply {
  reply.code(401).header('WWW-Authenticate', realm)
  if (version === 'v3') return sendText(reply, 'text/html', '')

  return sendText(
    reply,
    'application/json; charset=UTF-8',
    JSON.stringify({
      ErrorIdentifier: randomUUID(),
      StatusCode: 401,
      ErrorMessage:
        'API key authentication/authorization failure. You may be unauthorized to access the API or your API key may be expired. Visit API keys management section to check your keys.',
    }),
  )
}

function tellSuspended(reply: FastifyReply): FastifyReply {
  const error = { code: 'mj-0001', status: 401, message: 'The API key is suspended.' }
  return sendText(reply.code(401), 'application/json; charset=UTF-8', JSON.stringify(formatError(error)))
}

export function tooManyRequests(reply: FastifyReply, retryAfterMs: number): FastifyReply {
  reply.code(429).header('Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000))))
  return sendText(
    reply,
    'text/html',
    '<html><head><title>429 Too Many Requests</title></head><body><h1>429 Too Many Requests</h1></body></html>\n',
  )
}
