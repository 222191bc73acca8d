/** Totals of the key and of its senders (reference/statistics.md §9). */
import {
  type CounterRow,
  countSenders,
  readTotal,
  readTotals,
  sendersOf,
  type Which,
} from '../../../../stats/read.ts'
import { type AnyResource, defineResource } from '../../define-resource.ts'
import type { Page, Query } from '../../resource.ts'
import { countProperties, whole } from './shape.ts'

type Total = { counts: CounterRow }
type OfSender = Total & { id: number }

async function totalOfKey({ db, keyId, parts }: Query): Promise<Total[]> {
  await parts.statistics.fresh()
  return [{ counts: await readTotal(db, { source: 'key', sourceId: keyId }) }]
}

function whichSenders({ id, uniqueKey, filters }: Query): Which {
  const name = (uniqueKey?.[0] ?? filters.text('Email'))?.toLowerCase()
  return { ...(id !== undefined && { ids: [id] }), ...(name !== undefined && { name }) }
}

async function ofSenders(query: Query, { limit, offset }: Page): Promise<OfSender[]> {
  await query.parts.statistics.fresh()
  const senders = await sendersOf(query.db, query.keyId, { ...whichSenders(query), limit, offset })
  const counts = await readTotals(query.db, { source: 'sender', sourceIds: senders.map(({ id }) => id) })
  return senders.flatMap(({ id }, place) => {
    const own = counts[place]
    return own === undefined ? [] : [{ id, counts: own }]
  })
}

const total = countProperties<Total>()
const sender = countProperties<OfSender>()

const one = {
  sort: { ID: false },
  unknownId: 'empty',
  select: async (query: Query, { offset }: Page) => (offset > 0 ? [] : totalOfKey(query)),
  count: async () => 1,
} as const

function share(part: number, all: number): number {
  return all === 0 ? 0 : part / all
}

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
    ...one,
  }),
  defineResource<Total>({
    name: 'messagestatistics',
    description: 'Averages and totals of the API key.',
    properties: [
      {
        name: 'AverageClickDelay',
        type: 'number',
        description: 'Seconds between open and first click.',
        value: ({ counts }) => share(counts.click_delay, counts.clicked),
      },
      {
        name: 'AverageClickedCount',
        type: 'number',
        description: 'Clicks of a clicked message.',
        value: ({ counts }) => share(counts.clicks, counts.clicked),
      },
      {
        name: 'AverageOpenDelay',
        type: 'number',
        description: 'Seconds between sending and first open.',
        value: ({ counts }) => share(counts.open_delay, counts.opened),
      },
      {
        name: 'AverageOpenedCount',
        type: 'number',
        description: 'Opens of an opened message.',
        value: ({ counts }) => share(counts.opens, counts.opened),
      },
      total.blocked,
      total.bounced,
      total.clicked,
      total.deferred,
      total.delivered,
      total.hard,
      total.opened,
      total.processed,
      total.queued,
      total.soft,
      total.spam,
      whole('TotalClicksCount', 'Clicks.', ({ counts }) => counts.clicks),
      whole('TotalOpensCount', 'Opens.', ({ counts }) => counts.opens),
      total.unsubscribed,
    ],
    filters: {},
    ...one,
  }),
  defineResource<Total>({
    name: 'openstatistics',
    description: 'Opens of the API key.',
    properties: [
      total.opened,
      whole(
        'OpenedDelay',
        'Seconds between sending and first open, summed.',
        ({ counts }) => counts.open_delay,
      ),
      total.processed,
    ],
    filters: {},
    ...one,
  }),
  defineResource<OfSender>({
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
    filters: { Email: 'text' },
    sort: { SenderID: false },
    unknownId: 'not-found',
    select: ofSenders,
    count: (query) => countSenders(query.db, query.keyId, whichSenders(query)),
  }),
]
