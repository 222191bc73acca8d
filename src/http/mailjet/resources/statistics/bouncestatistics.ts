/** `/v3/REST/bouncestatistics` (reference/statistics.md §10). */
import { knownAmong } from '../../../../contacts/suppressions.ts'
import { normaliseAddress, parseAddress } from '../../../../mail/address.ts'
import type { CampaignId, DeliveryId } from '../../../../mail/ids.ts'
import { replyClasses } from '../../../../mail/reply-classes.ts'
import { defineResource } from '../../define-resource.ts'
import { isHardBounce, reasonOf } from '../../reasons.ts'
import type { Page, Query } from '../../resource.ts'
import { commonConditions, commonFilters } from '../message-conditions.ts'
import { withContactIds } from '../select-messages.ts'
import { moment, startOf, todayUnless, whole, yes } from './shape.ts'

type Row = {
  id: DeliveryId
  at: number
  class: string | null
  campaignId: CampaignId | null
  recipient: string
  contactId: number
  isBlocked: boolean
}

/**
 * Of messages that a host put off it is the latest refusal, for as long as they wait; what we put off ourselves, no host
 * has refused.
 */
function selection(query: Query) {
  const { db, keyId, filters, id, now } = query
  let bounces = db
    .selectFrom('stat_deliveries')
    .innerJoin('deliveries', 'deliveries.id', 'stat_deliveries.delivery_id')
    .innerJoin('messages', 'messages.id', 'deliveries.message_id')
    .where('stat_deliveries.key_id', '=', keyId)
    .where('stat_deliveries.counted_as', 'in', ['hard_bounced', 'soft_bounced', 'deferred'])
    .where((where) =>
      where.or([
        where('stat_deliveries.counted_as', '!=', 'deferred'),
        where.and([
          where('deliveries.state', '=', 'deferred'),
          where('deliveries.class', 'in', replyClasses),
        ]),
      ]),
    )
  for (const condition of commonConditions(query)) bounces = bounces.where(condition)
  const to = filters.time('EventToTs') ?? filters.time('ToTS')
  if (to !== undefined) bounces = bounces.where('deliveries.updated_at', '<=', to)
  if (id !== undefined) return bounces.where('deliveries.id', '=', id as DeliveryId)
  const isNamed = filters.integer('CampaignID') !== undefined || filters.text('CustomCampaign') !== undefined
  const from = filters.time('EventFromTs') ?? startOf(query)
  if (isNamed && from === undefined) return bounces
  return bounces.where('deliveries.updated_at', '>=', todayUnless(from, now))
}

async function select(query: Query, page: Page): Promise<Row[]> {
  await query.parts.statistics.fresh()
  const { db, keyId } = query
  const bounces = await selection(query)
    .select([
      'deliveries.id',
      'deliveries.updated_at as at',
      'deliveries.class',
      'deliveries.recipient',
      'messages.campaign_id as campaignId',
    ])
    .orderBy('stat_deliveries.delivery_id', page.sort[0]?.descending ? 'desc' : 'asc')
    .limit(page.limit)
    .offset(page.offset)
    .execute()
  const rows = await withContactIds(query, bounces)
  const entryOf = ({ recipient }: { recipient: string }) => {
    const address = parseAddress(recipient)
    return `${keyId} ${address === undefined ? recipient : normaliseAddress(address)}`
  }
  const suppressed = await knownAmong(db, rows.map(entryOf))
  return rows.map((row) => {
    const reason = suppressed.get(entryOf(row))
    return { ...row, isBlocked: reason === 'hard-bounce' || reason === 'soft-bounces' }
  })
}

export const bounceStatistics = defineResource<Row>({
  name: 'bouncestatistics',
  description: 'Messages that bounced.',
  properties: [
    moment('BouncedAt', 'When it bounced.', (row) => row.at),
    whole('CampaignID', 'Campaign concerned; 0 for none.', (row) => row.campaignId ?? 0),
    whole('ContactID', 'Contact concerned; 0 for none.', (row) => row.contactId),
    whole('ID', 'Message concerned.', (row) => row.id),
    yes('IsBlocked', 'The address is not sent to any more because of it.', (row) => row.isBlocked),
    yes('IsStatePermanent', 'It bounced for good.', (row) => isHardBounce(row.class)),
    whole('StateID', 'Reason.', (row) => reasonOf(row.class)?.stateId ?? 0),
  ],
  filters: { ...commonFilters, EventFromTs: 'time', EventToTs: 'time' },
  sort: { ID: true },
  unknownId: 'empty',
  select,
  async count(query) {
    const row = await selection(query)
      .select(({ fn }) => fn.countAll<number | string | bigint>().as('count'))
      .executeTakeFirst()
    return Number(row?.count ?? 0)
  },
})
