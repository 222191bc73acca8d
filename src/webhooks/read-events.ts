/** Events with all that is told of them, read in the order of their ids, a few queries for many of them. */
import type { Kysely } from 'kysely'
import { contactIdsOf } from '../contacts/contacts.ts'
import { normaliseAddress, parseAddress } from '../mail/address.ts'
import type { DeliveryId, KeyId } from '../mail/ids.ts'
import { type ReplyClass, replyClasses } from '../mail/reply-classes.ts'
import type { EventKind, Instant, Schema } from '../storage/schema.ts'
import { type EventTopic, kindsOf, topicOf } from './topics.ts'

export type ToldEvent = {
  id: number
  topic: EventTopic
  keyId: KeyId
  at: Instant
  deliveryId: DeliveryId
  uuid: string
  recipient: string
  /** 0 when the recipient is no contact, or the message of no campaign. */
  contactId: number
  campaignId: number
  /** '' for these three when there is none. */
  campaign: string
  customId: string
  payload: string
  class: string | null
  /** The host's own words, or ours where it had none. */
  detail: string
  /** Nothing is sent to the address from now on. */
  isSuppressed: boolean
  /** Of an open, a click, or leaving; '' for what is not known, 0 for no list. */
  visit: { url: string; ip: string; agent: string; country: string; listId: number }
}

export type EventRange = {
  /** Ids in ]after, upTo]. */
  after: number
  upTo: number
  keyIds: readonly KeyId[]
  topics: ReadonlySet<string>
  /** Events read, of which some may not be worth telling. */
  limit: number
  /** Only what happened in [from, to[. */
  times?: { from: Instant; to: Instant }
}

/** `reached`: up to there there are no more. */
export async function readToldEvents(
  db: Kysely<Schema>,
  range: EventRange,
): Promise<{ events: ToldEvent[]; reached: number; isMore: boolean }> {
  const rows = await readRows(db, range)
  const isMore = rows.length === range.limit
  const reached = isMore ? (rows.at(-1)?.id ?? range.upTo) : range.upTo
  const told = await withoutRepeated(db, rows.filter(isWorthTelling))
  const contacts = await readContacts(db, told)
  const suppressed = await readSuppressed(db, told)
  const events = told.flatMap((row): ToldEvent[] => {
    const topic = topicOf(row.kind)
    if (topic === undefined || row.deliveryId === null) return []
    return [
      {
        id: row.id,
        topic,
        keyId: row.keyId,
        at: row.at,
        deliveryId: row.deliveryId,
        uuid: row.uuid,
        recipient: row.recipient,
        contactId: contacts.get(row.keyId)?.get(row.recipient) ?? 0,
        campaignId: row.campaignId ?? 0,
        campaign: row.campaign ?? '',
        customId: row.customId ?? '',
        payload: row.payload ?? '',
        class: row.class,
        detail: row.detail ?? '',
        isSuppressed: suppressed.has(row.deliveryId),
        visit: {
          url: row.url ?? '',
          ip: row.ip ?? '',
          agent: row.agent ?? '',
          country: row.country ?? '',
          listId: row.listId ?? 0,
        },
      },
    ]
  })
  return { events, reached, isMore }
}

type EventRow = Awaited<ReturnType<typeof readRows>>[number]

function readRows(db: Kysely<Schema>, { after, upTo, keyIds, topics, limit, times }: EventRange) {
  let query = db
    .selectFrom('events')
    // Of a message that is forgotten there is nothing to tell.
    .innerJoin('deliveries', 'deliveries.id', 'events.delivery_id')
    .innerJoin('messages', 'messages.id', 'events.message_id')
    .leftJoin('campaigns', 'campaigns.id', 'messages.campaign_id')
    .leftJoin('visits', 'visits.id', 'events.visit_id')
    .select([
      'events.id',
      'events.kind',
      'events.at',
      'events.class',
      'events.detail',
      'events.key_id as keyId',
      'events.message_id as messageId',
      'events.delivery_id as deliveryId',
      'events.attempt_id as attemptId',
      'deliveries.uuid',
      'deliveries.recipient',
      'messages.custom_id as customId',
      'messages.event_payload as payload',
      'messages.campaign_id as campaignId',
      'campaigns.name as campaign',
      'visits.url',
      'visits.ip',
      'visits.agent',
      'visits.country',
      'visits.list_id as listId',
    ])
    .where('events.id', '>', after)
    .where('events.id', '<=', upTo)
    .where('events.key_id', 'in', keyIds)
    .where('events.kind', 'in', kindsOf(topics))
  if (times !== undefined)
    query = query.where('events.at', '>=', times.from).where('events.at', '<', times.to)
  return query.orderBy('events.id').limit(limit).execute()
}

/** Machines are no readers; and what we put off ourselves, no host has said anything about. */
function isWorthTelling({ kind, class: why, attemptId }: EventRow): boolean {
  if (kind === 'opened' || kind === 'clicked') return why === null
  if (kind !== 'deferred') return true
  return attemptId !== null && replyClasses.includes((why ?? '') as ReplyClass)
}

/** A host that puts a message off for the same reason again has nothing new to tell. */
async function withoutRepeated(db: Kysely<Schema>, rows: readonly EventRow[]): Promise<EventRow[]> {
  const deferred = rows.filter(({ kind }) => kind === 'deferred')
  if (deferred.length === 0) return [...rows]
  const firsts = await db
    .selectFrom('events')
    .select(({ fn }) => ['delivery_id', 'class', fn.min('id').as('first')])
    .where('message_id', 'in', [...new Set(deferred.map(({ messageId }) => messageId))])
    .where('delivery_id', 'in', [...new Set(deferred.map(({ deliveryId }) => deliveryId))])
    .where('kind', '=', 'deferred')
    .where('attempt_id', 'is not', null)
    .groupBy(['delivery_id', 'class'])
    .execute()
  const first = new Set(firsts.map((row) => Number(row.first)))
  return rows.filter(({ kind, id }) => kind !== 'deferred' || first.has(id))
}

async function readContacts(db: Kysely<Schema>, rows: readonly EventRow[]) {
  const contacts = new Map<KeyId, ReadonlyMap<string, number>>()
  for (const [keyId, ofKey] of Map.groupBy(rows, (row) => row.keyId)) {
    const addresses = [...new Set(ofKey.map(({ recipient }) => recipient))]
    contacts.set(keyId, await contactIdsOf(db, { keyId, addresses }))
  }
  return contacts
}

const failures: readonly EventKind[] = ['bounced', 'expired']

/** Deliveries whose failure put their address on the list. */
async function readSuppressed(db: Kysely<Schema>, rows: readonly EventRow[]): Promise<Set<number>> {
  const failed = rows.filter(({ kind }) => failures.includes(kind))
  const suppressed = new Set<number>()
  for (const [keyId, ofKey] of Map.groupBy(failed, (row) => row.keyId)) {
    const addresses = new Map(ofKey.map(({ recipient }) => [recipient, suppressionAddress(recipient)]))
    const found = await db
      .selectFrom('suppressions')
      .select('address')
      .where('key_id', '=', keyId)
      .where('address', 'in', [...new Set(addresses.values())])
      .where('reason', 'in', ['hard-bounce', 'soft-bounces'])
      .execute()
    const listed = new Set(found.map(({ address }) => address))
    for (const { deliveryId, recipient } of ofKey) {
      const address = addresses.get(recipient)
      if (deliveryId !== null && address !== undefined && listed.has(address)) suppressed.add(deliveryId)
    }
  }
  return suppressed
}

function suppressionAddress(recipient: string): string {
  const address = parseAddress(recipient)
  return address === undefined ? recipient : normaliseAddress(address)
}
