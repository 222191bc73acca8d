/** Turns submissions into rows: message, body, deliveries, work and events stand or fall together. */
import { blockFor } from '../contacts/suppressions.ts'
import { makeDeliveryUuid } from '../events/delivery-uuid.ts'
import { recordEvent } from '../events/record.ts'
import { formatAddress, normaliseAddress } from '../mail/address.ts'
import type { CampaignId, DeliveryId, MessageId, WorkId } from '../mail/ids.ts'
import { never } from '../queue/work.ts'
import { insertWork } from '../queue/writes.ts'
import type { Write } from '../storage/storage.ts'
import { defineInsert } from '../storage/storage.ts'
import type { SuppressionReason } from '../storage/tables/suppressions.ts'
import { type HandedWork, sizeInMemory } from './hand-over.ts'
import type { AcceptedRecipient, Submission } from './submission.ts'

export const insertMessage = defineInsert('messages', [
  'id',
  'key_id',
  'door',
  'lane',
  'priority',
  'accepted_at',
  'expires_at',
  'envelope_from',
  'from_address',
  'subject',
  'header_message_id',
  'size_bytes',
  'recipient_count',
  'custom_id',
  'event_payload',
  'campaign_id',
  'options',
  'submission_uuid',
])
export const insertBody = defineInsert('bodies', ['message_id', 'content'])
export const insertDelivery = defineInsert('deliveries', [
  'id',
  'message_id',
  'key_id',
  'work_id',
  'uuid',
  'recipient',
  'recipient_kind',
  'state',
  'class',
  'reply_code',
  'reply_text',
  'attempts',
  'next_attempt_at',
  'updated_at',
  'dsn',
])
const insertCampaignRecipient = defineInsert('campaign_recipients', ['campaign_id', 'address'])

/** RFC 5321 §4.5.3.1.8 asks receivers for 100 recipients a transaction; fifty is what all of them take. */
const recipientsPerWork = 50

/** A submission with its ids: everything but the database has been decided. */
export type PlannedMessage = {
  submission: Submission
  submissionUuid: string
  id: MessageId
  campaignId?: CampaignId
  recipients: readonly PlannedRecipient[]
  groups: readonly PlannedGroup[]
}

type PlannedRecipient = AcceptedRecipient & { text: string; dsn?: string }

/** Recipients of one message at one domain: one unit of work, one SMTP transaction where the remote allows it. */
type PlannedGroup = { workId: WorkId; key: string; recipients: PlannedRecipient[] }

/** How many ids `planMessage` will use for a submission. */
export function idsNeeded(submission: Submission): number {
  return 1 + 2 * submission.recipients.length
}

export function planMessage(
  submission: Submission,
  {
    firstId,
    submissionUuid,
    campaignId,
  }: { firstId: number; submissionUuid: string; campaignId?: CampaignId },
): PlannedMessage {
  let id = firstId
  const messageId = id++ as MessageId
  const recipients = submission.recipients.map((recipient): PlannedRecipient => {
    const deliveryId = id++ as DeliveryId
    const planned: PlannedRecipient = {
      address: recipient.address,
      kind: recipient.kind,
      deliveryId,
      uuid: makeDeliveryUuid(deliveryId),
      text: formatAddress(recipient.address),
    }
    if (recipient.dsn !== undefined) planned.dsn = recipient.dsn
    return planned
  })
  const open = new Map<string, PlannedGroup>()
  const most = submission.options.individual ? 1 : recipientsPerWork
  const groups: PlannedGroup[] = []
  for (const recipient of recipients) {
    const domain = recipient.address.domain
    let group = open.get(domain)
    if (group === undefined || group.recipients.length === most) {
      // Turns are taken per domain and, within it, per API key: no tenant waits behind another's campaign.
      group = { workId: id++ as WorkId, key: `${domain} ${submission.keyId}`, recipients: [] }
      open.set(domain, group)
      groups.push(group)
    }
    group.recipients.push(recipient)
  }
  const planned: PlannedMessage = { submission, submissionUuid, id: messageId, recipients, groups }
  return campaignId === undefined ? planned : { ...planned, campaignId }
}

export type Placement = {
  now: number
  expiresAt: number
  nodeId: string
  /** Deliveries to addresses that this deduplicated campaign has reached before. */
  duplicates: ReadonlySet<number>
  /** Deliveries to addresses on the suppression list, and why. */
  suppressed: ReadonlyMap<number, SuppressionReason>
  /** Asked once per group that goes out: may it be handed over in memory? */
  reserve(sizeBytes: number): boolean
}

/** The rows of a message, and the work that is handed over in memory once they are stored. */
export function placeMessage(
  message: PlannedMessage,
  placement: Placement,
): { writes: Write[]; handed: HandedWork[] } {
  const { submission } = message
  const { now } = placement
  const writes: Write[] = [
    insertMessage({
      id: message.id,
      key_id: submission.keyId,
      door: submission.door,
      lane: submission.lane,
      priority: submission.priority,
      accepted_at: now,
      expires_at: placement.expiresAt,
      envelope_from: submission.envelopeFrom,
      from_address: formatAddress(submission.from.address),
      subject: submission.subject,
      header_message_id: submission.messageId,
      size_bytes: submission.content.length,
      recipient_count: message.recipients.length,
      custom_id: submission.customId ?? null,
      event_payload: submission.eventPayload ?? null,
      campaign_id: message.campaignId ?? null,
      options: JSON.stringify(submission.options),
      submission_uuid: message.submissionUuid,
    }),
    insertBody({ message_id: message.id, content: submission.content }),
    recordEvent(eventOf(message, 'accepted', now)),
  ]
  const handed: HandedWork[] = []
  for (const group of message.groups) {
    const going = group.recipients.filter((recipient) => blockOf(message, recipient, placement) === undefined)
    for (const recipient of group.recipients) {
      writes.push(...deliveryWrites(message, recipient, group, placement))
    }
    if (going.length === 0) continue
    const taken = placement.reserve(sizeInMemory({ content: submission.content, recipients: going }))
    writes.push(
      insertWork({
        id: group.workId,
        lane: submission.lane,
        key: group.key,
        due_at: taken ? never : now,
        owner: taken ? placement.nodeId : null,
        attempts: taken ? 1 : 0,
        held_at: null,
        ref: message.id,
        created_at: now,
      }),
    )
    if (taken) handed.push(handedWork(message, group, going, placement))
  }
  return { writes, handed }
}

function blockOf(message: PlannedMessage, recipient: PlannedRecipient, placement: Placement) {
  if (message.submission.blocked !== undefined) return message.submission.blocked
  const reason = placement.suppressed.get(recipient.deliveryId)
  if (reason !== undefined) return blockFor(recipient.text, reason)
  if (!placement.duplicates.has(recipient.deliveryId)) return undefined
  const campaign = message.submission.campaign?.name ?? ''
  return {
    class: 'duplicate-in-campaign',
    detail: `${recipient.text} was already sent a message of the campaign "${campaign}".`,
  }
}

function deliveryWrites(
  message: PlannedMessage,
  recipient: PlannedRecipient,
  group: PlannedGroup,
  placement: Placement,
): Write[] {
  const { now } = placement
  const block = blockOf(message, recipient, placement)
  const writes = [
    insertDelivery({
      id: recipient.deliveryId as DeliveryId,
      message_id: message.id,
      key_id: message.submission.keyId,
      work_id: block === undefined ? group.workId : (0 as WorkId),
      uuid: recipient.uuid,
      recipient: recipient.text,
      recipient_kind: recipient.kind,
      state: block === undefined ? 'queued' : 'blocked',
      class: block?.class ?? null,
      reply_code: null,
      reply_text: block?.detail ?? null,
      attempts: 0,
      next_attempt_at: block === undefined ? now : null,
      updated_at: now,
      dsn: recipient.dsn ?? null,
    }),
  ]
  if (block !== undefined) {
    writes.push(
      recordEvent({
        ...eventOf(message, 'blocked', now),
        delivery_id: recipient.deliveryId as DeliveryId,
        class: block.class,
        detail: block.detail,
      }),
    )
  } else if (message.campaignId !== undefined && message.submission.campaign?.deduplicate) {
    writes.push(
      insertCampaignRecipient({
        campaign_id: message.campaignId,
        address: normaliseAddress(recipient.address),
      }),
    )
  }
  return writes
}

function eventOf(message: PlannedMessage, kind: 'accepted' | 'blocked', now: number) {
  return {
    message_id: message.id,
    delivery_id: null,
    key_id: message.submission.keyId,
    kind,
    at: now,
    attempt_id: null,
    class: null,
    detail: null,
  }
}

function handedWork(
  message: PlannedMessage,
  group: PlannedGroup,
  going: readonly PlannedRecipient[],
  placement: Placement,
): HandedWork {
  const { submission } = message
  return {
    id: group.workId,
    lane: submission.lane,
    key: group.key,
    ref: message.id,
    attempts: 1,
    createdAt: placement.now,
    message: {
      id: message.id,
      keyId: submission.keyId,
      lane: submission.lane,
      priority: submission.priority,
      acceptedAt: placement.now,
      expiresAt: placement.expiresAt,
      envelopeFrom: submission.envelopeFrom,
      fromAddress: formatAddress(submission.from.address),
      sizeBytes: submission.content.length,
      options: submission.options,
    },
    recipients: going.map(({ deliveryId, text, dsn }) => {
      const recipient = { deliveryId: deliveryId as DeliveryId, address: text, attempts: 0 }
      return dsn === undefined ? recipient : { ...recipient, dsn }
    }),
    content: submission.content,
  }
}
