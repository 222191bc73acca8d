/** `/v3/REST/messagesentstatistics`: a row for each message, with its address and reason (reference/statistics.md §5). */
import { sql } from 'kysely'
import { complaintSource } from '../../../../mail/complaint.ts'
import type { DeliveryId } from '../../../../mail/ids.ts'
import { defineResource } from '../../define-resource.ts'
import { isHardBounce, reasonOf, reasonOfDelivery, statusOf } from '../../reasons.ts'
import { formatTime, type Property, type Query } from '../../resource.ts'
import { type Condition, commonFilters, isNothingOf } from '../message-conditions.ts'
import { countMessages, type MessageRow, selectMessages } from '../select-messages.ts'
import { moment, whole, words, yes } from './shape.ts'

type Row = MessageRow & { complaintSource: string }

const isBounced = ({ state }: MessageRow) => state === 'failed'

const stateId: Property<Row> = {
  name: 'StateID',
  type: 'integer',
  description: 'Reason; absent when delivered.',
  value: (row) => reasonOfDelivery(row)?.stateId,
}

function conditions({ filters }: Query): Condition[] {
  // There are no workflows.
  const conditions = isNothingOf(filters, 'WorkflowID')
  for (const [name, condition] of [
    [
      'BounceEventFromTs',
      (at: number) => sql`deliveries.state = 'failed' AND deliveries.updated_at >= ${at}`,
    ],
    ['BounceEventToTs', (at: number) => sql`deliveries.state = 'failed' AND deliveries.updated_at <= ${at}`],
    ['SpamEventFromTs', (at: number) => sql`stat_deliveries.complained_at >= ${at}`],
    ['SpamEventToTs', (at: number) => sql`stat_deliveries.complained_at <= ${at}`],
  ] as const) {
    const at = filters.time(name)
    if (at !== undefined) conditions.push(sql`(${condition(at)})`)
  }
  return conditions
}

/** By delivery: who told of the complaint, as far as it was told. */
async function complaintSources(
  { db }: Query,
  rows: readonly MessageRow[],
): Promise<ReadonlyMap<DeliveryId | null, string>> {
  const ids = rows.flatMap(({ id, complainedAt }) => (complainedAt === null ? [] : [id]))
  if (ids.length === 0) return new Map()
  const events = await db
    .selectFrom('events')
    .select(['delivery_id', 'detail'])
    // By message, because that is what there is an index for.
    .where('message_id', 'in', (of) =>
      of.selectFrom('deliveries').select('message_id').where('id', 'in', ids),
    )
    .where('delivery_id', 'in', ids)
    .where('kind', '=', 'complained')
    .orderBy('id', 'desc')
    .execute()
  return new Map(events.map(({ delivery_id: id, detail }) => [id, complaintSource(detail ?? '')]))
}

export const messageSentStatistics = defineResource<Row>({
  name: 'messagesentstatistics',
  description: 'What became of messages, one by one.',
  absentActions: ['export'],
  properties: [
    moment('ArrivalTs', 'When the message was accepted.', (row) => row.acceptedAt),
    yes('Blocked', 'It was blocked.', ({ state }) => state === 'blocked' || state === 'dropped'),
    yes('Bounce', 'It bounced.', isBounced),
    {
      name: 'BounceDate',
      type: 'time',
      description: 'When it bounced.',
      value: (row) => (isBounced(row) ? formatTime(row.updatedAt) : ''),
    },
    {
      name: 'BounceReason',
      type: 'text',
      description: 'Why; with ShowExtraData.',
      value: (row, filters) =>
        isBounced(row) && filters.boolean('ShowExtraData') ? (reasonOf(row.class)?.state ?? '') : '',
    },
    whole('CampaignID', 'Campaign concerned; 0 for none.', (row) => row.campaignId ?? 0),
    yes('Click', 'A link of it was followed.', (row) => row.clickedAt !== null),
    whole('CntRecipients', 'Recipients.', () => 1),
    moment('ComplaintDate', 'When its reader complained.', (row) => row.complainedAt),
    whole('ContactID', 'Contact concerned; 0 for none.', (row) => row.contactId),
    words('Details', 'More about it.', () => ''),
    words('FBLSource', 'Who told of the complaint.', (row) => row.complaintSource),
    whole('MessageID', 'Message concerned.', (row) => row.id),
    yes('Open', 'It was opened.', (row) => row.openedAt !== null),
    yes('Queued', 'It waits.', ({ state }) => state === 'queued' || state === 'held' || state === 'deferred'),
    yes('Sent', 'Its host took it.', ({ state }) => state === 'delivered'),
    yes('Spam', 'Its reader complained.', (row) => row.complainedAt !== null),
    stateId,
    yes('StatePermanent', 'It bounced for good.', (row) => isBounced(row) && isHardBounce(row.class)),
    words('Status', 'Lower-case status word.', statusOf),
    words('ToEmail', 'Recipient.', (row) => row.recipient),
    yes('Unsub', 'Its reader unsubscribed.', (row) => row.unsubscribedAt !== null),
    whole('WorkflowID', 'Workflow concerned.', () => 0),
  ],
  filters: {
    ...commonFilters,
    BounceEventFromTs: 'time',
    BounceEventToTs: 'time',
    Contact: 'integer',
    ContactID: 'integer',
    CustomID: 'text',
    ShowExtraData: 'boolean',
    SpamEventFromTs: 'time',
    SpamEventToTs: 'time',
    WorkflowID: 'integer',
  },
  sort: { ID: true, ArrivalTs: true },
  unknownId: 'empty',
  async select(query, page) {
    await query.parts.statistics.fresh()
    const rows = await selectMessages(query, page, conditions(query))
    const sources = await complaintSources(query, rows)
    return rows.map((row) => ({ ...row, complaintSource: sources.get(row.id) ?? '' }))
  },
  count: (query) => countMessages(query, conditions(query)),
})
