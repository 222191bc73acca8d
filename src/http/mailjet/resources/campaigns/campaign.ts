/** `/v3/REST/campaign`: what has gone out, of lists and under names (reference/campaigns-templates.md §4). */
import { sql } from 'kysely'
import type { MessageOptions } from '../../../../intake/submission.ts'
import type { CampaignId, MailingId } from '../../../../mail/ids.ts'
import type { Instant } from '../../../../storage/schema.ts'
import { defineResource } from '../../define-resource.ts'
import { formatTime, type Page, type Property, type Query } from '../../resource.ts'
import { todayUnless } from '../statistics/shape.ts'

type Row = {
  id: CampaignId
  name: string
  createdAt: Instant
  isStarred: boolean
  isDeleted: boolean
  mailingId: MailingId | null
  listId: number | null
  segmentId: number | null
  senderName: string
  hasHtml: boolean
  hasText: boolean
  subject: string
  fromAddress: string
  fromId: number
  firstMessageId: number
  startAt: Instant | null
  endAt: Instant | null
  options: MessageOptions
}

function whole(name: string, description: string, value: (row: Row) => number | undefined): Property<Row> {
  return { name, type: 'integer', description, value }
}

function words(name: string, description: string, value: (row: Row) => string): Property<Row> {
  return { name, type: 'text', description, value }
}

function flag(
  name: 'IsStarred' | 'IsDeleted',
  { description, value }: { description: string; value(row: Row): boolean },
): Property<Row> {
  return { name, type: 'boolean', description, write: 'always', default: false, value }
}

export const campaign = defineResource<Row>({
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
      toNumber(row.mailingId !== null),
    ),
  ],
  filters: {
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
    WorkflowID: 'integer',
  },
  sort: { ID: true },
  unknownId: 'not-found',
  select,
  async count(query) {
    const { count } = await filtered(query)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return Number(count)
  },
  async update(query, row, values) {
    const isStarred = values.boolean('IsStarred')
    const isDeleted = values.boolean('IsDeleted')
    const changes = {
      ...(isStarred !== undefined && { is_starred: isStarred ? (1 as const) : (0 as const) }),
      ...(isDeleted !== undefined && { deleted_at: isDeleted ? query.now : null }),
    }
    await query.db
      .updateTable('campaigns')
      .set(changes)
      .where('id', '=', row.id)
      .where('key_id', '=', query.keyId)
      .execute()
    return { ...row, isStarred: isStarred ?? row.isStarred, isDeleted: isDeleted ?? row.isDeleted }
  },
})

function toNumber(is: boolean): number {
  return is ? 1 : 0
}

/** Each found by an index, however many messages a campaign has. */
const edge = (which: 'min' | 'max') =>
  sql<number>`(SELECT ${sql.raw(which)}(id) FROM messages WHERE campaign_id = campaigns.id)`

function filtered(query: Query) {
  const { db, keyId, id, uniqueKey, filters } = query
  let selection = db
    .selectFrom('campaigns')
    .leftJoin('mailings', 'mailings.id', 'campaigns.mailing_id')
    .leftJoin('messages as first', (join) => join.on(sql`first.id`, '=', edge('min')))
    .where('campaigns.key_id', '=', keyId)
  const [named] = uniqueKey ?? []
  const wanted = id ?? filters.integer('CampaignID')
  const name = named ?? filters.text('CustomCampaign')
  if (wanted !== undefined) selection = selection.where('campaigns.id', '=', wanted as CampaignId)
  if (name !== undefined) selection = selection.where('campaigns.name', '=', name)
  // What is asked for itself is found whenever it was.
  if (wanted === undefined && name === undefined) {
    const from = since(query)
    const to = filters.time('ToTS')
    selection = selection.where('campaigns.created_at', '>=', from)
    if (to !== undefined) selection = selection.where('campaigns.created_at', '<=', to)
  }
  if (id === undefined && named === undefined) {
    const isDeleted = filters.boolean('IsDeleted') ?? false
    selection = selection.where('campaigns.deleted_at', isDeleted ? 'is not' : 'is', null)
  }
  const isStarred = filters.boolean('IsStarred')
  if (isStarred !== undefined) selection = selection.where('campaigns.is_starred', '=', isStarred ? 1 : 0)
  const fromTool = filters.boolean('IsNewsletterTool')
  if (fromTool !== undefined) {
    selection = selection.where('campaigns.mailing_id', fromTool ? 'is not' : 'is', null)
  }
  const type = filters.integer('FromType')
  if (type === 1 || type === 2) {
    selection = selection.where('campaigns.mailing_id', type === 2 ? 'is not' : 'is', null)
  }
  const listId = filters.integer('ContactsListID') ?? filters.integer('ContactsList')
  if (listId !== undefined) selection = selection.where(sql<boolean>`mailings.list_id = ${listId}`)
  const status = filters.integer('CampaignStatus')
  // All have the same; and there are no workflows.
  if ((status !== undefined && status !== 0) || filters.integer('WorkflowID') !== undefined) {
    selection = selection.where(sql<boolean>`1 = 0`)
  }
  const sender = filters.text('From')
  if (sender !== undefined) selection = selection.where('first.from_address', '=', sender)
  const senderId = filters.integer('FromID')
  if (senderId !== undefined) {
    selection = selection.where(
      sql<boolean>`first.from_address = (SELECT email FROM senders WHERE id = ${senderId} AND key_id = ${keyId})`,
    )
  }
  const domain = filters.text('FromDomain')
  if (domain !== undefined) {
    const pattern = `%@${domain.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}`
    selection = selection.where(sql<boolean>`first.from_address LIKE ${pattern} ESCAPE '\\'`)
  }
  return selection
}

const dayMs = 86_400_000
const periods: Readonly<Record<string, number>> = { day: 1, week: 7, month: 31, year: 366 }

/** Without a time, only the current day. */
function since({ filters, now }: Query): Instant {
  const days = periods[filters.text('Period')?.toLowerCase() ?? '']
  const from = filters.time('FromTS')
  return days !== undefined && from === undefined ? now - days * dayMs : todayUnless(from, now)
}

async function select(query: Query, { limit, offset, sort: [first] }: Page): Promise<Row[]> {
  const rows = await filtered(query)
    .leftJoin('messages as last', (join) => join.on(sql`last.id`, '=', edge('max')))
    .leftJoin('mailing_contents', 'mailing_contents.mailing_id', 'campaigns.mailing_id')
    .select(({ eb }) => [
      'campaigns.id',
      'campaigns.name',
      'campaigns.created_at as createdAt',
      'campaigns.is_starred as isStarred',
      'campaigns.deleted_at as deletedAt',
      'campaigns.mailing_id as mailingId',
      'mailings.list_id as listId',
      'mailings.segment_id as segmentId',
      'mailings.sender_name as senderName',
      'mailings.first_delivery_id as firstDeliveryId',
      'mailings.started_at as startedAt',
      'mailings.ended_at as endedAt',
      'first.id as firstId',
      'first.subject',
      'first.from_address as fromAddress',
      'first.accepted_at as firstAt',
      'first.options',
      'last.accepted_at as lastAt',
      eb('mailing_contents.html', 'is not', null).as('hasHtml'),
      eb('mailing_contents.text', 'is not', null).as('hasText'),
    ])
    .orderBy('campaigns.id', first?.descending ? 'desc' : 'asc')
    .limit(limit)
    .offset(offset)
    .execute()
  const senders = await sendersOf(
    query,
    rows.flatMap(({ fromAddress }) => fromAddress ?? []),
  )
  const deliveries = await firstDeliveries(
    query,
    rows.flatMap(({ firstId, firstDeliveryId }) => (firstDeliveryId === null ? (firstId ?? []) : [])),
  )
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    createdAt: row.createdAt,
    isStarred: row.isStarred === 1,
    isDeleted: row.deletedAt !== null,
    mailingId: row.mailingId,
    listId: row.listId,
    segmentId: row.segmentId,
    senderName: row.senderName ?? '',
    hasHtml: Boolean(row.hasHtml),
    hasText: Boolean(row.hasText),
    subject: row.subject ?? '',
    fromAddress: row.fromAddress ?? '',
    fromId: senders.get(row.fromAddress ?? '') ?? 0,
    firstMessageId: row.firstDeliveryId ?? deliveries.get(row.firstId ?? 0) ?? 0,
    startAt: row.startedAt ?? row.firstAt,
    endAt: row.mailingId === null ? row.lastAt : row.endedAt,
    options: row.options === null ? {} : (JSON.parse(row.options) as MessageOptions),
  }))
}

async function sendersOf({ db, keyId }: Query, addresses: readonly string[]): Promise<Map<string, number>> {
  if (addresses.length === 0) return new Map()
  const rows = await db
    .selectFrom('senders')
    .select(['id', 'email'])
    .where('key_id', '=', keyId)
    .where('email', 'in', [...new Set(addresses)])
    .execute()
  return new Map(rows.map(({ id, email }) => [email, id]))
}

/** Mailjet's messages are our deliveries. */
async function firstDeliveries({ db }: Query, messageIds: readonly number[]): Promise<Map<number, number>> {
  if (messageIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('deliveries')
    .select(({ fn }) => ['message_id as messageId', fn.min<number>('id').as('id')])
    .where(sql<boolean>`message_id IN (${sql.join(messageIds)})`)
    .groupBy('message_id')
    .execute()
  return new Map(rows.map(({ messageId, id }) => [messageId, Number(id)]))
}
