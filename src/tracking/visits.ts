/** The rows of opens, clicks and unsubscriptions: the visit, and the event that tells it. */
import type { CampaignId, DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import type { EventKind, Instant } from '../storage/schema.ts'
import { defineInsert, type Write } from '../storage/storage.ts'
import type { VisitKind } from '../storage/tables/tracking.ts'

export type Visit = {
  id: number
  kind: VisitKind
  keyId: KeyId
  campaignId: CampaignId | null
  messageId: MessageId
  deliveryId: DeliveryId
  at: Instant
  url: string
  position: number
  ip: string
  agent: string
  country: string
  machine: string | null
  listId: number
}

const insertVisit = defineInsert('visits', [
  'id',
  'kind',
  'key_id',
  'campaign_id',
  'message_id',
  'delivery_id',
  'at',
  'url',
  'position',
  'ip',
  'agent',
  'country',
  'machine',
  'list_id',
])
const recordVisitEvent = defineInsert('events', [
  'message_id',
  'delivery_id',
  'key_id',
  'kind',
  'at',
  'attempt_id',
  'class',
  'detail',
  'visit_id',
])

const eventKinds = {
  open: 'opened',
  click: 'clicked',
  unsubscribe: 'unsubscribed',
} as const satisfies Record<VisitKind, EventKind>

export function recordVisit(visit: Visit): Write[] {
  return [
    insertVisit({
      id: visit.id,
      kind: visit.kind,
      key_id: visit.keyId,
      campaign_id: visit.campaignId,
      message_id: visit.messageId,
      delivery_id: visit.deliveryId,
      at: visit.at,
      url: visit.url,
      position: visit.position,
      ip: visit.ip,
      agent: visit.agent,
      country: visit.country,
      machine: visit.machine,
      list_id: visit.listId,
    }),
    recordVisitEvent({
      message_id: visit.messageId,
      delivery_id: visit.deliveryId,
      key_id: visit.keyId,
      kind: eventKinds[visit.kind],
      at: visit.at,
      attempt_id: null,
      class: visit.machine,
      detail: visit.kind === 'click' ? visit.url : visit.agent,
      visit_id: visit.id,
    }),
  ]
}
