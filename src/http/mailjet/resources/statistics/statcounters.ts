/** `/v3/REST/statcounters`, the main call for statistics (reference/statistics.md §6). */
import { queuedOf, sliceOf } from '../../../../stats/metrics.ts'
import {
  type CounterRow,
  campaignsOf,
  listsOf,
  readCounters,
  readTotals,
  sendersOf,
} from '../../../../stats/read.ts'
import type { StatResolution } from '../../../../storage/tables/statistics.ts'
import { defineResource } from '../../define-resource.ts'
import { readTime } from '../../filters.ts'
import { formatTime, type Query } from '../../resource.ts'
import { badRequest } from '../../rest-errors.ts'
import { whole, words } from './shape.ts'

type Row = CounterRow & { apiKeyId: number; shownId: number; hasQueue: boolean }

const sources = { campaign: 'campaign', apikey: 'key', list: 'list', sender: 'sender' } as const
const timings = { message: 'message', event: 'event' } as const
const resolutions = {
  highest: 'five-minutes',
  hour: 'hour',
  day: 'day',
  lifetime: 'lifetime',
} as const satisfies Record<string, StatResolution>

function choose<T>(query: Query, name: string, choices: Readonly<Record<string, T>>, shown: string): T {
  const given = query.filters.text(name)
  const found = given === undefined ? undefined : choices[given.toLowerCase()]
  if (found === undefined) {
    throw badRequest(
      'Invalid filter',
      `${name} is ${given === undefined ? 'missing' : JSON.stringify(given.slice(0, 50))}; it must be one of ${shown}`,
    )
  }
  return found
}

async function read(query: Query, page?: { limit: number; offset: number }): Promise<Row[]> {
  const { db, keyId, filters, parts } = query
  const source = choose(query, 'CounterSource', sources, 'APIKey, Campaign, List, Sender')
  const timing = choose(query, 'CounterTiming', timings, 'Message, Event')
  const resolution = choose(query, 'CounterResolution', resolutions, 'Highest, Hour, Day, Lifetime')
  if (source === 'sender' && timing === 'event') {
    throw badRequest('Invalid filter', 'CounterSource Sender goes with CounterTiming Message only')
  }
  if (source === 'list' && (timing !== 'message' || resolution !== 'lifetime')) {
    throw badRequest(
      'Invalid filter',
      'CounterSource List goes with CounterTiming Message and CounterResolution Lifetime only',
    )
  }
  // Nobody knows what these choose by, so that the whole must not be taken for it.
  for (const name of ['CounterType', 'IdentityID']) {
    if (filters.text(name) !== undefined) throw badRequest('Invalid filter', `${name} is not kept here`)
  }
  const from = readMoment(query, 'FromTS')
  const to = readMoment(query, 'ToTS')
  if ((filters.integer('APIKeyID') ?? keyId) !== keyId) return []
  await parts.statistics.fresh()
  const sourceIds = source === 'key' ? [keyId] : await ownIds(query, source)
  const rows =
    resolution === 'lifetime'
      ? await readTotals(db, { source, timing, sourceIds: onPage(sourceIds, page) })
      : await readCounters(db, {
          ...{ source, sourceIds, timing, resolution },
          ...(from !== undefined && { from: sliceOf(from, resolution) }),
          ...(to !== undefined && { to }),
          ...page,
        })
  return rows.map((row) => ({
    ...row,
    apiKeyId: keyId,
    shownId: source === 'key' ? 0 : row.source_id,
    hasQueue: timing === 'message',
  }))
}

/** Counts of all time are no answer to a time that cannot be read. */
function readMoment({ filters }: Query, name: 'FromTS' | 'ToTS'): number | undefined {
  const given = filters.text(name)
  const at = readTime(given)
  if (given === undefined || at !== undefined) return at
  throw badRequest(
    'Invalid filter',
    `${name} is ${JSON.stringify(given.slice(0, 50))}; it must be in seconds since 1970, or like 2026-01-31T12:00:00Z`,
  )
}

function onPage<T>(all: readonly T[], page?: { limit: number; offset: number }): readonly T[] {
  return page === undefined ? all : all.slice(page.offset, page.offset + page.limit)
}

/** Others' are nobody's business: there is nothing to see. */
async function ownIds(
  { db, keyId, filters }: Query,
  source: 'campaign' | 'list' | 'sender',
): Promise<number[]> {
  const given = filters.list('SourceIDs')?.map(Number).filter(Number.isSafeInteger) ?? []
  const single =
    filters.integer('SourceID') ?? (source === 'campaign' ? filters.integer('CampaignID') : undefined)
  const ids = single === undefined ? given : [...given, single]
  if (ids.length === 0) {
    throw badRequest('Invalid filter', 'SourceID is missing; only CounterSource APIKey goes without')
  }
  const reader = { campaign: campaignsOf, list: listsOf, sender: sendersOf }[source]
  const own = await reader(db, keyId, { ids: ids.slice(0, 1_000) })
  return own.map(({ id }) => id)
}

export const statcounters = defineResource<Row>({
  name: 'statcounters',
  description: 'Counts of messages and events, altogether or over time.',
  properties: [
    whole('APIKeyID', 'API key concerned.', (row) => row.apiKeyId),
    whole('EventClickDelay', 'Seconds between open and first click, summed.', (row) => row.click_delay),
    whole('EventClickedCount', 'Clicks.', (row) => row.clicks),
    whole('EventOpenDelay', 'Seconds between sending and first open, summed.', (row) => row.open_delay),
    whole('EventOpenedCount', 'Opens.', (row) => row.opens),
    whole('EventSpamCount', 'Complaints.', (row) => row.complaints),
    whole('EventUnsubscribedCount', 'Unsubscriptions.', (row) => row.unsubscriptions),
    whole('EventWorkflowExitedCount', 'Workflows left.', () => 0),
    whole('MessageBlockedCount', 'Messages blocked.', (row) => row.blocked),
    whole('MessageClickedCount', 'Messages with a click.', (row) => row.clicked),
    whole('MessageDeferredCount', 'Messages put off.', (row) => row.deferred),
    whole('MessageHardBouncedCount', 'Messages bounced for good.', (row) => row.hard_bounced),
    whole('MessageOpenedCount', 'Messages opened.', (row) => row.opened),
    whole('MessageQueuedCount', 'Messages that wait.', (row) => (row.hasQueue ? queuedOf(row) : 0)),
    whole('MessageSentCount', 'Messages taken by their hosts.', (row) => row.sent),
    whole('MessageSoftBouncedCount', 'Messages bounced for now.', (row) => row.soft_bounced),
    whole('MessageSpamCount', 'Messages complained about.', (row) => row.complained),
    whole('MessageUnsubscribedCount', 'Messages whose reader unsubscribed.', (row) => row.unsubscribed),
    whole('MessageWorkFlowExitedCount', 'Messages that left a workflow.', () => 0),
    whole('SourceID', 'What is counted; 0 for the API key.', (row) => row.shownId),
    words('Timeslice', 'Begin of the time slice; empty for all time.', (row) =>
      row.slice === 0 ? '' : formatTime(row.slice),
    ),
    whole('Total', 'All messages.', (row) => {
      const settled = row.sent + row.blocked + row.soft_bounced + row.hard_bounced + row.deferred
      return row.hasQueue ? settled + queuedOf(row) : settled
    }),
  ],
  filters: {
    CounterSource: 'text',
    CounterTiming: 'text',
    CounterResolution: 'text',
    SourceID: 'integer',
    SourceIDs: 'list',
    CampaignID: 'integer',
    APIKeyID: 'integer',
    CounterType: 'text',
    IdentityID: 'text',
    FromTS: 'text',
    ToTS: 'text',
  },
  sort: { Timeslice: false, ID: false },
  unknownId: 'empty',
  select: (query, { limit, offset }) => read(query, { limit, offset }),
  count: async (query) => (await read(query)).length,
})
