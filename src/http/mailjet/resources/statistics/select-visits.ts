/** What people did, with the filters that all resources made of it share; machines are counted apart, and are not shown. */
import { sql } from 'kysely'
import type { DeliveryId } from '../../../../mail/ids.ts'
import type { Instant } from '../../../../storage/schema.ts'
import type { Query } from '../../resource.ts'
import { commonConditions } from '../message-conditions.ts'

/** Messages, deliveries and their counts are beside each visit, as long as they are kept. */
export function selectVisits(
  query: Query,
  { kinds, from, to }: { kinds: readonly ('open' | 'click')[]; from?: Instant; to?: Instant },
) {
  const { db, keyId, filters } = query
  let visits = db
    .selectFrom('visits')
    .leftJoin('messages', 'messages.id', 'visits.message_id')
    .leftJoin('deliveries', 'deliveries.id', 'visits.delivery_id')
    .leftJoin('stat_deliveries', 'stat_deliveries.delivery_id', 'visits.delivery_id')
    .where('visits.key_id', '=', keyId)
    .where('visits.kind', 'in', [...kinds])
    .where('visits.machine', 'is', null)
  const deliveryId = filters.integer('MessageID') ?? filters.integer('Message')
  if (deliveryId !== undefined) visits = visits.where('visits.delivery_id', '=', deliveryId as DeliveryId)
  if (from !== undefined) visits = visits.where('visits.at', '>=', from)
  if (to !== undefined) visits = visits.where('visits.at', '<=', to)
  for (const condition of commonConditions(query, sql<number | null>`visits.campaign_id`)) {
    visits = visits.where(condition)
  }
  return visits
}
