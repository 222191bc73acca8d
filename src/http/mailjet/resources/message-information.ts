/** `/v3/REST/messageinformation` (reference/statistics.md §4). */
import { defineResource } from '../define-resource.ts'
import { formatTime } from '../resource.ts'
import { isTracked } from './message.ts'
import { commonFilters } from './message-conditions.ts'
import { countMessages, type MessageRow, messageSort, selectMessages } from './select-messages.ts'

export const messageInformation = defineResource<MessageRow>({
  name: 'messageinformation',
  description: 'Size and sending of messages.',
  properties: [
    {
      name: 'CampaignID',
      type: 'integer',
      description: 'Campaign concerned.',
      value: (row) => row.campaignId ?? 0,
    },
    {
      name: 'ClickTrackedCount',
      type: 'integer',
      description: 'Click-tracking marker of the message.',
      value: (row) => Number(isTracked(row, 'trackClicks')),
    },
    {
      name: 'ContactID',
      type: 'integer',
      description: 'Contact concerned; 0 for none.',
      value: (row) => row.contactId,
    },
    {
      name: 'CreatedAt',
      type: 'time',
      description: 'Creation time.',
      value: (row) => formatTime(row.acceptedAt),
    },
    { name: 'ID', type: 'integer', description: 'Numeric identifier.', value: (row) => row.id },
    { name: 'MessageSize', type: 'integer', description: 'Size in bytes.', value: (row) => row.sizeBytes },
    {
      name: 'OpenTrackedCount',
      type: 'integer',
      description: 'Open-tracking marker of the message.',
      value: (row) => Number(isTracked(row, 'trackOpens')),
    },
    {
      name: 'QueuedCount',
      type: 'integer',
      description: 'Messages queued.',
      value: (row) => Number(isWaiting(row)),
    },
    {
      name: 'SendEndAt',
      type: 'time',
      description: 'Last send time.',
      value: (row) => (isWaiting(row) ? '' : formatTime(row.updatedAt)),
    },
    {
      name: 'SentCount',
      type: 'integer',
      description: 'Sent marker or count.',
      value: (row) => Number(row.state === 'delivered'),
    },
    {
      name: 'SpamAssassinRules',
      type: 'object',
      description: 'Matched rules; {"ALT":"","ID":-1} when none.',
      value: () => ({ ALT: '', ID: -1 }),
    },
    { name: 'SpamAssassinScore', type: 'number', description: 'Spam score.', value: () => 0 },
  ],
  filters: commonFilters,
  sort: messageSort,
  unknownId: 'not-found',
  select: (query, page) => selectMessages(query, page),
  count: (query) => countMessages(query),
})

function isWaiting({ state }: MessageRow): boolean {
  return state === 'queued' || state === 'deferred' || state === 'held'
}
