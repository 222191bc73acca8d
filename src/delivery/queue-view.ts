/** What waits in the queue, as operators look at it: one entry for each message and recipient. */
import { type Kysely, sql } from 'kysely'
import type { MessageOptions } from '../intake/submission.ts'
import type { DeliveryId, KeyId, MessageId, WorkId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { DeliveryState, Instant, Lane, Schema } from '../storage/schema.ts'

/** Deliveries that are still to be delivered. */
export const waitingStates = ['queued', 'deferred', 'held'] as const satisfies readonly DeliveryState[]
export type WaitingState = (typeof waitingStates)[number]

export type QueueFilter = {
  state?: WaitingState
  /** Recipient domain, A-label form. */
  domain?: string
  keyId?: KeyId
  messageId?: MessageId
}

export type QueuedDelivery = {
  id: DeliveryId
  messageId: MessageId
  keyId: KeyId
  from: string
  recipient: string
  subject: string
  lane: Lane
  state: DeliveryState
  class: string | null
  replyText: string | null
  attempts: number
  nextAttemptAt: Instant | null
  acceptedAt: Instant
  expiresAt: Instant
  /** Taken by a sender at this moment. */
  isBeingSent: boolean
}

/** Oldest work first. `after` is the id of the last delivery of the page before. */
export async function listQueue(
  db: Kysely<Schema>,
  { limit = 50, after, ...filter }: QueueFilter & { limit?: number; after?: number } = {},
): Promise<QueuedDelivery[]> {
  const last =
    after === undefined
      ? undefined
      : await db
          .selectFrom('deliveries')
          .select(['id', 'work_id as workId'])
          .where('id', '=', after as DeliveryId)
          .executeTakeFirst()
  if (after !== undefined && last === undefined) throw unknownId(after)
  return (await selectQueue(db, { filter, limit, after: last })).map(toQueued)
}

/** One delivery, or all that wait of one message. Throws Refused when nothing has that id. */
export async function showQueued(db: Kysely<Schema>, id: number): Promise<QueuedDelivery[]> {
  const rows = await db
    .selectFrom('deliveries')
    .innerJoin('messages', 'messages.id', 'deliveries.message_id')
    .leftJoin('work', 'work.id', 'deliveries.work_id')
    .select([...shownColumns, 'deliveries.work_id as workId'])
    .where((where) =>
      where.or([
        where('deliveries.id', '=', id as DeliveryId),
        where('deliveries.message_id', '=', id as MessageId),
      ]),
    )
    .orderBy('deliveries.id')
    .limit(1_000)
    .execute()
  if (rows.length === 0) throw unknownId(id)
  return rows.map(toQueued)
}

const shownColumns = [
  'deliveries.id',
  'deliveries.message_id as messageId',
  'deliveries.key_id as keyId',
  'messages.from_address as from',
  'deliveries.recipient',
  'messages.subject',
  'messages.lane',
  'deliveries.state',
  'deliveries.class',
  'deliveries.reply_text as replyText',
  'deliveries.attempts',
  'deliveries.next_attempt_at as nextAttemptAt',
  'messages.accepted_at as acceptedAt',
  'messages.expires_at as expiresAt',
  'messages.options',
  'work.created_at as since',
  'work.owner',
] as const

/** In the order of the work's ids: the table of work is small and says what waits, deliveries are kept for long. */
export async function selectQueue(
  db: Kysely<Schema>,
  {
    filter: { state, domain, keyId, messageId },
    limit,
    after,
  }: { filter: QueueFilter; limit: number; after: { id: DeliveryId; workId: WorkId } | undefined },
) {
  let query = db
    .selectFrom('work')
    .innerJoin('deliveries', (join) =>
      join.onRef('deliveries.message_id', '=', 'work.ref').onRef('deliveries.work_id', '=', 'work.id'),
    )
    .innerJoin('messages', 'messages.id', 'deliveries.message_id')
    .select([...shownColumns, 'deliveries.work_id as workId'])
    .where('deliveries.state', 'in', state === undefined ? [...waitingStates] : [state])
  if (keyId !== undefined) query = query.where('deliveries.key_id', '=', keyId)
  if (messageId !== undefined) query = query.where('deliveries.message_id', '=', messageId)
  if (domain !== undefined) {
    // The key of delivery work starts with the domain (intake/store.ts).
    const pattern = `${domain.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')} %`
    query = query.where(sql<boolean>`${sql.ref('work.key')} like ${pattern} escape '\\'`)
  }
  if (after !== undefined) {
    const { id, workId } = after
    query = query.where((where) =>
      where.or([
        where('work.id', '>', workId),
        where.and([where('work.id', '=', workId), where('deliveries.id', '>', id)]),
      ]),
    )
  }
  return query.orderBy('work.id').orderBy('deliveries.id').limit(limit).execute()
}

type QueueRow = Omit<QueuedDelivery, 'isBeingSent'> & {
  owner: string | null
  workId: WorkId
  options: string
  since: Instant | null
}

function toQueued({ owner, workId: _, options, since, ...row }: QueueRow): QueuedDelivery {
  const { recipientLifetimeMs } = JSON.parse(options) as MessageOptions
  const isOwn = recipientLifetimeMs !== undefined && since !== null
  return {
    ...row,
    ...(isOwn && { acceptedAt: since, expiresAt: since + recipientLifetimeMs }),
    isBeingSent: owner !== null,
  }
}

export function unknownId(id: number): Refused {
  return new Refused('not-found', `there is no message and no delivery ${id}`)
}
