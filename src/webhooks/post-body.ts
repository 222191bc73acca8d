/** One POST to a webhook: signed, named, and judged by its answer. */
import { createRequire } from 'node:module'
import type { CallId } from '../mail/ids.ts'
import type { WebhooksContext } from './context.ts'
import { signatureHeader, signBody } from './secrets.ts'
import type { WebhookRow } from './webhooks.ts'

export type OpenedHook = { row: WebhookRow; url: string; host: string; secrets: readonly string[] }

export type Result = {
  at: number
  durationMs: number
  isDelivered: boolean
  /** The server stops: it counts for nothing. */
  isInterrupted: boolean
  status: number | null
  problem: string
  answer: string
}

/** With what is sealed opened, for whoever is about to call it. */
export function openHook(
  { seal, clock }: Pick<WebhooksContext, 'seal' | 'clock'>,
  row: WebhookRow,
): OpenedHook {
  const url = seal.open(row.url_sealed)
  const { old_secret_sealed: old, old_secret_until: until } = row
  const isOldGood = old !== null && until !== null && until > clock.now()
  return {
    row,
    url,
    host: new URL(url).host,
    secrets: [seal.open(row.secret_sealed), ...(isOldGood ? [seal.open(old)] : [])],
  }
}

/** Any 2xx is a success (reference/events-parse.md A2). */
export async function postBody(
  { post, clock }: Pick<WebhooksContext, 'post' | 'clock'>,
  { url, secrets }: OpenedHook,
  {
    body,
    callId,
    isReplay = false,
    signal,
  }: {
    body: Buffer
    /** Null: a test. */
    callId: CallId | null
    isReplay?: boolean
    signal?: AbortSignal
  },
): Promise<Result> {
  const at = clock.now()
  const began = performance.now()
  const posted = await post(url, {
    body,
    headers: {
      'content-type': 'application/json',
      // The same at every try, so that a receiver knows what it has had.
      'X-Paravion-Id': callId === null ? `test-${at}` : String(callId),
      ...(callId === null && { 'X-Paravion-Test': 'true' }),
      ...(isReplay && { 'X-Paravion-Replay': 'true' }),
      [signatureHeader]: signBody(secrets, { body, at }),
    },
    ...(signal !== undefined && { signal }),
  })
  const isAnswered = posted.kind === 'answered'
  return {
    at,
    durationMs: Math.round(performance.now() - began),
    isDelivered: isAnswered && posted.status >= 200 && posted.status <= 299,
    isInterrupted: !isAnswered && signal?.aborted === true,
    status: isAnswered ? posted.status : null,
    problem: isAnswered ? problemOf(posted.status) : posted.reason,
    answer: isAnswered ? posted.excerpt : '',
  }
}

function problemOf(status: number): string {
  if (status >= 200 && status <= 299) return ''
  const isRedirect = status >= 300 && status <= 399
  return `it answered ${status}${isRedirect ? ', and redirects are not followed' : ''}`
}

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

export const hookUserAgent = `Paravion/${version} (webhooks)`
