/** The next events to count, with what has to be known of their messages. */
import { listOf } from '../contacts/counts.ts'
import type { CampaignId, DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import type { EventKind } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { type Mark, noMark } from './count-event.ts'

export type EventRow = {
  id: number
  kind: EventKind
  at: number
  class: string | null
  keyId: KeyId
  messageId: MessageId
  deliveryId: DeliveryId | null
  /** These five are null when the message is forgotten. */
  acceptedAt: number | null
  campaignId: CampaignId | null
  fromAddress: string | null
  recipients: number | null
  recipient: string | null
  /** The contact list that its message says it went to; whose list that is, is not looked at here. */
  listId: number | null
  /** Of a visit. */
  url: string | null
  position: number | null
  agent: string | null
  country: string | null
}

export async function readEvents(
  { db }: Storage,
  { after, upTo, limit }: { after: number; upTo: number; limit: number },
): Promise<EventRow[]> {
  const rows = await db
    .selectFrom('events')
    .leftJoin('messages', 'messages.id', 'events.message_id')
    .leftJoin('deliveries', 'deliveries.id', 'events.delivery_id')
    .leftJoin('visits', 'visits.id', 'events.visit_id')
    .select([
      'events.id',
      'events.kind',
      'events.at',
      'events.class',
      'events.key_id as keyId',
      'events.message_id as messageId',
      'events.delivery_id as deliveryId',
      'messages.accepted_at as acceptedAt',
      'messages.campaign_id as campaignId',
      'messages.from_address as fromAddress',
      'messages.recipient_count as recipients',
      'messages.options',
      'deliveries.recipient',
      'visits.url',
      'visits.position',
      'visits.agent',
      'visits.country',
    ])
    .where('events.id', '>', after)
    .where('events.id', '<=', upTo)
    .orderBy('events.id')
    .limit(limit)
    .execute()
  return rows.map(({ options, ...row }) => ({ ...row, listId: listOf(options) }))
}

export type KnownMark = { mark: Mark; isStored: boolean }

/** What is known of the deliveries in these events, each once. */
export async function readMarks(
  { db }: Storage,
  events: readonly EventRow[],
): Promise<Map<DeliveryId, KnownMark>> {
  const marks = new Map<DeliveryId, KnownMark>()
  for (const { deliveryId } of events) {
    if (deliveryId !== null) marks.set(deliveryId, { mark: noMark, isStored: false })
  }
  const ids = [...marks.keys()]
  if (ids.length === 0) return marks
  const rows = await db.selectFrom('stat_deliveries').selectAll().where('delivery_id', 'in', ids).execute()
  for (const row of rows) {
    marks.set(row.delivery_id, {
      isStored: true,
      mark: {
        countedAs: row.counted_as,
        openedAt: row.opened_at,
        clickedAt: row.clicked_at,
        unsubscribedAt: row.unsubscribed_at,
        complainedAt: row.complained_at,
        opens: row.opens,
        clicks: row.clicks,
      },
    })
  }
  await addSent({ db }, events, marks)
  return marks
}

/** Where a bounce comes late, the message was counted as sent, of which nothing is remembered. */
async function addSent(
  { db }: Pick<Storage, 'db'>,
  events: readonly EventRow[],
  marks: Map<DeliveryId, KnownMark>,
): Promise<void> {
  const first = events[0]?.id ?? 0
  const bounced = events.filter(
    ({ kind, deliveryId }) =>
      kind === 'bounced' && deliveryId !== null && marks.get(deliveryId)?.mark.countedAs === '',
  )
  if (bounced.length === 0) return
  const rows = await db
    .selectFrom('events')
    .select('delivery_id')
    // By message, because that is what there is an index for.
    .where(
      'message_id',
      'in',
      bounced.map(({ messageId }) => messageId),
    )
    // Each by itself: a campaign has very many.
    .where(
      'delivery_id',
      'in',
      bounced.flatMap(({ deliveryId }) => deliveryId ?? []),
    )
    .where('kind', '=', 'delivered')
    .where('id', '<', first)
    .execute()
  const sent = new Set(rows.map((row) => row.delivery_id))
  for (const { deliveryId } of bounced) {
    const known = deliveryId === null ? undefined : marks.get(deliveryId)
    if (deliveryId === null || known === undefined || !sent.has(deliveryId)) continue
    marks.set(deliveryId, { ...known, mark: { ...known.mark, countedAs: 'sent' } })
  }
}
