/** Deliveries as Mailjet's messages: one row for each recipient, with the filters that message resources share. */
import { sql } from 'kysely'
import { contactIdsOf } from '../../../contacts/contacts.ts'
import type { CampaignId, DeliveryId } from '../../../mail/ids.ts'
import type { Instant, Schema } from '../../../storage/schema.ts'
import { classesOfState, hardClasses, type Reading, statusWords } from '../reasons.ts'
import type { FilterKind, Page, Query } from '../resource.ts'

export type MessageRow = StoredMessage & {
  /** 0: the recipient is no contact. */
  contactId: number
}

type StoredMessage = Reading & {
  id: DeliveryId
  uuid: string
  recipient: string
  state: Schema['deliveries']['state']
  class: string | null
  attempts: number
  updatedAt: Instant
  acceptedAt: Instant
  campaignId: CampaignId | null
  sizeBytes: number
  subject: string
  customId: string | null
  /** JSON (storage/schema.ts). */
  options: string
}

export const messageFilters = {
  CampaignID: 'integer',
  Campaign: 'integer',
  CustomCampaign: 'text',
  ContactAlt: 'text',
  CustomID: 'text',
  From: 'text',
  FromDomain: 'text',
  FromTS: 'time',
  FromType: 'integer',
  MessageState: 'integer',
  MessageStatus: 'list',
  ToTS: 'time',
} as const satisfies Record<string, FilterKind>

/** ArrivedAt goes by id as well: ids are given in the order of arrival, and are indexed. */
export const messageSort = { ID: true, ArrivedAt: true } as const

export async function selectMessages(query: Query, page: Page): Promise<MessageRow[]> {
  const rows: StoredMessage[] = await filtered(query)
    .select([
      'deliveries.id',
      'deliveries.uuid',
      'deliveries.recipient',
      'deliveries.state',
      'deliveries.class',
      'deliveries.attempts',
      'deliveries.updated_at as updatedAt',
      'messages.accepted_at as acceptedAt',
      'messages.campaign_id as campaignId',
      'messages.size_bytes as sizeBytes',
      'messages.subject',
      'messages.custom_id as customId',
      'messages.options',
      'stat_deliveries.opened_at as openedAt',
      'stat_deliveries.clicked_at as clickedAt',
      'stat_deliveries.unsubscribed_at as unsubscribedAt',
      'stat_deliveries.complained_at as complainedAt',
    ])
    .orderBy('deliveries.id', page.sort[0]?.descending ? 'desc' : 'asc')
    .limit(page.limit)
    .offset(page.offset)
    .execute()
  return withContactIds(query, rows)
}

export async function withContactIds<Row extends { recipient: string }>(
  { db, keyId }: Pick<Query, 'db' | 'keyId'>,
  rows: readonly Row[],
): Promise<(Row & { contactId: number })[]> {
  const ids = await contactIdsOf(db, { keyId, addresses: rows.map(({ recipient }) => recipient) })
  return rows.map((row) => ({ ...row, contactId: ids.get(row.recipient) ?? 0 }))
}

export async function countMessages(query: Query): Promise<number> {
  const row = await filtered(query)
    .select(({ fn }) => fn.countAll<number | string | bigint>().as('count'))
    .executeTakeFirst()
  return Number(row?.count ?? 0)
}

function filtered({ db, keyId, filters, id }: Query) {
  const customId = filters.text('CustomID')
  // The plus keeps a database without statistics from walking all deliveries of the key, when the few messages with
  // this CustomID are known by an index of their own.
  const ownKey = customId === undefined ? sql.ref('deliveries.key_id') : sql`+${sql.ref('deliveries.key_id')}`
  let query = db
    .selectFrom('deliveries')
    .innerJoin('messages', 'messages.id', 'deliveries.message_id')
    .leftJoin('stat_deliveries', 'stat_deliveries.delivery_id', 'deliveries.id')
    .where(sql<boolean>`${ownKey} = ${keyId}`)
  if (id !== undefined) query = query.where('deliveries.id', '=', id as DeliveryId)

  if (customId !== undefined) {
    query = query.where('messages.key_id', '=', keyId).where('messages.custom_id', '=', customId)
  }
  const campaignId = filters.integer('CampaignID') ?? filters.integer('Campaign')
  if (campaignId !== undefined) query = query.where('messages.campaign_id', '=', campaignId as CampaignId)
  const campaign = filters.text('CustomCampaign')
  if (campaign !== undefined) {
    query = query.where(
      'messages.campaign_id',
      'in',
      db.selectFrom('campaigns').select('id').where('key_id', '=', keyId).where('name', '=', campaign),
    )
  }
  const contact = filters.text('ContactAlt')
  if (contact !== undefined) query = query.where('deliveries.recipient', '=', contact)
  const from = filters.text('From')
  if (from !== undefined) query = query.where('messages.from_address', '=', from)
  const domain = filters.text('FromDomain')
  if (domain !== undefined) {
    const pattern = `%@${domain.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}`
    query = query.where(sql<boolean>`${sql.ref('messages.from_address')} like ${pattern} escape '\\'`)
  }
  const fromTime = filters.time('FromTS')
  if (fromTime !== undefined) query = query.where('messages.accepted_at', '>=', fromTime)
  const toTime = filters.time('ToTS')
  if (toTime !== undefined) query = query.where('messages.accepted_at', '<=', toTime)
  const fromType = filters.integer('FromType')
  if (fromType === 1 || fromType === 2) {
    query = query.where('messages.lane', '=', fromType === 1 ? 'transactional' : 'bulk')
  }
  const stateId = filters.integer('MessageState')
  if (stateId !== undefined) query = query.where('deliveries.class', 'in', [...classesOfState(stateId), ''])
  const statuses = filters.list('MessageStatus')
  if (statuses !== undefined && statuses.length > 0) {
    query = query.where((where) =>
      where.or(
        statuses.map((status) => {
          switch (wordOf(status)) {
            case 'queued':
              return where('deliveries.state', 'in', ['queued', 'held'])
            case 'sent':
            case 'opened':
            case 'clicked':
            case 'unsub':
            case 'spam':
              return where.and([
                where('deliveries.state', '=', 'delivered'),
                ...readingConditions(wordOf(status)).map(([column, is]) => where(column, is, null)),
              ])
            case 'deferred':
              return where('deliveries.state', '=', 'deferred')
            case 'blocked':
              return where('deliveries.state', 'in', ['blocked', 'dropped'])
            case 'bounce':
              return where('deliveries.state', '=', 'failed')
            case 'hardbounced':
              return where.and([
                where('deliveries.state', '=', 'failed'),
                where('deliveries.class', 'in', [...hardClasses]),
              ])
            case 'softbounced':
              return where.and([
                where('deliveries.state', '=', 'failed'),
                where('deliveries.class', 'not in', [...hardClasses]),
              ])
            default:
              // No status of messages.
              return where('deliveries.id', '=', -1 as DeliveryId)
          }
        }),
      ),
    )
  }
  return query
}

const readings = [
  ['spam', 'stat_deliveries.complained_at'],
  ['unsub', 'stat_deliveries.unsubscribed_at'],
  ['clicked', 'stat_deliveries.clicked_at'],
  ['opened', 'stat_deliveries.opened_at'],
] as const

/** The most advanced of them counts (`statusOf`): that one is reached, and none before it. */
function readingConditions(word: string | undefined) {
  const found = readings.findIndex(([name]) => name === word)
  const end = found === -1 ? readings.length : found
  return [
    ...readings.slice(0, end).map(([, column]) => [column, 'is'] as const),
    ...readings.slice(end, end + 1).map(([, column]) => [column, 'is not'] as const),
  ]
}

/** Numbers and words are both in use (reference/statistics.md §1). */
function wordOf(status: string): string | undefined {
  return /^\d+$/.test(status) ? statusWords[Number(status)] : statusWords.find((word) => word === status)
}
