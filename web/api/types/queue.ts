/** What waits. */

import type { DeliveryState } from './messages.ts'

export type QueuedDelivery = {
  id: number
  messageId: number
  from: string
  recipient: string
  subject: string
  lane: 'transactional' | 'bulk'
  state: DeliveryState
  class: string | null
  replyText: string | null
  attempts: number
  nextAttemptAt: number | null
  acceptedAt: number
  expiresAt: number
  isBeingSent: boolean
}

export type QueueAction = 'retry' | 'hold' | 'release' | 'drop'

export type QueueLane = { lane: string; due: number; waiting: number; leased: number; held: number }

export type WaitingSite = {
  domain: string
  name: string
  due: number
  waiting: number
  sending: number
  held: number
  oldestAt: number
  nextAttemptAt: number | null
  lastReply: string | null
}
