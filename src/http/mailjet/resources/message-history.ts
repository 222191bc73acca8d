/** `/v3/REST/messagehistory/<message id>` (reference/statistics.md §3). */
import { crc32 } from 'node:zlib'
import { sql } from 'kysely'
import type { DeliveryId } from '../../../mail/ids.ts'
import { replyClasses } from '../../../mail/reply-classes.ts'
import type { EventKind, Instant } from '../../../storage/schema.ts'
import { defineResource } from '../define-resource.ts'
import { isHardBounce, reasonOf, reasonOfDelivery } from '../reasons.ts'
import type { Query } from '../resource.ts'

type HistoryRow = {
  kind: EventKind
  at: Instant
  class: string | null
  detail: string | null
  agent: string | null
}

/** An operator's holding is no event type of Mailjet's. */
const shown = [
  'delivered',
  'deferred',
  'bounced',
  'expired',
  'blocked',
  'dropped',
  'opened',
  'clicked',
  'unsubscribed',
  'complained',
] as const satisfies readonly EventKind[]

export const messageHistory = defineResource<HistoryRow>({
  name: 'messagehistory',
  description: 'What happened to a message.',
  properties: [
    {
      name: 'Comment',
      type: 'text',
      description: 'Free text attached to the event.',
      value: (row) => (isAboutReader(row) || row.kind === 'delivered' ? '' : (row.detail ?? '')),
    },
    {
      name: 'EventAt',
      type: 'integer',
      description: 'Unix time of the event.',
      value: (row) => Math.floor(row.at / 1000),
    },
    {
      name: 'EventType',
      type: 'text',
      description:
        'sent, opened, clicked, bounced, blocked, unsub, spam, hardbounced, softbounced, workflowexit, workflowunsubscribe.',
      value: eventType,
    },
    {
      name: 'State',
      type: 'text',
      description: 'State text, empty when none.',
      value: stateOf,
    },
    { name: 'Useragent', type: 'text', description: 'User-agent text (often empty).', value: () => '' },
    {
      name: 'UseragentID',
      type: 'integer',
      description: 'User-agent identifier; 0 if none.',
      value: ({ agent }) => (agent === null || agent === '' ? 0 : crc32(agent)),
    },
  ],
  filters: { Message: 'integer' },
  sort: { ID: false },
  unknownId: 'empty',
  async select(query, page) {
    const history = await ofDelivery(query)
    if (history === undefined) return []
    return history
      .leftJoin('visits', 'visits.id', 'events.visit_id')
      .select(['events.kind', 'events.at', 'events.class', 'events.detail', 'visits.agent'])
      .orderBy('events.id')
      .limit(page.limit)
      .offset(page.offset)
      .execute()
  },
  async count(query) {
    const history = await ofDelivery(query)
    if (history === undefined) return 0
    const row = await history
      .select(({ fn }) => fn.countAll<number | string | bigint>().as('count'))
      .executeTakeFirst()
    return Number(row?.count ?? 0)
  },
})

/** Undefined without a message of this key: history has no list of its own. */
async function ofDelivery({ db, keyId, id, filters }: Query) {
  const deliveryId = (id ?? filters.integer('Message')) as DeliveryId | undefined
  if (deliveryId === undefined) return undefined
  const delivery = await db
    .selectFrom('deliveries')
    .select('message_id')
    .where('id', '=', deliveryId)
    .where('key_id', '=', keyId)
    .executeTakeFirst()
  if (delivery === undefined) return undefined
  return (
    db
      .selectFrom('events')
      .where('events.message_id', '=', delivery.message_id)
      .where('events.delivery_id', '=', deliveryId)
      .where('events.kind', 'in', shown)
      // Machines are counted apart, and are not shown.
      .where((where) =>
        where.or([where('events.kind', 'not in', ['opened', 'clicked']), where('events.class', 'is', null)]),
      )
      .where(sql<boolean>`(events.kind <> 'deferred' OR ${isToldDeferral})`)
  )
}

/**
 * A host put it off, for a reason that it had not given before: what a webhook is told as a soft bounce
 * (webhooks/read-events.ts).
 */
const isToldDeferral = sql<boolean>`(events.class IN (${sql.join(replyClasses)}) AND events.id = (
  SELECT min(same.id) FROM events AS same
  WHERE same.message_id = events.message_id AND same.delivery_id = events.delivery_id
  AND same.kind = 'deferred' AND same.class = events.class AND same.attempt_id IS NOT NULL))`

function isAboutReader({ kind }: HistoryRow): boolean {
  return kind === 'opened' || kind === 'clicked' || kind === 'unsubscribed' || kind === 'complained'
}

function stateOf(row: HistoryRow): string {
  if (isAboutReader(row) || row.kind === 'delivered') return ''
  const reason = row.kind === 'dropped' ? reasonOfDelivery({ ...row, state: 'dropped' }) : reasonOf(row.class)
  return reason?.state ?? ''
}

function eventType(row: HistoryRow): string {
  switch (row.kind) {
    case 'delivered':
      return 'sent'
    case 'bounced':
      return isHardBounce(row.class) ? 'hardbounced' : 'softbounced'
    case 'expired':
    case 'deferred':
      return 'softbounced'
    case 'opened':
    case 'clicked':
      return row.kind
    case 'unsubscribed':
      return 'unsub'
    case 'complained':
      return 'spam'
    default:
      return 'blocked'
  }
}
