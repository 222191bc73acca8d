/** `/v3/REST/message` (reference/statistics.md §2). */
import { sendersOfAuthors } from '../../../stats/sender-of.ts'
import { defineResource } from '../define-resource.ts'
import { reasonOfDelivery, statusOf } from '../reasons.ts'
import { formatTime, type Query } from '../resource.ts'
import { type Condition, commonFilters, isNothingOf, ofBounceReason, ofState } from './message-conditions.ts'
import { countMessages, type MessageRow, messageSort, selectMessages } from './select-messages.ts'

type Row = MessageRow & { senderId: number }

/** There are no plans, and domains of recipients have no numbers. */
function conditions({ filters }: Query): Condition[] {
  const stateId = filters.integer('MessageState')
  const reason = filters.text('BounceReason')
  return [
    ...isNothingOf(filters, 'Destination', 'PlanSubscription'),
    ...(stateId === undefined ? [] : [ofState(stateId)]),
    ...(reason === undefined ? [] : [ofBounceReason(reason)]),
  ]
}

export const message = defineResource<Row>({
  name: 'message',
  description: 'Messages, one for each recipient.',
  absentActions: ['export'],
  properties: [
    {
      name: 'ArrivedAt',
      type: 'time',
      description: 'When the message was accepted.',
      value: (row) => formatTime(row.acceptedAt),
    },
    { name: 'AttachmentCount', type: 'integer', description: 'Number of attachments.', value: () => 0 },
    {
      name: 'AttemptCount',
      type: 'integer',
      description: 'Delivery attempts so far.',
      value: (row) => row.attempts,
    },
    {
      name: 'CampaignID',
      type: 'integer',
      description: 'Campaign concerned.',
      value: (row) => row.campaignId ?? undefined,
    },
    {
      name: 'ContactAlt',
      type: 'text',
      description: 'Recipient address; empty unless ShowContactAlt is true.',
      value: (row, filters) => (filters.boolean('ShowContactAlt') ? row.recipient : ''),
    },
    {
      name: 'ContactID',
      type: 'integer',
      description: 'Contact concerned; 0 for none.',
      value: (row) => row.contactId,
    },
    {
      name: 'CustomID',
      type: 'text',
      description: 'Caller-supplied message tag; shown with ShowCustomID.',
      value: (row, filters) => (filters.boolean('ShowCustomID') ? (row.customId ?? '') : undefined),
    },
    {
      name: 'Delay',
      type: 'number',
      description: 'Time between processing and delivery, in milliseconds.',
      value: (row) => (row.state === 'delivered' ? Math.max(0, row.updatedAt - row.acceptedAt) : 0),
    },
    { name: 'DestinationID', type: 'integer', description: 'Recipient domain.', value: () => 0 },
    {
      name: 'FilterTime',
      type: 'integer',
      description: 'Time spent filtering content, in milliseconds.',
      value: () => 0,
    },
    { name: 'ID', type: 'integer', description: '64-bit identifier; exceeds 2^53.', value: (row) => row.id },
    {
      name: 'IsClickTracked',
      type: 'boolean',
      description: 'Click tracking on this message.',
      value: (row) => isTracked(row, 'trackClicks'),
    },
    {
      name: 'IsHTMLPartIncluded',
      type: 'boolean',
      description: 'Message has an HTML part.',
      value: () => false,
    },
    {
      name: 'IsOpenTracked',
      type: 'boolean',
      description: 'Open tracking on this message.',
      value: (row) => isTracked(row, 'trackOpens'),
    },
    { name: 'IsTextPartIncluded', type: 'boolean', description: 'Has a text part.', value: () => false },
    {
      name: 'IsUnsubTracked',
      type: 'boolean',
      description: 'Unsubscribe tracking on this message.',
      value: (row) => {
        const options = JSON.parse(row.options) as Record<string, unknown>
        return options.bulk === true && options.individual === true
      },
    },
    { name: 'MessageSize', type: 'integer', description: 'Size in bytes.', value: (row) => row.sizeBytes },
    {
      name: 'SenderID',
      type: 'integer',
      description: 'Sender that it counts for; 0 for none.',
      value: (row) => row.senderId,
    },
    { name: 'SpamassRules', type: 'text', description: 'Matched spam rules.', value: () => '' },
    { name: 'SpamassassinScore', type: 'number', description: 'Spam score.', value: () => 0 },
    {
      name: 'StateID',
      type: 'integer',
      description: 'Reason code; absent when delivered.',
      value: (row) => reasonOfDelivery(row)?.stateId,
    },
    {
      name: 'StatePermanent',
      type: 'boolean',
      description: 'State will not change any more.',
      value: () => false,
    },
    {
      name: 'Status',
      type: 'text',
      description: 'Lower-case status word, see statistics.md.',
      value: statusOf,
    },
    {
      name: 'Subject',
      type: 'text',
      description: 'Empty unless ShowSubject is true.',
      value: (row, filters) => (filters.boolean('ShowSubject') ? row.subject : ''),
    },
    { name: 'UUID', type: 'text', description: '128-bit message identifier.', value: (row) => row.uuid },
  ],
  filters: {
    ...commonFilters,
    BounceReason: 'text',
    Campaign: 'integer',
    Contact: 'integer',
    ContactAlt: 'text',
    ContactID: 'integer',
    CustomID: 'text',
    Destination: 'integer',
    MessageState: 'integer',
    PlanSubscription: 'integer',
    Sender: 'integer',
    SenderID: 'integer',
    ShowContactAlt: 'boolean',
    ShowCustomID: 'boolean',
    ShowSubject: 'boolean',
  },
  sort: messageSort,
  unknownId: 'not-found',
  async select(query, page) {
    const { db, keyId } = query
    const rows = await selectMessages(query, page, conditions(query))
    const addresses = rows.map(({ fromAddress }) => fromAddress)
    const senders = await sendersOfAuthors(db, { keyId, addresses })
    return rows.map((row) => ({ ...row, senderId: senders.get(row.fromAddress) ?? 0 }))
  },
  count: (query) => countMessages(query, conditions(query)),
})

export function isTracked(row: MessageRow, what: 'trackOpens' | 'trackClicks'): boolean {
  const options = JSON.parse(row.options) as Record<string, unknown>
  return options[what] === 'enabled'
}
