/** Campaigns of a key with what stands elsewhere of them: in the mailing that one was, and in its first message. */
import { sql } from 'kysely'
import type { MessageOptions } from '../../../../intake/submission.ts'
import type { CampaignId, MailingId } from '../../../../mail/ids.ts'
import {
  type CountFilters,
  type CountOf,
  countConditions,
  settledNumber,
} from '../../../../stats/count-filters.ts'
import { isOfSender, sendersOfAuthors } from '../../../../stats/sender-of.ts'
import type { Instant } from '../../../../storage/schema.ts'
import type { Query } from '../../resource.ts'

export type CampaignFilters = {
  id?: number
  name?: string
  /** Of the campaign itself. */
  createdFrom?: Instant
  createdTo?: Instant
  isDeleted?: boolean
  isStarred?: boolean
  /** Sent to a list, or else mail with a name. */
  isMailing?: boolean
  mailingId?: number
  listId?: number
  segmentId?: number
  subject?: string
  fromAddress?: string
  fromDomain?: string
  senderId?: number
  /** By what became of its mail. */
  counts?: CountFilters
}

export type CampaignRow = {
  id: CampaignId
  name: string
  createdAt: Instant
  isStarred: boolean
  isDeleted: boolean
  mailingId: MailingId | null
  listId: number | null
  listName: string
  segmentId: number | null
  segmentName: string
  senderName: string
  hasHtml: boolean
  hasText: boolean
  /** With its placeholders. */
  subject: string
  fromAddress: string
  /** 0: none that this key has now. */
  fromId: number
  /** Mailjet's messages are our deliveries. */
  firstMessageId: number
  startAt: Instant | null
  endAt: Instant | null
  options: MessageOptions
}

/** The number of the first or the last message: each found by an index, however many messages a campaign has. */
const edge = (which: 'min' | 'max') =>
  sql<number>`(SELECT ${sql.raw(which)}(id) FROM messages WHERE campaign_id = campaigns.id)`

// A mailing is kept longer than its message, and its star is one and the same.
const subjectOf = sql<string | null>`coalesce(mailings.subject, first.subject)`
const fromAddressOf = sql<string>`coalesce(mailings.sender_email, first.from_address)`
const starOf = sql<0 | 1>`coalesce(mailings.is_starred, campaigns.is_starred)`

const count: CountOf = (name) => sql`coalesce(${sql.ref(`n.${name}`)}, 0)`

function filtered({ db, keyId }: Query, filters: CampaignFilters) {
  let selection = db
    .selectFrom('campaigns')
    .leftJoin('mailings', 'mailings.id', 'campaigns.mailing_id')
    .leftJoin('messages as first', (join) => join.on(sql`first.id`, '=', edge('min')))
    .leftJoin('stat_counters as n', (join) =>
      join
        .onRef('n.source_id', '=', 'campaigns.id')
        .on('n.source', '=', 'campaign')
        .on('n.timing', '=', 'message')
        .on('n.resolution', '=', 'lifetime')
        .on('n.slice', '=', 0),
    )
    .where('campaigns.key_id', '=', keyId)
  const { id, name, createdFrom, createdTo, isDeleted, isStarred, isMailing } = filters
  if (id !== undefined) selection = selection.where('campaigns.id', '=', id as CampaignId)
  if (name !== undefined) selection = selection.where('campaigns.name', '=', name)
  if (createdFrom !== undefined) selection = selection.where('campaigns.created_at', '>=', createdFrom)
  if (createdTo !== undefined) selection = selection.where('campaigns.created_at', '<=', createdTo)
  if (isDeleted !== undefined) {
    selection = selection.where('campaigns.deleted_at', isDeleted ? 'is not' : 'is', null)
  }
  if (isStarred !== undefined) selection = selection.where(starOf, '=', isStarred ? 1 : 0)
  if (isMailing !== undefined) {
    selection = selection.where('campaigns.mailing_id', isMailing ? 'is not' : 'is', null)
  }
  const { mailingId, listId, segmentId, subject, fromAddress, fromDomain, senderId } = filters
  if (mailingId !== undefined) {
    selection = selection.where('campaigns.mailing_id', '=', mailingId as MailingId)
  }
  if (listId !== undefined) selection = selection.where(sql<boolean>`mailings.list_id = ${listId}`)
  if (segmentId !== undefined) selection = selection.where(sql<boolean>`mailings.segment_id = ${segmentId}`)
  if (subject !== undefined) selection = selection.where(subjectOf, '=', subject)
  if (fromAddress !== undefined) {
    selection = selection.where(sql<boolean>`lower(${fromAddressOf}) = lower(${fromAddress})`)
  }
  if (senderId !== undefined) {
    selection = selection.where(isOfSender(fromAddressOf, { keyId, senderId }))
  }
  if (fromDomain !== undefined) {
    const pattern = `%@${fromDomain.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}`
    selection = selection.where(sql<boolean>`${fromAddressOf} LIKE ${pattern} ESCAPE '\\'`)
  }
  const { counts = {} } = filters
  if (counts.activeFrom !== undefined) selection = selection.where('n.last_at', '>=', counts.activeFrom)
  if (counts.activeTo !== undefined) selection = selection.where('n.last_at', '<=', counts.activeTo)
  const isQueued = sql<boolean>`coalesce(n.processed, 0) > ${settledNumber(count)}`
  for (const condition of countConditions(counts, { count, isQueued })) selection = selection.where(condition)
  return selection
}

export async function countCampaigns(query: Query, filters: CampaignFilters): Promise<number> {
  const { count } = await filtered(query, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** By number, or by something else before that. */
export async function selectCampaigns(
  query: Query,
  filters: CampaignFilters,
  {
    limit,
    offset,
    newestFirst = false,
    sortBy = 'id',
  }: { limit: number; offset: number; newestFirst?: boolean; sortBy?: 'id' | 'mailing' | 'processed' },
): Promise<CampaignRow[]> {
  const direction = newestFirst ? 'desc' : 'asc'
  let campaigns = filtered(query, filters)
  if (sortBy === 'processed') campaigns = campaigns.orderBy(sql`coalesce(n.processed, 0)`, direction)
  if (sortBy === 'mailing') campaigns = campaigns.orderBy(sql`coalesce(campaigns.mailing_id, 0)`, direction)
  const rows = await campaigns
    .leftJoin('messages as last', (join) => join.on(sql`last.id`, '=', edge('max')))
    .leftJoin('mailing_contents', 'mailing_contents.mailing_id', 'campaigns.mailing_id')
    .leftJoin('contact_lists', 'contact_lists.id', 'mailings.list_id')
    .leftJoin('segments', 'segments.id', 'mailings.segment_id')
    .select(({ eb }) => [
      'campaigns.id',
      'campaigns.name',
      'campaigns.created_at as createdAt',
      starOf.as('isStarred'),
      'campaigns.deleted_at as deletedAt',
      'campaigns.mailing_id as mailingId',
      'mailings.list_id as listId',
      'contact_lists.name as listName',
      'mailings.segment_id as segmentId',
      'segments.name as segmentName',
      'mailings.sender_name as senderName',
      'mailings.first_delivery_id as firstDeliveryId',
      'mailings.started_at as startedAt',
      'mailings.ended_at as endedAt',
      'mailings.id as keptMailingId',
      subjectOf.as('subject'),
      fromAddressOf.as('fromAddress'),
      'first.id as firstId',
      'first.accepted_at as firstAt',
      'first.options',
      'last.accepted_at as lastAt',
      eb('mailing_contents.html', 'is not', null).as('hasHtml'),
      eb('mailing_contents.text', 'is not', null).as('hasText'),
    ])
    .orderBy('campaigns.id', direction)
    .limit(limit)
    .offset(offset)
    .execute()
  const senders = await sendersOfAuthors(query.db, {
    keyId: query.keyId,
    addresses: rows.flatMap(({ fromAddress }) => fromAddress ?? []),
  })
  const deliveries = await firstDeliveries(
    query,
    rows.flatMap(({ firstId, firstDeliveryId }) => (firstDeliveryId === null ? (firstId ?? []) : [])),
  )
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    createdAt: row.createdAt,
    isStarred: row.isStarred === 1,
    isDeleted: row.deletedAt !== null,
    mailingId: row.mailingId,
    listId: row.listId,
    listName: row.listName ?? '',
    segmentId: row.segmentId,
    segmentName: row.segmentName ?? '',
    senderName: row.senderName ?? '',
    hasHtml: Boolean(row.hasHtml),
    hasText: Boolean(row.hasText),
    subject: row.subject ?? '',
    fromAddress: row.fromAddress ?? '',
    fromId: senders.get(row.fromAddress ?? '') ?? 0,
    firstMessageId: row.firstDeliveryId ?? deliveries.get(row.firstId ?? 0) ?? 0,
    startAt: row.startedAt ?? row.firstAt,
    // A mailing that was deleted is gone after a while.
    endAt: row.keptMailingId === null ? row.lastAt : row.endedAt,
    options: row.options === null ? {} : (JSON.parse(row.options) as MessageOptions),
  }))
}

async function firstDeliveries({ db }: Query, messageIds: readonly number[]): Promise<Map<number, number>> {
  if (messageIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('deliveries')
    .select(({ fn }) => ['message_id as messageId', fn.min<number>('id').as('id')])
    .where(sql<boolean>`message_id IN (${sql.join(messageIds)})`)
    .groupBy('message_id')
    .execute()
  return new Map(rows.map(({ messageId, id }) => [messageId, Number(id)]))
}
