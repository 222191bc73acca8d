/** Deliveries as Mailjet's messages: one row for each recipient, with the filters that message resources share. */
import { sql } from 'kysely'
import { contactIdsOf } from '../../../contacts/contacts.ts'
import type { CampaignId, DeliveryId } from '../../../mail/ids.ts'
import type { Instant, Schema } from '../../../storage/schema.ts'
import type { Reading } from '../reasons.ts'
import type { Page, Query } from '../resource.ts'
import { type Condition, commonConditions } from './message-conditions.ts'
import { startOf } from './statistics/shape.ts'

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
  fromAddress: string
  customId: string | null
  /** JSON (storage/schema.ts). */
  options: string
}

/** ArrivedAt goes by id as well: ids are given in the order of arrival, and are indexed. */
export const messageSort = { ID: true, ArrivedAt: true } as const

/** `more`: conditions beside those that all message resources share. */
export async function selectMessages(
  query: Query,
  page: Page,
  more: readonly Condition[] = [],
): Promise<MessageRow[]> {
  const rows: StoredMessage[] = await filtered(query, more)
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
      'messages.from_address as fromAddress',
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

export async function countMessages(query: Query, more: readonly Condition[] = []): Promise<number> {
  const row = await filtered(query, more)
    .select(({ fn }) => fn.countAll<number | string | bigint>().as('count'))
    .executeTakeFirst()
  return Number(row?.count ?? 0)
}

function filtered(query: Query, more: readonly Condition[]) {
  const { db, keyId, filters, id } = query
  const customId = filters.text('CustomID')
  // The plus keeps a database without statistics from walking all deliveries of the key, when the few messages with
  // this CustomID are known by an index of their own.
  const ownKey = customId === undefined ? sql.ref('deliveries.key_id') : sql`+${sql.ref('deliveries.key_id')}`
  let selection = db
    .selectFrom('deliveries')
    .innerJoin('messages', 'messages.id', 'deliveries.message_id')
    .leftJoin('stat_deliveries', 'stat_deliveries.delivery_id', 'deliveries.id')
    .where(sql<boolean>`${ownKey} = ${keyId}`)
  if (id !== undefined) selection = selection.where('deliveries.id', '=', id as DeliveryId)

  if (customId !== undefined) {
    selection = selection.where('messages.key_id', '=', keyId).where('messages.custom_id', '=', customId)
  }
  const fromTime = startOf(query)
  if (fromTime !== undefined) selection = selection.where('messages.accepted_at', '>=', fromTime)
  const toTime = filters.time('ToTS')
  if (toTime !== undefined) selection = selection.where('messages.accepted_at', '<=', toTime)
  for (const condition of [...commonConditions(query), ...more]) selection = selection.where(condition)
  return selection
}
