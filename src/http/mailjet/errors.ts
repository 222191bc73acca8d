/** Errors in the words of the Send API v3.1 (reference/send-api.md §6-7). */
import { randomUUID } from 'node:crypto'
import type { RefusalCode } from '../../runtime/refused.ts'

export type ApiError = {
  code: string
  status: number
  message: string
  relatedTo?: readonly string[]
}

/** The whole call is refused and nothing of it is processed. */
export class CallError extends Error {
  readonly error: ApiError

  constructor(error: ApiError) {
    super(error.message)
    this.name = 'CallError'
    this.error = error
  }
}

/** One entry of `Errors`, or the flat answer to a whole call. */
export function formatError(error: ApiError) {
  return {
    ErrorIdentifier: randomUUID(),
    ErrorCode: error.code,
    StatusCode: error.status,
    ErrorMessage: error.message,
    ...(error.relatedTo === undefined ? {} : { ErrorRelatedTo: error.relatedTo }),
  }
}

export const malformed: ApiError = {
  code: 'mj-0002',
  status: 400,
  message: 'Malformed JSON, please review the syntax and properties types.',
}

export function payloadTooLarge(megabytes: number, relatedTo?: readonly string[]): ApiError {
  const error = {
    code: 'mj-0011',
    status: 400,
    message: `Input payload must be less than ${megabytes}MB.`,
  }
  return relatedTo === undefined ? error : { ...error, relatedTo }
}

export function missing(property: string): ApiError {
  return { code: 'mj-0003', status: 400, message: 'Missing mandatory property.', relatedTo: [property] }
}

/** `value` is told back only where it is short and the caller's own. */
export function invalidValue(property: string, value: string, allowed: string): ApiError {
  return {
    code: 'mj-0005',
    status: 400,
    message: `Value "${shorten(value)}" is invalid. Allowed values are: ${allowed}.`,
    relatedTo: [property],
  }
}

export function tooLong(property: string, max: number): ApiError {
  return {
    code: 'mj-0006',
    status: 400,
    message: `Characters limit exceeded for the property. Max allowed - ${max}.`,
    relatedTo: [property],
  }
}

export function emptyArray(property: string): ApiError {
  return {
    code: 'mj-0007',
    status: 400,
    message: `"${property}" must contain at least one element.`,
    relatedTo: [property],
  }
}

export function tooMany(property: string, max: number): ApiError {
  return {
    code: 'mj-0008',
    status: 400,
    message: `Number of elements exceeded. Max allowed - ${max}.`,
    relatedTo: [property],
  }
}

export function emptyString(property: string): ApiError {
  return { code: 'mj-0012', status: 400, message: 'Empty string is not allowed.', relatedTo: [property] }
}

export function invalidEmail(property: string, email: string): ApiError {
  return {
    code: 'mj-0013',
    status: 400,
    message: `"${shorten(email)}" is an invalid email address.`,
    relatedTo: [property],
  }
}

export function tooManyRecipients(max: number): ApiError {
  return {
    code: 'send-0015',
    status: 400,
    message: `Total number of recipients exceeded. Max allowed - ${max}.`,
    relatedTo: ['To', 'Cc', 'Bcc'],
  }
}

/** What intake refuses beyond what the door has checked, as an error of the message it concerns. */
export const refusals = {
  'bad-address': { code: 'mj-0013', status: 400 },
  'bad-header': { code: 'mj-0005', status: 400 },
  'bad-message': { code: 'mj-0005', status: 400 },
  'bad-value': { code: 'mj-0005', status: 400 },
  busy: { code: 'mj-0001', status: 503 },
  conflict: { code: 'mj-0005', status: 400 },
  'no-recipients': { code: 'mj-0007', status: 400 },
  'not-found': { code: 'mj-0005', status: 400 },
  'sender-not-allowed': { code: 'send-0008', status: 403 },
  'storage-unavailable': { code: 'mj-0001', status: 503 },
  'too-large': { code: 'mj-0011', status: 400 },
  'too-many-recipients': { code: 'send-0015', status: 400 },
} satisfies Record<RefusalCode, { code: string; status: number }>

const maxShown = 320

function shorten(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown).toWellFormed()}…` : text
}
