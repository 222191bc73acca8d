/**
 * Makes the calls that are due to one webhook, a few at a time, until there are no more or the receiver does not take
 * them. Each is settled by itself, so that a crash repeats no more than what was on its way.
 */
import type { CallId, InboxId, WebhookId } from '../mail/ids.ts'
import type { Work } from '../queue/work.ts'
import { recordTry } from './call-log.ts'
import { type CallRow, guardAgain, guardDone } from './calls.ts'
import type { TakeRoom } from './byte-room.ts'
import type { WebhooksContext } from './context.ts'
import { type OpenedHook, postBody, type Result } from './post-body.ts'
import { readMail } from './read-mail.ts'
import { isHopeless, retryDelayMs } from './schedule.ts'
import { settleRun, type Tally } from './settle-run.ts'

/** At one time to one webhook. Mail may be large. */
const callsAtOnce = { events: 4, mail: 1 } as const
/** Then others have their turn. */
const maxRunMs = 30_000

/**
 * What a mail takes while it is called, of its size: itself as it was stored and as a copy, and a third more than that as
 * base64, as the text of the body and as its bytes.
 */
const copiesOfMail = 6

export type RunParts = Pick<WebhooksContext, 'storage' | 'clock' | 'log' | 'post' | 'format'> & {
  takeRoom: TakeRoom
}

export async function runCalls(
  parts: RunParts,
  { work, hook, signal }: { work: Work; hook: OpenedHook | undefined; signal: AbortSignal },
): Promise<void> {
  const { clock } = parts
  const tally: Tally = { delivered: 0, failed: 0, problem: '', failedAt: undefined }
  const began = clock.now()
  // Who did not answer the last time is asked with one call first.
  let width: number = hook?.row.failed_runs === 0 ? callsAtOnce[hook.row.kind] : 1
  while (hook?.row.state === 'alive' && !signal.aborted && clock.now() - began < maxRunMs) {
    const calls = await beginCalls(parts, { webhookId: hook.row.id, limit: width })
    const results = await Promise.all(calls.map((call) => makeCall(parts, { call, hook, signal })))
    for (const result of results) count(tally, result)
    if (!results.some((result) => result?.isDelivered)) break
    width = callsAtOnce[hook.row.kind]
  }
  await settleRun(parts, work, tally)
}

function count(tally: Tally, result: Result | undefined): void {
  if (result === undefined || result.isInterrupted) return
  if (result.isDelivered) tally.delivered += 1
  else {
    tally.failed += 1
    tally.problem = result.problem
    tally.failedAt ??= result.at
  }
}

/** Counted before anything is sent, so that a call that kills this process does not do so for ever. */
async function beginCalls(
  { storage, clock }: Pick<RunParts, 'storage' | 'clock'>,
  { webhookId, limit }: { webhookId: WebhookId; limit: number },
): Promise<CallRow[]> {
  const due = await storage.db
    .selectFrom('webhook_calls')
    .selectAll()
    .where('webhook_id', '=', webhookId)
    .where('due_at', '<=', clock.now())
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .execute()
  if (due.length === 0) return []
  await storage.db
    .updateTable('webhook_calls')
    .set(({ eb }) => ({ attempts: eb('attempts', '+', 1) }))
    .where(
      'id',
      'in',
      due.map(({ id }) => id),
    )
    .execute()
  return due.map((call) => ({ ...call, attempts: call.attempts + 1 }))
}

/** Undefined: there was nothing to send any more. */
async function makeCall(
  parts: RunParts,
  { call, hook, signal }: { call: CallRow; hook: OpenedHook; signal: AbortSignal },
): Promise<Result | undefined> {
  const giveBack = call.inbox_id === null ? () => undefined : await makeRoom(parts, call.inbox_id, hook.host)
  try {
    const body = await bodyOf(parts, { call, hook })
    if (body === undefined) {
      await drop(parts, call)
      return undefined
    }
    const result = await postBody(parts, hook, {
      body,
      callId: call.id,
      isReplay: call.is_replay === 1,
      signal,
    })
    if (result.isInterrupted) await putBack(parts, call)
    else await settleCall(parts, { call, hook, result, body })
    return result
  } finally {
    giveBack()
  }
}

async function makeRoom(
  { storage, takeRoom }: RunParts,
  inboxId: InboxId,
  host: string,
): Promise<() => void> {
  const row = await storage.db
    .selectFrom('inbox')
    .select('size_bytes')
    .where('id', '=', inboxId)
    .executeTakeFirst()
  return takeRoom({ bytes: copiesOfMail * (row?.size_bytes ?? 0), host })
}

async function bodyOf(
  { storage, format }: RunParts,
  { call, hook }: { call: CallRow; hook: OpenedHook },
): Promise<Buffer | undefined> {
  if (call.body !== null) return Buffer.from(call.body)
  if (call.inbox_id === null) return undefined
  const mail = await readMail(storage, { inboxId: call.inbox_id, keyId: hook.row.key_id })
  return mail && Buffer.from(JSON.stringify(format.mail(mail)))
}

async function settleCall(
  { storage, clock }: RunParts,
  { call, hook, result, body }: { call: CallRow; hook: OpenedHook; result: Result; body: Buffer },
): Promise<void> {
  const { isDelivered } = result
  const now = clock.now()
  const firstFailedAt = call.first_failed_at ?? result.at
  // Where others arrive and this one never does, it is this one's fault; else it is the webhook that is given up.
  const isGivenUp = !isDelivered && hook.row.failing_since === null && isHopeless(firstFailedAt, now)
  const isDone = isDelivered || isGivenUp
  await storage.commit({
    guards: [
      isDone
        ? guardDone(call)
        : guardAgain({
            id: call.id,
            attempts: call.attempts,
            due_at: now + retryDelayMs(call.attempts),
            first_failed_at: firstFailedAt,
          }),
    ],
    writes: [
      recordTry({
        webhook_id: hook.row.id,
        call_id: call.id,
        attempt: call.attempts,
        at: result.at,
        duration_ms: result.durationMs,
        status: result.status,
        outcome: isDelivered ? 'delivered' : isGivenUp ? 'given-up' : 'failed',
        problem: result.problem,
        answer: result.answer,
        events: call.events,
        body,
      }),
    ],
  })
}

/** The mail is forgotten. */
async function drop({ storage }: RunParts, call: CallRow): Promise<void> {
  await storage.commit({ guards: [guardDone(call)], writes: [] })
}

/** As if it had not begun: whether it arrived nobody knows. */
async function putBack(
  { storage }: RunParts,
  { id, attempts }: { id: CallId; attempts: number },
): Promise<void> {
  await storage.db
    .updateTable('webhook_calls')
    .set({ attempts: attempts - 1 })
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .execute()
}
