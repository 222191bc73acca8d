/**
 * Makes the calls that are due to one webhook, a few at a time, until there are no more or the receiver does not take
 * them. Each is settled by itself, so that a crash repeats no more than what was on its way.
 */
import type { WebhookId } from '../mail/ids.ts'
import type { Work } from '../queue/work.ts'
import type { CallRow } from './calls.ts'
import { type CallParts, makeCall } from './make-call.ts'
import type { OpenedHook, Result } from './post-body.ts'
import { hasUnendedTry } from './schedule.ts'
import { settleRun, type Tally } from './settle-run.ts'

/** At one time to one webhook. Mail may be large. */
const callsAtOnce = { events: 4, mail: 1 } as const
/** Then others have their turn. */
const maxRunMs = 30_000

export async function runCalls(
  parts: CallParts,
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
    if (calls.length === 0) break
    const heard = results.filter((result) => result !== undefined)
    if (heard.some(({ isDelivered }) => isDelivered)) width = callsAtOnce[hook.row.kind]
    else if (heard.length > 0) break
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

/**
 * Counted before anything is sent, so that a call that kills this process does not do so for ever: after a few tries that
 * never came to an end it is given up (schedule.ts), and until then it is made alone, so that no other is taken for it.
 */
async function beginCalls(
  { storage, clock }: Pick<CallParts, 'storage' | 'clock'>,
  { webhookId, limit }: { webhookId: WebhookId; limit: number },
): Promise<CallRow[]> {
  const due = await storage.db
    .selectFrom('webhook_calls')
    .select(['id', 'attempts', 'first_failed_at'])
    .where('webhook_id', '=', webhookId)
    .where('due_at', '<=', clock.now())
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .execute()
  if (due.length === 0) return []
  const together = due.some(hasUnendedTry) ? due.slice(0, 1) : due
  const ids = together.map(({ id }) => id)
  const begun = await storage.db
    .updateTable('webhook_calls')
    .set(({ eb }) => ({ attempts: eb('attempts', '+', 1) }))
    .where('id', 'in', ids)
    // They may have been handed on to a backup a moment ago.
    .where('webhook_id', '=', webhookId)
    .returningAll()
    .execute()
  return begun.toSorted((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id))
}
