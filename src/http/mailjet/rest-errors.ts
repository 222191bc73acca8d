/** Errors in the shape of the v3 services (reference/rest-conventions.md §6). */
import { randomUUID } from 'node:crypto'
import type { RefusalCode, Refused } from '../../runtime/refused.ts'

export class RestError extends Error {
  readonly status: number
  /** A text, but where actions tell which of many entries are wrong. */
  readonly info: string | object
  /** Of a 405: the methods that are supported. */
  allow: readonly string[] | undefined
  /** Told in the shape of the newer services. */
  isNewer = false
  /** Newer services alone have them. */
  readonly code: string | undefined
  readonly relatedTo: readonly string[] | undefined

  constructor(
    status: number,
    message: string,
    info: string | object = '',
    { code, relatedTo }: { code?: string; relatedTo?: readonly string[] } = {},
  ) {
    super(message)
    this.code = code
    this.relatedTo = relatedTo
    this.name = 'RestError'
    this.status = status
    this.info = info
  }
}

export function badRequest(message: string, info: string | object = ''): RestError {
  return new RestError(400, message, info)
}

export function notFound(): RestError {
  return new RestError(404, 'Object not found')
}

export function methodNotAllowed(allow: readonly string[]): RestError {
  const error = new RestError(405, 'Method not allowed')
  error.allow = allow
  return error
}

export function masterKeyNeeded(): RestError {
  return new RestError(403, 'Operation not allowed: only the master API key of the account may do this')
}

export function notSettable(property: string): RestError {
  return badRequest(`MJ19 Setting a value for property "${property}" is not allowed`)
}

/** Applications look for the beginning of this sentence, and for its end. */
export function alreadyExists(resource: string, { property, value }: { property: string; value: string }) {
  return badRequest(`MJ18 A ${resource} resource with value "${value}" for ${property} already exists.`)
}

/** What the parts behind a resource refuse. */
export function refusalToRestError({ code, message }: Refused): RestError {
  switch (code) {
    case 'not-found':
      return notFound()
    case 'bad-address':
    case 'bad-value':
      return badRequest('Object properties invalid', `MJ04 ${message}`)
    default:
      return new RestError(restStatusOf[code], message)
  }
}

export function formatRestError({
  status,
  message,
  info,
}: {
  status: number
  message: string
  info?: string | object
}) {
  return JSON.stringify({ ErrorInfo: info ?? '', ErrorMessage: message, StatusCode: status })
}

/** What is wrong with a property, in the words that follow `MJ08`, is the message here: there is no place for more. */
export function formatNewerError({ status, message, info, code, relatedTo }: RestError): string {
  const isMissing = status === 404
  return JSON.stringify({
    ErrorIdentifier: randomUUID(),
    ...(code !== undefined && { ErrorCode: code }),
    StatusCode: status,
    ErrorMessage: isMissing ? newerNotFound : typeof info === 'string' && info !== '' ? info : message,
    ...(relatedTo !== undefined && { ErrorRelatedTo: relatedTo }),
  })
}

const newerNotFound = 'The resource with the specified ID you are trying to reach does not exist.'

export const restStatusOf = {
  'bad-address': 400,
  'bad-header': 400,
  'bad-message': 400,
  'bad-value': 400,
  busy: 503,
  conflict: 400,
  'no-recipients': 400,
  'not-found': 404,
  'sender-not-allowed': 403,
  'storage-unavailable': 503,
  'too-large': 413,
  'too-many-recipients': 400,
} satisfies Record<RefusalCode, number>
