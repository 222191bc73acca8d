/** What `/api/webhooks` and `/api/parse-routes` show. */

export const eventTopics = [
  'delivered',
  'opened',
  'clicked',
  'bounced',
  'blocked',
  'complained',
  'unsubscribed',
] as const

export type EventTopic = (typeof eventTopics)[number]

export type Webhook = {
  id: number
  kind: 'events' | 'mail'
  topic: string
  address: string | null
  url: string
  isBackup: boolean
  version: 1 | 2
  state: 'alive' | 'dead'
  createdAt: number
  failingSince: number | null
  lastSuccessAt: number | null
  lastProblem: string
  deadSince: number | null
  missedSince: number | null
  waiting: number
}

export type WebhookCall = {
  id: number
  at: number
  attempt: number
  isTest: boolean
  outcome: 'delivered' | 'failed' | 'given-up'
  status: number | null
  problem: string
  durationMs: number
  events: number
  sizeBytes: number
  body: string
  answer: string
}

export type WebhookTest = {
  isDelivered: boolean
  status: number | null
  problem: string
  answer: string
  durationMs: number
}
