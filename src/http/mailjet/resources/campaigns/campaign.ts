/** `/v3/REST/campaign`: what has gone out, of lists and under names (reference/campaigns-templates.md §4). */
import { defineResource } from '../../define-resource.ts'
import { formatTime, type Property, type Query } from '../../resource.ts'
import { startOf, todayUnless } from '../statistics/shape.ts'
import {
  type CampaignFilters,
  type CampaignRow,
  countCampaigns,
  selectCampaigns,
} from './select-campaigns.ts'

function whole(
  name: string,
  description: string,
  value: (row: CampaignRow) => number | undefined,
): Property<CampaignRow> {
  return { name, type: 'integer', description, value }
}

function words(
  name: string,
  description: string,
  value: (row: CampaignRow) => string,
): Property<CampaignRow> {
  return { name, type: 'text', description, value }
}

function flag(
  name: 'IsStarred' | 'IsDeleted',
  { description, value }: { description: string; value(row: CampaignRow): boolean },
): Property<CampaignRow> {
  return { name, type: 'boolean', description, write: 'always', default: false, value }
}

export const campaign = defineResource<CampaignRow>({
  name: 'campaign',
  description: 'Campaigns that have gone out.',
  uniqueKey: ['CustomValue'],
  properties: [
    whole('CampaignType', '1 transactional mail with a name, 2 to a list.', (row) =>
      row.mailingId === null ? 1 : 2,
    ),
    whole('ClickTracked', '1: links are tracked.', (row) => toNumber(row.options.trackClicks === 'enabled')),
    {
      name: 'CreatedAt',
      type: 'time',
      description: 'When it was made.',
      value: (row) => formatTime(row.createdAt),
    },
    words(
      'CustomValue',
      'Its name; mj.nl= and the number of the draft, where there was one.',
      (row) => row.name,
    ),
    whole('FirstMessageID', 'Its first message.', (row) => row.firstMessageId),
    words('FromEmail', 'Address of the sender.', (row) => row.fromAddress),
    whole('FromID', 'The sender.', (row) => row.fromId),
    words('FromName', 'Name of the sender.', (row) => row.senderName),
    whole('HasHtmlCount', '1: it has an HTML part.', (row) => toNumber(row.hasHtml)),
    whole('HasTxtCount', '1: it has a text part.', (row) => toNumber(row.hasText)),
    whole('ID', 'Its number.', (row) => row.id),
    flag('IsDeleted', { description: 'Put away.', value: (row) => row.isDeleted }),
    flag('IsStarred', { description: 'Whether it has a star.', value: (row) => row.isStarred }),
    whole('ListID', 'The list that it went to.', (row) => row.listId ?? undefined),
    whole('NewsLetterID', 'The draft that it was.', (row) => row.mailingId ?? undefined),
    whole('OpenTracked', '1: opens are tracked.', (row) => toNumber(row.options.trackOpens === 'enabled')),
    whole('SegmentationID', 'The segment that it went to.', (row) => row.segmentId ?? undefined),
    {
      name: 'SendEndAt',
      type: 'time',
      description: 'When the last was sent.',
      value: (row) => formatTime(row.endAt),
    },
    {
      name: 'SendStartAt',
      type: 'time',
      description: 'When the first was sent.',
      value: (row) => formatTime(row.startAt),
    },
    { name: 'SpamassScore', type: 'number', description: 'Always 0.', value: () => 0 },
    whole('Status', 'Always 0.', () => 0),
    words('Subject', 'Its subject, placeholders and all.', (row) => row.subject),
    whole('UnsubscribeTrackedCount', '1: unsubscriptions are tracked.', (row) =>
      // Mail with a name is bulk mail, and has the header field for leaving.
      toNumber(row.mailingId !== null || row.options.bulk === true),
    ),
  ],
  filters: {
    Campaign: 'integer',
    CampaignID: 'integer',
    CampaignStatus: 'integer',
    ContactsList: 'integer',
    ContactsListID: 'integer',
    CustomCampaign: 'text',
    From: 'text',
    FromDomain: 'text',
    FromID: 'integer',
    FromTS: 'time',
    FromType: 'integer',
    IsDeleted: 'boolean',
    IsNewsletterTool: 'boolean',
    IsStarred: 'boolean',
    Period: 'text',
    ToTS: 'time',
    Workflow: 'integer',
    WorkflowID: 'integer',
  },
  sort: { ID: true },
  unknownId: 'not-found',
  async select(query, { limit, offset, sort: [first] }) {
    const filters = readFilters(query)
    if (filters === undefined) return []
    return selectCampaigns(query, filters, { limit, offset, newestFirst: first?.descending ?? false })
  },
  async count(query) {
    const filters = readFilters(query)
    return filters === undefined ? 0 : countCampaigns(query, filters)
  },
  async update(query, row, values) {
    const isStarred = values.boolean('IsStarred') ?? row.isStarred
    const isDeleted = values.boolean('IsDeleted') ?? row.isDeleted
    const star = isStarred ? 1 : 0
    await query.db.transaction().execute(async (tx) => {
      await tx
        .updateTable('campaigns')
        .set({
          is_starred: star,
          ...(isDeleted !== row.isDeleted && { deleted_at: isDeleted ? query.now : null }),
        })
        .where('id', '=', row.id)
        .where('key_id', '=', query.keyId)
        .execute()
      if (row.mailingId === null) return
      await tx
        .updateTable('mailings')
        .set({ is_starred: star })
        .where('id', '=', row.mailingId)
        .where('key_id', '=', query.keyId)
        .execute()
    })
    return { ...row, isStarred, isDeleted }
  },
})

function toNumber(is: boolean): number {
  return is ? 1 : 0
}

/** Undefined: nothing can match. */
function readFilters(query: Query): CampaignFilters | undefined {
  const { id, uniqueKey: [named] = [], filters } = query
  const type = filters.integer('FromType')
  const status = filters.integer('CampaignStatus')
  // There are two types, all have the same status, and there are no workflows.
  if (type !== undefined && type !== 1 && type !== 2) return undefined
  const workflow = filters.integer('WorkflowID') ?? filters.integer('Workflow')
  if ((status !== undefined && status !== 0) || workflow !== undefined) return undefined
  const wanted = id ?? filters.integer('CampaignID') ?? filters.integer('Campaign')
  const name = named ?? filters.text('CustomCampaign')
  const createdTo = filters.time('ToTS')
  const isMailing = filters.boolean('IsNewsletterTool') ?? (type === undefined ? undefined : type === 2)
  const listId = filters.integer('ContactsListID') ?? filters.integer('ContactsList')
  const isStarred = filters.boolean('IsStarred')
  const fromAddress = filters.text('From')
  const fromDomain = filters.text('FromDomain')
  const senderId = filters.integer('FromID')
  return {
    ...(wanted !== undefined && { id: wanted }),
    ...(name !== undefined && { name }),
    // What is asked for itself is found whenever it was.
    ...(wanted === undefined &&
      name === undefined && {
        createdFrom: todayUnless(startOf(query), query.now),
        ...(createdTo !== undefined && { createdTo }),
      }),
    ...(id === undefined && named === undefined && { isDeleted: filters.boolean('IsDeleted') ?? false }),
    ...(isStarred !== undefined && { isStarred }),
    ...(isMailing !== undefined && { isMailing }),
    ...(listId !== undefined && { listId }),
    ...(fromAddress !== undefined && { fromAddress }),
    ...(fromDomain !== undefined && { fromDomain }),
    ...(senderId !== undefined && { senderId }),
  }
}
