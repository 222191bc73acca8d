/** Messages and what became of them. */

export const deliveryStates = [
  'queued',
  'deferred',
  'held',
  'delivered',
  'failed',
  'blocked',
  'dropped',
] as const
export type DeliveryState = (typeof deliveryStates)[number]

export type ListedMessage = {
  id: number
  messageId: number
  acceptedAt: number
  from: string
  recipient: string
  subject: string
  state: DeliveryState
  class: string | null
  attempts: number
  nextAttemptAt: number | null
}

export type StoryDelivery = {
  id: number
  recipient: string
  kind: string
  state: DeliveryState
  class: string | null
  replyCode: number | null
  replyText: string | null
  attempts: number
  nextAttemptAt: number | null
  updatedAt: number
}

export type StoryAttempt = {
  id: number
  at: number
  durationMs: number
  host: string
  address: string
  tls: string
  transcript: string
}

export type StoryEvent = {
  id: number
  deliveryId: number | null
  kind: string
  at: number
  attemptId: number | null
  class: string | null
  detail: string | null
}

export type Story = {
  message: {
    id: number
    door: 'smtp' | 'api' | 'cli' | 'system'
    lane: 'transactional' | 'bulk'
    acceptedAt: number
    expiresAt: number
    from: string
    envelopeFrom: string
    subject: string
    messageId: string
    sizeBytes: number
    recipientCount: number
    customId: string | null
  }
  deliveries: StoryDelivery[]
  attempts: StoryAttempt[]
  events: StoryEvent[]
}
