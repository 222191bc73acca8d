/** `/v3/REST/openinformation` and `/v3/REST/clickstatistics`: what people did, one by one (reference/statistics.md §10). */
import { crc32 } from 'node:zlib'
import type { CampaignId, DeliveryId } from '../../../../mail/ids.ts'
import { defineResource } from '../../define-resource.ts'
import type { FilterKind, Page, Query } from '../../resource.ts'
import { commonFilters } from '../message-conditions.ts'
import { withContactIds } from '../select-messages.ts'
import { selectVisits } from './select-visits.ts'
import { moment, startOf, todayUnless, whole, words } from './shape.ts'

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
  ...commonFilters,
  MessageID: 'integer',
  Message: 'integer',
  Contact: 'integer',
  ContactID: 'integer',
  EventFromTs: 'time',
  EventToTs: 'time',
} as const satisfies Record<string, FilterKind>

/** Of today, unless it is said which: then all of them, or those since a time. */
function selection(kind: 'open' | 'click', query: Query) {
  const { filters, id, now } = query
  const deliveryId = kind === 'open' ? id : undefined
  const isNamed = [
    id,
    filters.integer('MessageID'),
    filters.integer('Message'),
    filters.integer('CampaignID'),
    filters.text('CustomCampaign'),
  ].some((value) => value !== undefined)
  const from = filters.time('EventFromTs') ?? startOf(query)
  const to = filters.time('EventToTs') ?? filters.time('ToTS')
  let visits = selectVisits(query, {
    kinds: [kind],
    ...(isNamed ? from !== undefined && { from } : { from: todayUnless(from, now) }),
    ...(to !== undefined && { to }),
  })
  if (kind === 'click' && id !== undefined) visits = visits.where('visits.id', '=', id)
  if (deliveryId !== undefined) visits = visits.where('visits.delivery_id', '=', deliveryId as DeliveryId)
  return visits
}

function select(kind: 'open' | 'click') {
  return async (query: Query, page: Page): Promise<Row[]> => {
    const rows = await selection(kind, query)
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
