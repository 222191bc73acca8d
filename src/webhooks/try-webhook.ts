/** An event, or a mail, that did not happen, sent at once: does the receiver answer? */
import type { WebhookId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import { recordTry } from './call-log.ts'
import type { WebhooksContext } from './context.ts'
import { openHook, postBody, type Result } from './post-body.ts'
import { isEventTopic } from './topics.ts'
import { selectWebhooks, type WebhookRow } from './webhooks.ts'

/** It is in the log like any other. Throws Refused when there is no such webhook. */
export async function tryWebhook(ctx: WebhooksContext, id: WebhookId): Promise<Result> {
  const [row] = await selectWebhooks(ctx.storage.db, { id }).execute()
  if (row === undefined) throw new Refused('not-found', `there is no webhook ${id} (paravion webhook list)`)
  const body = Buffer.from(JSON.stringify(sampleFor(ctx, row)))
  const result = await postBody(ctx, openHook(ctx, row), { body, callId: null })
  const tried = recordTry({
    webhook_id: id,
    call_id: null,
    attempt: 1,
    at: result.at,
    duration_ms: result.durationMs,
    status: result.status,
    outcome: result.isDelivered ? 'delivered' : 'failed',
    problem: result.problem,
    answer: result.answer,
    events: row.kind === 'events' ? 1 : 0,
    body,
  })
  await ctx.storage.commit({ writes: [tried] })
  return result
}

function sampleFor({ format, clock }: WebhooksContext, row: WebhookRow): object {
  const now = clock.now()
  if (row.kind === 'mail') return format.sampleMail(row.address ?? row.topic, now)
  if (!isEventTopic(row.topic)) {
    throw new Refused('bad-value', `nothing is ever told of ${row.topic}, so that there is nothing to try`)
  }
  const sample = format.sample(row.topic, now)
  return row.version === 2 ? [sample] : sample
}
