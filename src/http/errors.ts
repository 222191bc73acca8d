/** What goes wrong, in the shape of the path it went wrong at. Causes are logged; nothing of them goes out. */
import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type RefusalCode, Refused } from '../runtime/refused.ts'
import { ApiProblem } from './admin/problem.ts'
import type { HttpDependencies } from './dependencies.ts'
import { CallError, formatError, payloadTooLarge } from './mailjet/errors.ts'
import { formatNewerError, formatRestError, RestError, restStatusOf } from './mailjet/rest-errors.ts'
import { sendJson, sendText } from './replies.ts'

export const statusOf = {
  'bad-address': 400,
  'bad-header': 400,
  'bad-message': 400,
  'bad-value': 400,
  busy: 503,
  conflict: 409,
  'no-recipients': 400,
  'not-found': 404,
  'sender-not-allowed': 403,
  'storage-unavailable': 503,
  'too-large': 413,
  'too-many-recipients': 400,
} satisfies Record<RefusalCode, number>

type Fault = { status: number; code: string; message: string; field?: string; info?: string | object }

/** A fault of the request in `/api`: which field, and what it should be. */
export class BadField extends Refused {
  readonly field: string

  constructor(field: string, message: string) {
    super('bad-value', message)
    this.field = field
  }
}

export function answerErrors(
  { log, maxBodyBytes }: Pick<HttpDependencies, 'log'> & { maxBodyBytes: number },
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const family = familyOf(request.url)
  const fault = faultOf(error, family, maxBodyBytes)
  if (fault.status >= 500) {
    log.error(
      { err: error, method: request.method, route: request.routeOptions?.url, status: fault.status },
      'request failed',
    )
  }
  if (fault.status === 503) reply.header('Retry-After', '5')
  if (error instanceof ApiProblem) {
    if (error.retryAfterMs !== undefined) reply.header('Retry-After', Math.ceil(error.retryAfterMs / 1000))
    if (error.code === 'unauthorized') {
      reply.header('WWW-Authenticate', 'Bearer realm="Paravion admin API"')
    }
  }
  if (isBodyTooLarge(error)) {
    // The framework would close the connection, and a client that is still writing would see that, not our answer. What
    // it writes is thrown away; the time for a whole request bounds it.
    reply.removeHeader('connection')
    request.raw.resume()
  }
  return answerFault(fault, family, reply, error)
}

export function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const family = familyOf(request.url)
  const path = request.url.split('?', 1)[0] ?? ''
  if (family === 'v3.1') {
    // The real service's front proxy answers so (reference/send-api.md §1).
    return sendText(reply.code(404), 'text/html', '<html><body><h1>404 Not Found</h1></body></html>\n')
  }
  const message = `There is nothing at ${path.slice(0, 200)}`
  return answerFault({ status: 404, code: 'not-found', message }, family, reply, undefined)
}

/** What the audit log says of a call that went wrong. */
export function codeOf(error: unknown): string {
  if (error instanceof ApiProblem || error instanceof Refused) return error.code
  return 'internal'
}

type Family = 'v3.1' | 'v3' | 'api' | 'other'

function familyOf(url: string): Family {
  const first = url.slice(1, url.indexOf('/', 1) === -1 ? undefined : url.indexOf('/', 1)).toLowerCase()
  const segment = first.split('?', 1)[0]
  if (segment === 'v3.1' || segment === 'v3' || segment === 'api') return segment
  return segment === 'v4' ? 'v3' : 'other'
}

function answerFault(fault: Fault, family: Family, reply: FastifyReply, error: unknown): FastifyReply {
  const { status, code, message, field, info } = fault
  reply.code(status)
  switch (family) {
    case 'v3.1': {
      const body =
        error instanceof CallError
          ? formatError(error.error)
          : code === 'mj-0011'
            ? formatError({ ...payloadTooLarge(0), message })
            : { ErrorIdentifier: randomUUID(), StatusCode: status, ErrorMessage: message }
      return sendText(reply, 'application/json; charset=UTF-8', JSON.stringify(body))
    }
    case 'v3':
      if (error instanceof RestError && error.isNewer) {
        return sendText(reply, 'application/json', formatNewerError(error))
      }
      if (error instanceof RestError) reply.raw.statusMessage = reasonPhrase(message)
      return sendText(reply, 'application/json', formatRestError({ status, message, info: info ?? '' }))
    case 'api':
      return sendJson(reply, { error: field === undefined ? { code, message } : { code, message, field } })
    case 'other':
      return sendText(reply, 'text/plain; charset=utf-8', `${message}\n`)
  }
}

/** Some clients show it in place of the body (reference/contacts.md §1); a status line holds ASCII alone. */
export function reasonPhrase(message: string): string {
  return message.slice(0, 500).replaceAll(/[^ -~]/g, '?')
}

function faultOf(error: unknown, family: Family, maxBodyBytes: number): Fault {
  if (error instanceof CallError) {
    return { status: error.error.status, code: error.error.code, message: error.error.message }
  }
  if (error instanceof RestError) {
    return { status: error.status, code: 'bad-value', message: error.message, info: error.info }
  }
  if (error instanceof Refused) {
    const table: Record<RefusalCode, number> = family === 'v3' ? restStatusOf : statusOf
    const fault = { status: table[error.code], code: error.code, message: error.message }
    return error instanceof BadField ? { ...fault, field: error.field } : fault
  }
  if (error instanceof ApiProblem) {
    return { status: error.status, code: error.code, message: error.message }
  }
  const known = frameworkFault(error, family, maxBodyBytes)
  if (known !== undefined) return known
  return {
    status: 500,
    code: 'internal',
    message: 'Something went wrong on our side. The reason is in the log of the server.',
  }
}

function isBodyTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
}

/** What fastify and node refuse by themselves, in our words. */
function frameworkFault(error: unknown, family: Family, maxBodyBytes: number): Fault | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return family === 'v3.1'
        ? { status: 400, code: 'mj-0011', message: payloadTooLarge(megabytes(maxBodyBytes)).message }
        : {
            status: 413,
            code: 'too-large',
            message: `The request body is larger than ${megabytes(maxBodyBytes)}MB`,
          }
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return {
        status: 400,
        code: 'bad-value',
        message: 'The request body is shorter or longer than Content-Length says',
      }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { status: 415, code: 'bad-value', message: 'The Content-Type is not a media type' }
    case 'FST_ERR_BAD_URL':
      return { status: 400, code: 'bad-value', message: 'The address of the request is not well-formed' }
    case 'ECONNRESET':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return { status: 400, code: 'bad-value', message: 'The request ended before its body was complete' }
    default:
      return undefined
  }
}

function megabytes(bytes: number): number {
  return Math.round((bytes / (1024 * 1024)) * 10) / 10
}
