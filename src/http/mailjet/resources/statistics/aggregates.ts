/** Totals of the key, its senders and its campaigns (reference/statistics.md §9). */
import { type AboutCampaign, aboutCampaigns } from '../../../../campaigns/about-campaigns.ts'
import {
  type CounterRow,
  campaignsOf,
  countCampaigns,
  countSenders,
  readTotal,
  readTotals,
  sendersOf,
  type Which,
} from '../../../../stats/read.ts'
import { type AnyResource, defineResource } from '../../define-resource.ts'
import type { Page, Query } from '../../resource.ts'
import { countProperties, moment, whole, words, yes } from './shape.ts'

type Total = { counts: CounterRow }
type OfSender = Total & { id: number }
type OfCampaign = Total & { id: number; name: string; createdAt: number } & {
  about: AboutCampaign | undefined
}

async function totalOfKey({ db, keyId, parts }: Query): Promise<Total[]> {
  await parts.statistics.fresh()
  return [{ counts: await readTotal(db, { source: 'key', sourceId: keyId }) }]
}

async function totalsOf<Row extends { id: number }>(
  { db }: Query,
  source: 'sender' | 'campaign',
  rows: readonly Row[],
): Promise<(Row & Total)[]> {
  const counts = await readTotals(db, { source, sourceIds: rows.map(({ id }) => id) })
  return rows.flatMap((row, i) => {
    const own = counts[i]
    return own === undefined ? [] : [{ ...row, counts: own }]
  })
}

function whichSenders({ id, uniqueKey, filters }: Query): Which {
  const name = (uniqueKey?.[0] ?? filters.text('Email'))?.toLowerCase()
  return { ...(id !== undefined && { ids: [id] }), ...(name !== undefined && { name }) }
}

async function ofSenders(query: Query, { limit, offset }: Page): Promise<OfSender[]> {
  await query.parts.statistics.fresh()
  const which = { ...whichSenders(query), limit, offset }
  return totalsOf(query, 'sender', await sendersOf(query.db, query.keyId, which))
}

function whichCampaigns({ id, uniqueKey, filters }: Query): Which {
  const wanted = id ?? filters.integer('CampaignID')
  const name = uniqueKey?.[0] ?? filters.text('CustomCampaign')
  return { ...(wanted !== undefined && { ids: [wanted] }), ...(name !== undefined && { name }) }
}

async function ofCampaigns(query: Query, { limit, offset }: Page): Promise<OfCampaign[]> {
  await query.parts.statistics.fresh()
  const which = { ...whichCampaigns(query), limit, offset }
  const rows = await campaignsOf(query.db, query.keyId, which)
  const about = await aboutCampaigns(
    query.db,
    rows.map(({ id }) => id),
  )
  return totalsOf(
    query,
    'campaign',
    rows.map((row) => ({ ...row, about: about.get(row.id) })),
  )
}

const total = countProperties<Total>()
const sender = countProperties<OfSender>()
const campaign = countProperties<OfCampaign>()

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
  defineResource<OfCampaign>({
    name: 'campaignstatistics',
    description: 'Totals of campaigns.',
    uniqueKey: ['CustomValue'],
    properties: [
      campaign.blocked,
      campaign.bounced,
      whole('CampaignID', 'Campaign concerned.', (row) => row.id),
      yes('CampaignIsStarred', 'Marked.', ({ about }) => about?.isStarred ?? false),
      moment(
        'CampaignSendStartAt',
        'When its first message was accepted.',
        (row) => row.about?.startedAt ?? row.createdAt,
      ),
      words('CampaignSubject', 'Its subject, or else its name.', (row) => row.about?.subject || row.name),
      campaign.clicked,
      words('ContactListName', 'List that it went to.', ({ about }) => about?.listName ?? ''),
      campaign.deferred,
      campaign.delivered,
      campaign.hard,
      campaign.lastActivity,
      whole('NewsLetterID', 'Draft that it was made from.', ({ about }) => about?.mailingId ?? 0),
      campaign.opened,
      campaign.preQueued,
      campaign.processed,
      campaign.queued,
      words('SegmentName', 'Segment that it went to.', ({ about }) => about?.segmentName ?? ''),
      campaign.soft,
      campaign.spam,
      campaign.unsubscribed,
      campaign.workflow,
    ],
    filters: { CampaignID: 'integer', CustomCampaign: 'text' },
    sort: { CampaignID: false },
    unknownId: 'not-found',
    select: ofCampaigns,
    count: (query) => countCampaigns(query.db, query.keyId, whichCampaigns(query)),
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
