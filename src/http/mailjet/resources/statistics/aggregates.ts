/** Totals of the key and of its senders (reference/statistics.md §9). */
import type { SenderId } from '../../../../mail/ids.ts'
import {
  countSenderStatistics,
  type SenderStatistics,
  type SenderStatisticsFilters,
  senderStatistics,
} from '../../../../stats/of-senders.ts'
import { type CounterRow, readTotal } from '../../../../stats/read.ts'
import { type AnyResource, defineResource } from '../../define-resource.ts'
import type { Page, Query } from '../../resource.ts'
import { countFilters, readCountFilters, sortBy } from './count-filters.ts'
import { countProperties, whole } from './shape.ts'

type Total = { counts: CounterRow }

async function totalOfKey({ db, keyId, parts }: Query): Promise<Total[]> {
  await parts.statistics.fresh()
  return [{ counts: await readTotal(db, { source: 'key', sourceId: keyId }) }]
}

function whichSenders(query: Query): SenderStatisticsFilters {
  const { keyId, filters, uniqueKey } = query
  const id = query.id ?? filters.integer('SenderID') ?? filters.integer('Sender')
  const email = (uniqueKey?.[0] ?? filters.text('Email'))?.toLowerCase()
  const domain = filters.text('domain')?.toLowerCase()
  return {
    keyId,
    ...readCountFilters(query),
    ...(id !== undefined && { id: id as SenderId }),
    ...(email !== undefined && { email }),
    ...(domain !== undefined && { domain }),
  }
}

async function ofSenders(query: Query, page: Page): Promise<SenderStatistics[]> {
  await query.parts.statistics.fresh()
  const sort = sortBy(page, { ProcessedCount: 'processed' } as const, 'id')
  return senderStatistics(query.db, whichSenders(query), { ...page, sort })
}

const total = countProperties<Total>()
const sender = countProperties<SenderStatistics>()

export const aggregates: readonly AnyResource[] = [
  defineResource<Total>({
    name: 'apikeytotals',
    description: 'Totals of the API key.',
    properties: [
      total.blocked,
      total.bounced,
      total.clicked,
      total.deferred,
      total.delivered,
      total.hard,
      whole('LastActivity', 'Latest event, Unix time.', ({ counts }) =>
        Math.floor((counts.last_at ?? 0) / 1000),
      ),
      total.opened,
      total.preQueued,
      total.processed,
      total.soft,
      whole('SpamcomplaintCount', 'Messages complained about.', ({ counts }) => counts.complained),
      total.unsubscribed,
      total.workflow,
    ],
    filters: {},
    sort: { ID: false },
    unknownId: 'empty',
    select: async (query, { offset }) => (offset > 0 ? [] : totalOfKey(query)),
    count: async () => 1,
  }),
  defineResource<SenderStatistics>({
    name: 'senderstatistics',
    description: 'Totals of senders.',
    uniqueKey: ['Email'],
    properties: [
      sender.blocked,
      sender.bounced,
      sender.clicked,
      sender.deferred,
      sender.delivered,
      sender.hard,
      sender.lastActivity,
      sender.opened,
      sender.preQueued,
      sender.processed,
      sender.queued,
      whole('SenderID', 'Sender concerned.', (row) => row.id),
      sender.soft,
      sender.spam,
      sender.unsubscribed,
      sender.workflow,
    ],
    filters: { ...countFilters, domain: 'text', Email: 'text', Sender: 'integer', SenderID: 'integer' },
    sort: { SenderID: false, ID: false, ProcessedCount: true },
    unknownId: 'not-found',
    select: ofSenders,
    count: (query) => countSenderStatistics(query.db, whichSenders(query)),
  }),
]
