/**
 * Messages whose recipients come in batches, each with a content of its own: what a campaign puts through the one door.
 * One row and one body, however many they are; the recipients' deliveries, work and events are stored batch by batch.
 */
import type { SuppressionCheck } from '../contacts/suppression-check.ts'
import { blockFor } from '../contacts/suppressions.ts'
import { makeDeliveryUuid } from '../events/delivery-uuid.ts'
import { recordEvent } from '../events/record.ts'
import { formatAddress } from '../mail/address.ts'
import type { DeliveryId, MessageId, WorkId } from '../mail/ids.ts'
import { never } from '../queue/work.ts'
import { insertWork } from '../queue/writes.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Lane } from '../storage/schema.ts'
import { type Commit, defineUpdate, type Storage, type Write } from '../storage/storage.ts'
import type { Intake, LateRecipient, NewOpenMessage, OpenMessage } from './draft.ts'
import { type HandedWork, type HandOver, sizeInMemory } from './hand-over.ts'
import { insertBody, insertDelivery, insertMessage } from './store.ts'
import { makeSubmissionUuid } from './submission-uuid.ts'

const updateMessage = defineUpdate('messages', ['recipient_count', 'expires_at'], ['id'])

const lane: Lane = 'bulk'
const priority = 2

export function createLateRecipients({
  storage,
  clock,
  handOver,
  suppressions,
  makeMessageId,
  lifetimeMs,
  metrics,
}: {
  storage: Storage
  clock: Clock
  handOver: HandOver
  suppressions: Pick<SuppressionCheck, 'among'> | undefined
  makeMessageId(domain: string): string
  lifetimeMs: Record<Lane, number>
  metrics: {
    accepted(lane: Lane, recipients: number): void
    blocked(reason: string, recipients: number): void
  }
}): Pick<Intake, 'openMessage' | 'addRecipients'> {
  return {
    async openMessage(
      { keyId, from, subject, campaignId, options: given, compose }: NewOpenMessage,
      together,
    ) {
      const options = { ...given, recipientLifetimeMs: lifetimeMs[lane] }
      const id = (await storage.reserveIds(1)) as MessageId
      const now = clock.now()
      const messageId = makeMessageId(from.address.domain)
      const content = compose({ messageId, now })
      const { guards = [], writes } = together(id)
      const message: OpenMessage = {
        ...{ id, keyId, content, options },
        acceptedAt: now,
        fromAddress: formatAddress(from.address),
        recipientCount: 0,
      }
      const result = await storage.commit({
        guards,
        writes: [
          insertMessage({
            ...{ id, lane, priority, subject },
            key_id: keyId,
            door: 'campaign',
            accepted_at: now,
            expires_at: now + lifetimeMs[lane],
            envelope_from: '',
            from_address: message.fromAddress,
            header_message_id: messageId,
            size_bytes: content.length,
            recipient_count: 0,
            custom_id: null,
            event_payload: null,
            campaign_id: campaignId,
            options: JSON.stringify(options),
            submission_uuid: makeSubmissionUuid(now),
          }),
          insertBody({ message_id: id, content }),
          ...writes,
        ],
      })
      return result === 'applied' ? message : undefined
    },

    async addRecipients(message, recipients, together) {
      if (recipients.length === 0) return (await storage.commit(together([]))) === 'applied'
      const firstId = await storage.reserveIds(2 * recipients.length)
      const now = clock.now()
      // Those who get it late have as much time as the first; of the message it is the time of the last.
      const expiresAt = now + (message.options.recipientLifetimeMs ?? lifetimeMs[lane])
      const blocked = await suppressions?.among(
        message.keyId,
        recipients.map(({ address }) => address),
        { isBulk: true },
      )
      const placed = recipients.map((recipient, place) => ({
        recipient,
        deliveryId: (firstId + 2 * place) as DeliveryId,
        workId: (firstId + 2 * place + 1) as WorkId,
        text: formatAddress(recipient.address),
        reason: blocked?.get(place),
        isHanded: false,
      }))
      let reserved: number[] = []
      for (const one of placed) {
        if (one.reason !== undefined) continue
        const sizeBytes = sizeInMemory({ content: message.content, recipients: [one] })
        one.isHanded = handOver.tryReserve(sizeBytes, lane)
        if (one.isHanded) reserved.push(sizeBytes)
      }
      const { guards = [], writes } = together(placed.map(({ deliveryId }) => deliveryId))
      const count = message.recipientCount + recipients.length
      const ofMessage = { message_id: message.id, key_id: message.keyId, at: now, attempt_id: null }
      const commit: Commit = {
        isPatient: true,
        guards,
        // By statement, so that PostgreSQL runs few for all of them.
        writes: [
          updateMessage({ id: message.id, recipient_count: count, expires_at: expiresAt }),
          ...placed.map((one) => {
            const block = one.reason === undefined ? undefined : blockFor(one.text, one.reason)
            return insertDelivery({
              id: one.deliveryId,
              message_id: message.id,
              key_id: message.keyId,
              work_id: block === undefined ? one.workId : (0 as WorkId),
              uuid: makeDeliveryUuid(one.deliveryId),
              recipient: one.text,
              recipient_kind: 'to',
              state: block === undefined ? 'queued' : 'blocked',
              class: block?.class ?? null,
              reply_code: null,
              reply_text: block?.detail ?? null,
              attempts: 0,
              next_attempt_at: block === undefined ? now : null,
              updated_at: now,
              dsn: null,
            })
          }),
          ...placed.flatMap(({ reason, workId, isHanded, recipient }): Write[] =>
            reason === undefined
              ? [
                  insertWork({
                    id: workId,
                    lane,
                    key: keyOf(recipient, message),
                    due_at: isHanded ? never : now,
                    owner: isHanded ? storage.nodeId : null,
                    attempts: isHanded ? 1 : 0,
                    held_at: null,
                    ref: message.id,
                    created_at: now,
                  }),
                ]
              : [],
          ),
          ...placed.map(({ deliveryId }) =>
            recordEvent({
              ...ofMessage,
              delivery_id: deliveryId,
              kind: 'accepted',
              class: null,
              detail: null,
            }),
          ),
          ...placed.flatMap(({ deliveryId, reason, text }): Write[] =>
            reason === undefined
              ? []
              : [
                  recordEvent({
                    ...ofMessage,
                    delivery_id: deliveryId,
                    kind: 'blocked',
                    ...blockFor(text, reason),
                  }),
                ],
          ),
          ...writes,
        ],
      }
      try {
        if ((await storage.commit(commit)) === 'lost') return false
        reserved = []
      } finally {
        for (const sizeBytes of reserved) handOver.unreserve(sizeBytes)
      }
      let isWaiting = false
      for (const { recipient, deliveryId, workId, text, reason, isHanded } of placed) {
        if (!isHanded) isWaiting ||= reason === undefined
        else handOver.take(handedWork({ message, recipient, deliveryId, workId, text, now, expiresAt }))
      }
      if (isWaiting) handOver.wake()
      metrics.accepted(lane, recipients.length)
      if (blocked !== undefined && blocked.size > 0) metrics.blocked('suppressed', blocked.size)
      message.recipientCount = count
      return true
    },
  }
}

/** As of all mail: turns are taken per domain and, within it, per API key. */
function keyOf({ address }: LateRecipient, { keyId }: OpenMessage): string {
  return `${address.domain} ${keyId}`
}

function handedWork({
  message,
  recipient,
  deliveryId,
  workId,
  text,
  now,
  expiresAt,
}: {
  message: OpenMessage
  recipient: LateRecipient
  deliveryId: DeliveryId
  workId: WorkId
  text: string
  now: number
  expiresAt: number
}): HandedWork {
  const { id, keyId, fromAddress, options, content } = message
  return {
    id: workId,
    lane,
    key: keyOf(recipient, message),
    ref: id,
    attempts: 1,
    createdAt: now,
    message: {
      ...{ id, keyId, lane, priority, acceptedAt: now, expiresAt, fromAddress, options },
      envelopeFrom: '',
      sizeBytes: content.length,
    },
    recipients: [{ deliveryId, address: text, attempts: 0, person: recipient.person }],
    content,
  }
}
