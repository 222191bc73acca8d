/** `/v3/REST/openinformation` and `/v3/REST/clickstatistics`: what people did, one by one (reference/statistics.md §10). */
import { crc32 } from 'node:zlib'
import type { CampaignId, DeliveryId } from '../../../../mail/ids.ts'
import { defineResource } from '../../define-resource.ts'
import type { FilterKind, Page, Query } from '../../resource.ts'
import { withContactIds } from '../select-messages.ts'
import { moment, todayUnless, whole, words } from './shape.ts'

type Row = {
  id: number
  deliveryId: DeliveryId
  campaignId: CampaignId | null
  at: number
  url: string
  agent: string
  acceptedAt: number | null
  openedAt: number | null
  contactId: number
}

const filters = {
  CampaignID: 'integer',
  MessageID: 'integer',
  Message: 'integer',
  FromTS: 'time',
  ToTS: 'time',
  EventFromTs: 'time',
  EventToTs: 'time',
} as const satisfies Record<string, FilterKind>

/** Machines are counted apart, and are not shown. */
function selection(kind: 'open' | 'click', { db, keyId, filters, id, now }: Query) {
  const deliveryId = (filters.integer('MessageID') ??
    filters.integer('Message') ??
    (kind === 'open' ? id : undefined)) as DeliveryId | undefined
  const campaignId = filters.integer('CampaignID')
  let query = db
    .selectFrom('visits')
    .where('visits.key_id', '=', keyId)
    .where('visits.kind', '=', kind)
    .where('visits.machine', 'is', null)
  if (kind === 'click' && id !== undefined) query = query.where('visits.id', '=', id)
  if (deliveryId !== undefined) query = query.where('visits.delivery_id', '=', deliveryId)
  if (campaignId !== undefined) query = query.where('visits.campaign_id', '=', campaignId as CampaignId)
  const from = filters.time('EventFromTs') ?? filters.time('FromTS')
  const to = filters.time('EventToTs') ?? filters.time('ToTS')
  if (to !== undefined) query = query.where('visits.at', '<=', to)
  if (id !== undefined || deliveryId !== undefined || campaignId !== undefined) {
    return from === undefined ? query : query.where('visits.at', '>=', from)
  }
  return query.where('visits.at', '>=', todayUnless(from, now))
}

function select(kind: 'open' | 'click') {
  return async (query: Query, page: Page): Promise<Row[]> => {
    const rows = await selection(kind, query)
      .leftJoin('messages', 'messages.id', 'visits.message_id')
      .leftJoin('deliveries', 'deliveries.id', 'visits.delivery_id')
      .leftJoin('stat_deliveries', 'stat_deliveries.delivery_id', 'visits.delivery_id')
      .select([
        'visits.id',
        'visits.delivery_id as deliveryId',
        'visits.campaign_id as campaignId',
        'visits.at',
        'visits.url',
        'visits.agent',
        'deliveries.recipient',
        'messages.accepted_at as acceptedAt',
        'stat_deliveries.opened_at as openedAt',
      ])
      .orderBy('visits.at', page.sort[0]?.descending ? 'desc' : 'asc')
      .orderBy('visits.id', page.sort[0]?.descending ? 'desc' : 'asc')
      .limit(page.limit)
      .offset(page.offset)
      .execute()
    return withContactIds(
      query,
      // The delivery may be forgotten.
      rows.map((row) => ({ ...row, recipient: row.recipient ?? '' })),
    )
  }
}

function count(kind: 'open' | 'click') {
  return async (query: Query): Promise<number> => {
    const row = await selection(kind, query)
      .select(({ fn }) => fn.countAll<number | string | bigint>().as('count'))
      .executeTakeFirst()
    return Number(row?.count ?? 0)
  }
}

/** The same for the same agent, everywhere. */
const agentId = whole<Row>('UserAgentID', 'User agent; 0 when it is not known.', ({ agent }) =>
  agent === '' ? 0 : crc32(agent),
)
const contactId = whole<Row>('ContactID', 'Contact concerned; 0 for none.', (row) => row.contactId)

export const openInformation = defineResource<Row>({
  name: 'openinformation',
  description: 'Opens.',
  properties: [
    moment('ArrivedAt', 'When the message was accepted.', (row) => row.acceptedAt),
    whole('CampaignID', 'Campaign concerned; 0 for none.', (row) => row.campaignId ?? 0),
    contactId,
    whole('ID', 'Of the open.', (row) => row.id),
    whole('MessageID', 'Message concerned.', (row) => row.deliveryId),
    moment('OpenedAt', 'When it was opened.', (row) => row.at),
    words('UserAgentFull', 'User agent.', (row) => row.agent),
    agentId,
  ],
  filters,
  sort: { ID: true },
  unknownId: 'empty',
  select: select('open'),
  count: count('open'),
})

export const clickStatistics = defineResource<Row>({
  name: 'clickstatistics',
  description: 'Clicks.',
  absentActions: ['export'],
  properties: [
    moment('ClickedAt', 'When the link was followed.', (row) => row.at),
    whole('ClickedDelay', 'Seconds since the message was opened, or else accepted.', (row) => {
      const since = row.openedAt !== null && row.openedAt <= row.at ? row.openedAt : row.acceptedAt
      return since === null ? 0 : Math.max(0, Math.round((row.at - since) / 1000))
    }),
    contactId,
    whole('ID', 'Of the click.', (row) => row.id),
    whole('MessageID', 'Message concerned.', (row) => row.deliveryId),
    words('Url', 'Where the link leads.', (row) => row.url),
    agentId,
  ],
  filters,
  sort: { ID: true },
  unknownId: 'empty',
  select: select('click'),
  count: count('click'),
})
