/** The whole of what is known about a message, and the same in plain words. */
import type { Kysely } from 'kysely'
import type { AttemptId, DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import type { DeliveryState, EventKind, Instant, Schema } from '../storage/schema.ts'

export type Story = {
  message: {
    id: MessageId
    keyId: KeyId
    door: Schema['messages']['door']
    lane: Schema['messages']['lane']
    priority: number
    acceptedAt: Instant
    expiresAt: Instant
    from: string
    envelopeFrom: string
    subject: string
    messageId: string
    sizeBytes: number
    recipientCount: number
    customId: string | null
    submissionUuid: string
  }
  /** One, or all of the message (the first thousand), by the id that was asked for. */
  deliveries: StoryDelivery[]
  attempts: StoryAttempt[]
  events: StoryEvent[]
}

export type StoryDelivery = {
  id: DeliveryId
  recipient: string
  kind: Schema['deliveries']['recipient_kind']
  state: DeliveryState
  class: string | null
  replyCode: number | null
  replyText: string | null
  attempts: number
  nextAttemptAt: Instant | null
  updatedAt: Instant
}

export type StoryAttempt = {
  id: AttemptId
  at: Instant
  durationMs: number
  host: string
  address: string
  tls: string
  transcript: string
}

export type StoryEvent = {
  id: number
  deliveryId: DeliveryId | null
  kind: EventKind
  at: Instant
  attemptId: AttemptId | null
  class: string | null
  detail: string | null
}

const maxDeliveries = 1_000
const maxAttempts = 200
const maxEvents = 5_000

/** By the id of a delivery, or of the message; undefined when nothing has it. */
export async function readStory(db: Kysely<Schema>, id: number): Promise<Story | undefined> {
  const one = await deliveriesOf(db)
    .where('id', '=', id as DeliveryId)
    .executeTakeFirst()
  const messageId = one === undefined ? (id as MessageId) : one.messageId
  const row = await db
    .selectFrom('messages')
    .select([
      'id',
      'key_id as keyId',
      'door',
      'lane',
      'priority',
      'accepted_at as acceptedAt',
      'expires_at as expiresAt',
      'from_address as from',
      'envelope_from as envelopeFrom',
      'subject',
      'header_message_id as messageId',
      'size_bytes as sizeBytes',
      'recipient_count as recipientCount',
      'custom_id as customId',
      'submission_uuid as submissionUuid',
      'options',
    ])
    .where('id', '=', messageId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { options, ...message } = row

  const rows =
    one === undefined
      ? await deliveriesOf(db)
          .where('message_id', '=', messageId)
          .orderBy('id')
          .limit(maxDeliveries)
          .execute()
      : [one]
  let attempts = db
    .selectFrom('attempts')
    .select(['id', 'at', 'duration_ms as durationMs', 'host', 'address', 'tls', 'transcript'])
    .where('message_id', '=', messageId)
  let events = db
    .selectFrom('events')
    .select(['id', 'delivery_id as deliveryId', 'kind', 'at', 'attempt_id as attemptId', 'class', 'detail'])
    .where('message_id', '=', messageId)
  if (one !== undefined) {
    // Work is split when part of it is put on hold: earlier attempts are known by their events only. Each side by its
    // index: a campaign has very many attempts.
    const told = db
      .selectFrom('events')
      .select('attempt_id as id')
      .where('message_id', '=', messageId)
      .where('delivery_id', '=', one.id)
      .where('attempt_id', 'is not', null)
      .$narrowType<{ id: AttemptId }>()
    const ofWork = db
      .selectFrom('attempts')
      .select('id')
      .where('message_id', '=', messageId)
      .where('work_id', '=', one.workId)
    attempts = attempts.where('id', 'in', told.unionAll(ofWork))
    events = events.where((where) =>
      where.or([where('delivery_id', '=', one.id), where('delivery_id', 'is', null)]),
    )
  }
  const known = await events.orderBy('id').limit(maxEvents).execute()
  const cameAt = known.find(({ kind }) => kind === 'accepted')?.at
  const { recipientLifetimeMs } = JSON.parse(options) as { recipientLifetimeMs?: number }
  const isOwn = one !== undefined && cameAt !== undefined && recipientLifetimeMs !== undefined
  return {
    // Of a message whose recipients come in batches, each has their own time.
    message: isOwn ? { ...message, expiresAt: cameAt + recipientLifetimeMs } : message,
    deliveries: rows.map(({ messageId: _message, workId: _work, ...delivery }) => delivery),
    attempts: await attempts.orderBy('at').orderBy('id').limit(maxAttempts).execute(),
    events: known,
  }
}

function deliveriesOf(db: Kysely<Schema>) {
  return db
    .selectFrom('deliveries')
    .select([
      'id',
      'message_id as messageId',
      'work_id as workId',
      'recipient',
      'recipient_kind as kind',
      'state',
      'class',
      'reply_code as replyCode',
      'reply_text as replyText',
      'attempts',
      'next_attempt_at as nextAttemptAt',
      'updated_at as updatedAt',
    ])
}
