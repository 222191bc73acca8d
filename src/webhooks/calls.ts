/** What is owed to webhooks: for the commit, or the transaction, of whatever owes it. */
import type { Kysely } from 'kysely'
import type { CallId, InboxId, WebhookId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { defineDelete, defineEnsure, defineInsert, defineUpdate, type Write } from '../storage/storage.ts'
import { workOf } from './webhooks.ts'

export const callLane = 'webhook'

export type NewCall = {
  webhookId: WebhookId
  /** JSON of events, or the mail that the body will be made of. */
  content: { body: string; events: number } | { inboxId: InboxId }
  isReplay?: boolean
  /** When the first of what it tells happened; now when left out. */
  since?: Instant
}

export type CallRow = Schema['webhook_calls']

const insertCall = defineInsert('webhook_calls', [
  'id',
  'webhook_id',
  'body',
  'inbox_id',
  'events',
  'is_replay',
  'due_at',
  'attempts',
  'first_failed_at',
  'created_at',
])
const touchWebhook = defineUpdate('webhooks', ['touched_at'], ['id'])
const ensureWork = defineEnsure('work', [
  'id',
  'lane',
  'key',
  'due_at',
  'owner',
  'attempts',
  'held_at',
  'ref',
  'created_at',
])

/** `firstId`: the first of as many ids as there are calls. */
export function oweCalls(
  calls: readonly NewCall[],
  { firstId, now }: { firstId: number; now: Instant },
): Write[] {
  const rows = calls.map(({ webhookId, content, isReplay = false, since = now }, i) =>
    insertCall({
      id: (firstId + i) as CallId,
      webhook_id: webhookId,
      body: 'body' in content ? content.body : null,
      inbox_id: 'inboxId' in content ? content.inboxId : null,
      events: 'body' in content ? content.events : 0,
      is_replay: isReplay ? 1 : 0,
      due_at: now,
      attempts: 0,
      first_failed_at: null,
      created_at: since,
    }),
  )
  const ids = [...new Set(calls.map(({ webhookId }) => webhookId))].toSorted((a, b) => a - b)
  // The webhook's row is locked before its work is looked at, here and where its work ends (settle-run.ts): who comes second
  // sees what the first has done, and no call is left without work.
  return [
    ...rows,
    ...ids.map((id) => touchWebhook({ id, touched_at: now })),
    ...ids.map((id) => ensureWork(workFor(id, now))),
  ]
}

/** A call for each of the bodies in its place, as due as it was; where its work goes on. */
export function splitCall(
  call: CallRow,
  { bodies, firstId }: { bodies: readonly string[]; firstId: number },
): Write[] {
  const fresh = { attempts: 0, first_failed_at: null, events: 1 }
  return bodies.map((body, i) => insertCall({ ...call, ...fresh, body, id: (firstId + i) as CallId }))
}

/** A mail that came for a program, in the transaction that keeps it. */
export async function oweMail(
  db: Kysely<Schema>,
  {
    webhookId,
    inboxId,
    callId,
    now,
  }: { webhookId: WebhookId; inboxId: InboxId; callId: CallId; now: Instant },
): Promise<void> {
  await db
    .insertInto('webhook_calls')
    .values({
      id: callId,
      webhook_id: webhookId,
      body: null,
      inbox_id: inboxId,
      events: 0,
      is_replay: 0,
      due_at: now,
      attempts: 0,
      first_failed_at: null,
      created_at: now,
    })
    .execute()
  await db.updateTable('webhooks').set({ touched_at: now }).where('id', '=', webhookId).execute()
  await putWork(db, webhookId, now)
  await callSoon(db, [webhookId], now)
}

/**
 * What was just owed does not wait for the next try of an older call that fails, unless it is the webhook that fails, and has
 * its rest.
 */
export async function callSoon(db: Kysely<Schema>, ids: readonly WebhookId[], now: Instant): Promise<void> {
  if (ids.length === 0) return
  await db
    .updateTable('work')
    .set({ due_at: now })
    .where('id', 'in', ids.map(workOf))
    .where('owner', 'is', null)
    .where('due_at', '>', now)
    .where('ref', 'in', (eb) =>
      eb.selectFrom('webhooks').select('webhooks.id').where('id', 'in', ids).where('failed_runs', '=', 0),
    )
    .execute()
}

/** Unless it is there. The row of the webhook must be locked. */
export async function putWork(db: Kysely<Schema>, id: WebhookId, now: Instant): Promise<void> {
  await db
    .insertInto('work')
    .values(workFor(id, now))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

function workFor(id: WebhookId, now: Instant): Schema['work'] {
  return {
    id: workOf(id),
    lane: callLane,
    key: String(id),
    due_at: now,
    owner: null,
    attempts: 0,
    held_at: null,
    ref: id,
    created_at: now,
  }
}

const deleteCall = defineDelete('webhook_calls', ['id', 'attempts'])
const postponeCall = defineUpdate('webhook_calls', ['due_at', 'first_failed_at'], ['id', 'attempts'])

/** Guards: the call is over, or tried again, provided that nobody else has settled or begun it meanwhile. */
export function guardDone({ id, attempts }: { id: CallId; attempts: number }): Write {
  return deleteCall({ id, attempts })
}

export function guardAgain(call: {
  id: CallId
  attempts: number
  due_at: Instant
  first_failed_at: Instant
}): Write {
  return postponeCall(call)
}
