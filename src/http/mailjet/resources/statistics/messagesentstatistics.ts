/** `/v3/REST/messagesentstatistics`: a row for each message, with its address and reason (reference/statistics.md §5). */
import { defineResource } from '../../define-resource.ts'
import { isHardBounce, reasonOf, statusOf } from '../../reasons.ts'
import { formatTime, type Property } from '../../resource.ts'
import {
  countMessages,
  type MessageRow,
  messageFilters,
  messageSort,
  selectMessages,
} from '../select-messages.ts'
import { moment, whole, words, yes } from './shape.ts'

const isBounced = ({ state }: MessageRow) => state === 'failed'

const stateId: Property<MessageRow> = {
  name: 'StateID',
  type: 'integer',
  description: 'Reason; absent when delivered.',
  value: (row) => (row.state === 'delivered' ? undefined : reasonOf(row.class)?.stateId),
}

export const messageSentStatistics = defineResource<MessageRow>({
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
    words('FBLSource', 'Who told of the complaint.', () => ''),
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
  filters: { ...messageFilters, ShowExtraData: 'boolean' },
  sort: messageSort,
  unknownId: 'empty',
  async select(query, page) {
    await query.parts.statistics.fresh()
    return selectMessages(query, page)
  },
  count: countMessages,
})
