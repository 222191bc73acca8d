/** Calls of the Mailjet REST services in tests, and what their answers must look like. */
import assert from 'node:assert/strict'
import { createAccount } from '../src/accounts/accounts.ts'
import { createApiKey } from '../src/accounts/api-keys.ts'
import type { HttpAnswer, TestHttp } from './http-server.ts'

export type RestCall = (method: string, path: string, body?: unknown) => Promise<HttpAnswer>
export type RestObject = Record<string, unknown>
type Envelope = { Count: number; Data: RestObject[]; Total: number }

/** `path` follows `/v3/REST/`. */
export function restCaller(http: TestHttp, authorization = http.basic): RestCall {
  return (method, path, body) =>
    http.call({ method, path: `/v3/REST/${path}`, headers: { authorization }, body })
}

export function basicOf(publicKey: unknown, secret: unknown): string {
  return `Basic ${Buffer.from(`${publicKey}:${secret}`).toString('base64')}`
}

/** The master key of another account. */
export async function stranger(http: TestHttp): Promise<RestCall> {
  const now = Date.now()
  const account = await createAccount(http.storage, { name: 'strangers', now })
  const { key, secret } = await createApiKey(http.storage, { accountId: account.id, name: 'theirs', now })
  return restCaller(http, basicOf(key.publicKey, secret))
}

export function rowsOf(answer: HttpAnswer): RestObject[] {
  assert.equal(answer.status, 200, answer.text)
  return (answer.body as Envelope).Data
}

/** The only object of an answer. */
export function oneOf(answer: HttpAnswer): RestObject {
  const { Count, Data, Total } = answer.body as Envelope
  const [row] = Data
  assert.deepEqual([Count, Data.length, Total], [1, 1, 1], answer.text)
  assert.ok(row)
  return row
}

export function assertRefused(answer: HttpAnswer, status: number, message: string, info = ''): void {
  assert.deepEqual(answer.body, { ErrorInfo: info, ErrorMessage: message, StatusCode: status }, answer.text)
  assert.equal(answer.status, status)
}

/** A status that has no body. */
export function assertEmpty(answer: HttpAnswer, status: 204 | 304 | 401): void {
  assert.deepEqual([answer.status, answer.text], [status, ''])
}

export function assertSubset(object: RestObject, expected: RestObject): void {
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(object[name], value, name)
}
