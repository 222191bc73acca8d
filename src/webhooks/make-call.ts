/** One call: its body made, posted, and what came of it recorded. */
import type { CallId, InboxId } from '../mail/ids.ts'
import { bodiesForVersion } from './body-for-version.ts'
import type { TakeRoom } from './byte-room.ts'
import { recordTry } from './call-log.ts'
import { type CallRow, guardAgain, guardDone, splitCall } from './calls.ts'
import type { WebhooksContext } from './context.ts'
import { type OpenedHook, postBody, type Result } from './post-body.ts'
import { readMail } from './read-mail.ts'
import { isHopeless, isWornOut, mostBrokenTries, retryDelayMs } from './schedule.ts'

/**
 * What a mail takes while it is called, of its size: itself as it was stored and as a copy, and a third more than that as
 * base64, as the text of the body and as its bytes.
 */
const copiesOfMail = 6

export type CallParts = Pick<WebhooksContext, 'storage' | 'clock' | 'log' | 'post' | 'format'> & {
  takeRoom: TakeRoom
}

type Given = { call: CallRow; hook: OpenedHook; signal: AbortSignal }

/** Undefined: the receiver had no part in it. */
export async function makeCall(parts: CallParts, given: Given): Promise<Result | undefined> {
  const { call, hook } = given
  if (isWornOut(call)) {
    const problem = `it was begun ${call.attempts - 1} times, and none of them came to an end`
    await settleCall(parts, { ...given, result: failure(parts, problem), isGivenUp: true })
    return undefined
  }
  const giveBack = call.inbox_id === null ? () => undefined : await makeRoom(parts, call.inbox_id, hook.host)
  try {
    const tried = await tryCall(parts, given)
    switch (tried.kind) {
      case 'posted': {
        const { result, body } = tried
        if (result.isInterrupted) await putBack(parts, call)
        else
          await settleCall(parts, { ...given, result, body, isGivenUp: isItsOwnFault(given, result, parts) })
        return result
      }
      case 'gone':
        await drop(parts, call)
        return undefined
      case 'several':
        await split(parts, call, tried.bodies)
        return undefined
      case 'broken': {
        const isGivenUp = call.attempts >= mostBrokenTries
        await settleCall(parts, { ...given, result: failure(parts, tried.problem), isGivenUp })
        return undefined
      }
    }
  } finally {
    giveBack()
  }
}

async function makeRoom(
  { storage, takeRoom }: CallParts,
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

type Tried =
  | { kind: 'posted'; result: Result; body: Buffer }
  /** The mail is forgotten. */
  | { kind: 'gone' }
  /** It was made for a webhook that takes several events a call. */
  | { kind: 'several'; bodies: string[] }
  | { kind: 'broken'; problem: string }

async function tryCall(parts: CallParts, { call, hook, signal }: Given): Promise<Tried> {
  try {
    const [text, ...others] = await bodiesOf(parts, { call, hook })
    if (text === undefined) return { kind: 'gone' }
    if (others.length > 0) return { kind: 'several', bodies: [text, ...others] }
    const body = Buffer.from(text)
    const isReplay = call.is_replay === 1
    const result = await postBody(parts, hook, { body, callId: call.id, isReplay, signal })
    return { kind: 'posted', result, body }
  } catch (error) {
    // Our fault, and not the receiver's: the webhook is no worse for it, and the calls behind this one go on.
    parts.log.error({ err: error, callId: call.id, webhookId: hook.row.id }, 'a call could not be made')
    const reason = error instanceof Error ? error.message : String(error)
    return { kind: 'broken', problem: `the call could not be made: ${reason}` }
  }
}

async function bodiesOf(
  { storage, format }: CallParts,
  { call, hook }: { call: CallRow; hook: OpenedHook },
): Promise<string[]> {
  if (call.body !== null) return bodiesForVersion(call.body, hook.row.version)
  if (call.inbox_id === null) return []
  const mail = await readMail(storage, { inboxId: call.inbox_id, keyId: hook.row.key_id })
  return mail === undefined ? [] : [JSON.stringify(format.mail(mail))]
}

/** Where others arrive and this one never does, it is this one's fault; else it is the webhook that is given up. */
function isItsOwnFault({ call, hook }: Given, result: Result, { clock }: CallParts): boolean {
  const firstFailedAt = call.first_failed_at ?? result.at
  return !result.isDelivered && hook.row.failing_since === null && isHopeless(firstFailedAt, clock.now())
}

function failure({ clock }: CallParts, problem: string): Result {
  return {
    ...{ at: clock.now(), durationMs: 0, isDelivered: false, isInterrupted: false },
    ...{ status: null, problem, answer: '' },
  }
}

async function settleCall(
  { storage, clock }: CallParts,
  {
    call,
    hook,
    result,
    body = Buffer.from(call.body ?? ''),
    isGivenUp,
  }: { call: CallRow; hook: OpenedHook; result: Result; body?: Buffer; isGivenUp: boolean },
): Promise<void> {
  const { isDelivered } = result
  await storage.commit({
    guards: [
      isDelivered || isGivenUp
        ? guardDone(call)
        : guardAgain({
            id: call.id,
            attempts: call.attempts,
            due_at: clock.now() + retryDelayMs(call.attempts),
            first_failed_at: call.first_failed_at ?? result.at,
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

/** Each event becomes a call of its own, in the commit that ends the one that held them. */
async function split({ storage }: CallParts, call: CallRow, bodies: readonly string[]): Promise<void> {
  const firstId = await storage.reserveIds(bodies.length)
  await storage.commit({ guards: [guardDone(call)], writes: splitCall(call, { bodies, firstId }) })
}

/** The mail is forgotten. */
async function drop({ storage }: CallParts, call: CallRow): Promise<void> {
  await storage.commit({ guards: [guardDone(call)], writes: [] })
}

/** As if it had not begun: whether it arrived nobody knows. */
async function putBack(
  { storage }: CallParts,
  { id, attempts }: { id: CallId; attempts: number },
): Promise<void> {
  await storage.db
    .updateTable('webhook_calls')
    .set({ attempts: attempts - 1 })
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .execute()
}
