/** Writes down what became of a work item: deliveries, the attempt, events and the work itself in one commit. */
import { recordEvent } from '../events/record.ts'
import type { AttemptId, DeliveryId, ServerId } from '../mail/ids.ts'
import type { Work } from '../queue/work.ts'
import { guardLease, guardReschedule } from '../queue/writes.ts'
import type { EventKind } from '../storage/schema.ts'
import { type Commit, defineInsert, defineUpdate, type Write } from '../storage/storage.ts'
import type { SuppressedRecipient } from './load.ts'
import type { OutboundRecipient, OutboundWork, Outcome } from './outbound.ts'
import { nextAttemptAt, type RetrySchedule } from './schedule.ts'

const updateDelivery = defineUpdate(
  'deliveries',
  ['state', 'class', 'reply_code', 'reply_text', 'attempts', 'next_attempt_at', 'updated_at'],
  ['id'],
)
/** The remote's last words stay: they say why it never worked. */
const expireDelivery = defineUpdate('deliveries', ['state', 'class', 'next_attempt_at', 'updated_at'], ['id'])
const postponeDelivery = defineUpdate(
  'deliveries',
  ['state', 'class', 'reply_code', 'reply_text', 'next_attempt_at', 'updated_at'],
  ['id'],
)
const setWorkAttempts = defineUpdate('work', ['attempts'], ['id'])
const insertAttempt = defineInsert('attempts', [
  'id',
  'message_id',
  'work_id',
  'at',
  'duration_ms',
  'host',
  'address',
  'tls',
  'transcript',
  'server_id',
])

/** One transaction that was tried. */
export type TriedAttempt = {
  id: AttemptId
  at: number
  durationMs: number
  host: string
  address: string
  tls: string
  transcript: string
  serverId: ServerId | null
}

export type Settling = { owner: string; now: number }

/** After an attempt. Deferred recipients share the earliest of their next times, because the work has one. */
export function settleAttempt(
  work: OutboundWork,
  outcomes: readonly Outcome[],
  attempt: TriedAttempt,
  { owner, now, schedule, random }: Settling & { schedule: RetrySchedule; random: number },
): Commit & { nextAt: number | undefined } {
  const { message, recipients } = work
  const nextAt = nextTime(work, outcomes, { now, schedule, random })
  const writes: Write[] = [
    insertAttempt({
      id: attempt.id,
      message_id: message.id,
      work_id: work.id,
      at: attempt.at,
      duration_ms: attempt.durationMs,
      host: attempt.host,
      address: attempt.address,
      tls: attempt.tls,
      transcript: attempt.transcript,
      server_id: attempt.serverId,
    }),
  ]
  for (const [i, recipient] of recipients.entries()) {
    const outcome = outcomes[i]
    if (outcome === undefined) throw new Error(`no outcome for recipient ${i} of work ${work.id}`)
    const outcomeClass = outcome.kind === 'delivered' ? null : outcome.class
    writes.push(
      updateDelivery({
        id: recipient.deliveryId,
        state: outcome.kind,
        class: outcomeClass,
        reply_code: outcome.code ?? null,
        reply_text: outcome.text,
        attempts: recipient.attempts + 1,
        next_attempt_at: outcome.kind === 'deferred' ? (nextAt ?? null) : null,
        updated_at: now,
      }),
      eventOf(work, recipient, {
        kind: outcome.kind === 'failed' ? 'bounced' : outcome.kind,
        at: now,
        attemptId: attempt.id,
        eventClass: outcomeClass,
        detail: outcome.code === undefined ? outcome.text : `${outcome.code} ${outcome.text}`,
      }),
    )
  }
  return { guards: [finishOrWait(work, owner, nextAt)], writes, nextAt }
}

function nextTime(
  { message, recipients }: OutboundWork,
  outcomes: readonly Outcome[],
  { now, schedule, random }: { now: number; schedule: RetrySchedule; random: number },
): number | undefined {
  let earliest: number | undefined
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.kind !== 'deferred') continue
    const attempts = (recipients[i]?.attempts ?? 0) + 1
    const at = nextAttemptAt(schedule, { attempts, now, deferral: outcome, random })
    earliest = Math.min(earliest ?? at, at)
  }
  // What is still waiting when its life is over is looked at then, to be told as expired.
  return earliest === undefined ? undefined : Math.max(now, Math.min(earliest, message.expiresAt))
}

function finishOrWait(work: OutboundWork, owner: string, nextAt: number | undefined): Write {
  return nextAt === undefined
    ? guardLease({ id: work.id, owner })
    : guardReschedule({ id: work.id, owner, due_at: nextAt })
}

/** Its life is over: nothing more is tried. */
export function settleExpired(work: OutboundWork, { owner, now }: Settling): Commit {
  const hours = Math.round((work.message.expiresAt - work.message.acceptedAt) / 3_600_000)
  const detail = `not delivered in the ${hours < 1 ? 'time' : `${hours} h`} it was allowed`
  const writes = work.recipients.flatMap((recipient) => [
    expireDelivery({
      id: recipient.deliveryId,
      state: 'failed',
      class: 'expired',
      next_attempt_at: null,
      updated_at: now,
    }),
    eventOf(work, recipient, { kind: 'expired', at: now, attemptId: null, eventClass: 'expired', detail }),
  ])
  return { guards: [guardLease({ id: work.id, owner })], writes }
}

export type Postponement = {
  until: number
  eventClass: string
  reason: string
  /** The claim goes on being counted, because it may be this work that stops the program. */
  isSuspect?: boolean
}

/** Nothing was tried: it waits until then, and its recipients' attempts stay as they are. */
export function settlePostponed(
  work: OutboundWork,
  { owner, now, until, eventClass, reason, isSuspect = false }: Settling & Postponement,
): Commit {
  const nextAt = Math.min(until, Math.max(now, work.message.expiresAt))
  const writes = work.recipients.flatMap((recipient) => [
    postponeDelivery({
      id: recipient.deliveryId,
      state: 'deferred',
      class: eventClass,
      reply_code: null,
      reply_text: reason,
      next_attempt_at: nextAt,
      updated_at: now,
    }),
    eventOf(work, recipient, { kind: 'deferred', at: now, attemptId: null, eventClass, detail: reason }),
  ])
  if (!isSuspect) writes.push(uncount(work))
  return { guards: [guardReschedule({ id: work.id, owner, due_at: nextAt })], writes }
}

/** The claim counted an attempt that was not made. */
function uncount(work: Work): Write {
  return setWorkAttempts({ id: work.id, attempts: work.attempts - 1 })
}

/** Nothing is sent to these, and no remote had a say. The work goes on for the others, or ends apart. */
export function settleBlocked(
  { message }: Pick<OutboundWork, 'message'>,
  recipients: readonly SuppressedRecipient[],
  { now }: { now: number },
): Commit {
  const writes = recipients.flatMap(({ recipient, class: eventClass, detail }) => [
    updateDelivery({
      id: recipient.deliveryId,
      state: 'blocked',
      class: eventClass,
      reply_code: null,
      reply_text: detail,
      attempts: recipient.attempts,
      next_attempt_at: null,
      updated_at: now,
    }),
    eventOf({ message }, recipient, {
      kind: 'blocked',
      at: now,
      attemptId: null,
      eventClass,
      detail,
    }),
  ])
  return { writes }
}

/** We cannot ever send it, and no remote had a say. */
export function settleBroken(
  work: OutboundWork,
  { owner, now, reason }: Settling & { reason: string },
): Commit {
  const writes = work.recipients.flatMap((recipient) => [
    updateDelivery({
      id: recipient.deliveryId,
      state: 'failed',
      class: 'system',
      reply_code: null,
      reply_text: reason,
      attempts: recipient.attempts,
      next_attempt_at: null,
      updated_at: now,
    }),
    eventOf(work, recipient, {
      kind: 'bounced',
      at: now,
      attemptId: null,
      eventClass: 'system',
      detail: reason,
    }),
  ])
  return { guards: [guardLease({ id: work.id, owner })], writes }
}

/** Back to the queue as it was: there was no room or no time for it here. */
export function settlePutBack(work: Work, { owner, dueAt }: { owner: string; dueAt: number }): Commit {
  return { guards: [guardReschedule({ id: work.id, owner, due_at: dueAt })], writes: [uncount(work)] }
}

/** Nobody waits for this work any more. */
export function settleSpent(work: Work, { owner }: { owner: string }): Commit {
  return { guards: [guardLease({ id: work.id, owner })], writes: [] }
}

function eventOf(
  { message }: Pick<OutboundWork, 'message'>,
  { deliveryId }: { deliveryId: DeliveryId } | OutboundRecipient,
  event: {
    kind: EventKind
    at: number
    attemptId: AttemptId | null
    eventClass: string | null
    detail: string
  },
): Write {
  return recordEvent({
    message_id: message.id,
    delivery_id: deliveryId,
    key_id: message.keyId,
    kind: event.kind,
    at: event.at,
    attempt_id: event.attemptId,
    class: event.eventClass,
    detail: event.detail,
  })
}
