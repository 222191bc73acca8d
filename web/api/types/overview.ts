/** The first page and going live. */

import type { QueueLane } from './queue.ts'

export type Overview = {
  hours: {
    at: number
    accepted: number
    delivered: number
    deferred: number
    bounced: number
    blocked: number
    complained: number
  }[]
  isComplete: boolean
  domains: { name: string; isActive: boolean; problem: string; lastCheckAt: number | null }[]
  queue: QueueLane[]
  attention: {
    id: AttentionId
    severity: 'bad' | 'warn' | 'info'
    subject: string
    detail: string
    /** What people call the subject, where that is a number. */
    name?: string
    /** The API key that its page is asked for. */
    key?: string
  }[]
}

export type AttentionId =
  | 'not-ready'
  | 'domain-unproved'
  | 'domain-records'
  | 'no-domain'
  | 'sender-waits'
  | 'server-warning'
  | 'queue-held'
  | 'queue-old'
  | 'webhook-failing'
  | 'webhook-dead'
  | 'campaign-stopped'
  | 'campaign-blocked'

export type GoLiveCheck = {
  id: string
  status: 'ok' | 'warn' | 'bad' | 'unknown'
  found: string
  mend: string
}
