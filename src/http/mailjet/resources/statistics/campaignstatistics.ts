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
import { countFilters, readCountFilters, sortBy } from './count-filters.ts'
import { type Counts, countProperties, moment, whole, words, yes } from './shape.ts'

type Row = CampaignRow & { counts: Counts }

/** Undefined: nothing can match. */
function readFilters(query: Query): CampaignFilters | undefined {
  const { id, uniqueKey: [named] = [], filters } = query
  const type = filters.integer('FromType')
  if (type !== undefined && type !== 1 && type !== 2) return undefined
  // All have the same status, and there are neither workflows nor tests of one campaign against another.
  if (nowhere.some((name) => (filters.integer(name) ?? 0) !== 0) || filters.boolean('GroupAX'))
    return undefined
  const wanted = id ?? filters.integer('CampaignID')
  const name = named ?? filters.text('CustomCampaign')
  const createdFrom = filters.time('FromTS')
  const createdTo = filters.time('ToTS')
  const isDeleted = filters.boolean('IsDeleted')
  const isStarred = filters.boolean('IsStarred')
  const mailingId = filters.integer('NewsLetter')
  const listId = filters.integer('ContactsListID') ?? filters.integer('ContactsList')
  const segmentId = filters.integer('Segmentation')
  const senderId = filters.integer('SenderID') ?? filters.integer('Sender')
  const subject = filters.text('Subject')
  return {
    counts: readCountFilters(query),
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

const nowhere = ['AXTesting', 'CampaignStatus', 'WorkflowID']

const sorts = { ProcessedCount: 'processed', 'Newsletter.ID': 'mailing' } as const

async function select(query: Query, page: Page): Promise<Row[]> {
  const filters = readFilters(query)
  if (filters === undefined) return []
  await query.parts.statistics.fresh()
  const { by, descending } = sortBy(page, sorts, 'id')
  const campaigns = await selectCampaigns(query, filters, {
    ...page,
    sortBy: by,
    newestFirst: descending,
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
    ...countFilters,
    AXTesting: 'integer',
    CampaignID: 'integer',
    CampaignStatus: 'integer',
    ContactsList: 'integer',
    ContactsListID: 'integer',
    CustomCampaign: 'text',
    FromTS: 'time',
    FromType: 'integer',
    GroupAX: 'boolean',
    IsDeleted: 'boolean',
    IsStarred: 'boolean',
    NewsLetter: 'integer',
    Segmentation: 'integer',
    Sender: 'integer',
    SenderID: 'integer',
    Subject: 'text',
    ToTS: 'time',
    WorkflowID: 'integer',
  },
  sort: { CampaignID: true, ID: true, ProcessedCount: true, 'Newsletter.ID': true },
  unknownId: 'not-found',
  select,
  async count(query) {
    const filters = readFilters(query)
    return filters === undefined ? 0 : countCampaigns(query, filters)
  },
})
