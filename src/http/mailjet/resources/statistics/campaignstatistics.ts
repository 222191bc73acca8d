/** `/v3/REST/campaignstatistics`: what became of each campaign (reference/statistics.md §9). */
import { noMetrics } from '../../../../stats/metrics.ts'
import { readTotals } from '../../../../stats/read.ts'
import { defineResource } from '../../define-resource.ts'
import type { Page, Query } from '../../resource.ts'
import {
  type CampaignFilters,
  type CampaignRow,
  countCampaigns,
  selectCampaigns,
} from '../campaigns/select-campaigns.ts'
import { type Counts, countProperties, moment, whole, words, yes } from './shape.ts'

type Row = CampaignRow & { counts: Counts }

/** Undefined: nothing can match. */
function readFilters({ id, uniqueKey: [named] = [], filters }: Query): CampaignFilters | undefined {
  const type = filters.integer('FromType')
  if (type !== undefined && type !== 1 && type !== 2) return undefined
  const wanted = id ?? filters.integer('CampaignID')
  const name = named ?? filters.text('CustomCampaign')
  const createdFrom = filters.time('FromTS')
  const createdTo = filters.time('ToTS')
  const isDeleted = filters.boolean('IsDeleted')
  const isStarred = filters.boolean('IsStarred')
  const mailingId = filters.integer('NewsLetter')
  const listId = filters.integer('ContactsList')
  const segmentId = filters.integer('Segmentation')
  const senderId = filters.integer('Sender')
  const subject = filters.text('Subject')
  return {
    ...(wanted !== undefined && { id: wanted }),
    ...(name !== undefined && { name }),
    ...(createdFrom !== undefined && { createdFrom }),
    ...(createdTo !== undefined && { createdTo }),
    ...(isDeleted !== undefined && { isDeleted }),
    ...(isStarred !== undefined && { isStarred }),
    ...(type !== undefined && { isMailing: type === 2 }),
    ...(mailingId !== undefined && { mailingId }),
    ...(listId !== undefined && { listId }),
    ...(segmentId !== undefined && { segmentId }),
    ...(senderId !== undefined && { senderId }),
    ...(subject !== undefined && { subject }),
  }
}

async function select(query: Query, { limit, offset, sort: [first] }: Page): Promise<Row[]> {
  const filters = readFilters(query)
  if (filters === undefined) return []
  await query.parts.statistics.fresh()
  const campaigns = await selectCampaigns(query, filters, {
    ...{ limit, offset },
    newestFirst: first?.descending ?? false,
  })
  const totals = await readTotals(query.db, {
    source: 'campaign',
    sourceIds: campaigns.map(({ id }) => id),
  })
  return campaigns.map((campaign, place) => ({
    ...campaign,
    counts: totals[place] ?? { ...noMetrics(), last_at: null },
  }))
}

const count = countProperties<Row>()

export const campaignStatistics = defineResource<Row>({
  name: 'campaignstatistics',
  description: 'Totals of campaigns.',
  uniqueKey: ['CustomValue'],
  properties: [
    count.blocked,
    count.bounced,
    whole('CampaignID', 'Campaign concerned.', (row) => row.id),
    yes('CampaignIsStarred', 'Whether it has a star.', (row) => row.isStarred),
    moment('CampaignSendStartAt', 'When the first was sent.', (row) => row.startAt ?? row.createdAt),
    words('CampaignSubject', 'Its subject, placeholders and all.', (row) => row.subject),
    count.clicked,
    words('ContactListName', 'List that it went to.', (row) => row.listName),
    count.deferred,
    count.delivered,
    count.hard,
    count.lastActivity,
    whole('NewsLetterID', 'Draft that it was; 0: none.', (row) => row.mailingId ?? 0),
    count.opened,
    count.preQueued,
    count.processed,
    count.queued,
    words('SegmentName', 'Segment that it went to.', (row) => row.segmentName),
    count.soft,
    count.spam,
    count.unsubscribed,
    count.workflow,
  ],
  filters: {
    CampaignID: 'integer',
    ContactsList: 'integer',
    CustomCampaign: 'text',
    FromTS: 'time',
    FromType: 'integer',
    IsDeleted: 'boolean',
    IsStarred: 'boolean',
    NewsLetter: 'integer',
    Segmentation: 'integer',
    Sender: 'integer',
    Subject: 'text',
    ToTS: 'time',
  },
  sort: { CampaignID: true, ID: true },
  unknownId: 'not-found',
  select,
  async count(query) {
    const filters = readFilters(query)
    return filters === undefined ? 0 : countCampaigns(query, filters)
  },
})
