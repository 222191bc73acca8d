/** Programs that are told what happens, or that mail came for them. */
import type { Generated } from 'kysely'
import type { CallId, InboxId, KeyId, WebhookId } from '../../mail/ids.ts'
import type { Flag, Instant } from '../schema.ts'

export interface WebhookTables {
  webhooks: {
    id: WebhookId
    key_id: KeyId
    /** What it is told: events of one topic, or the mail to one address. */
    kind: 'events' | 'mail'
    /** Of events: webhooks/topics.ts. Of mail: the address, normalised. */
    topic: string
    /** Of mail: the address as its owner wrote it, or as it was made. */
    address: string | null
    /** 1: takes over while the other one of its topic is dead. */
    is_backup: Flag
    /** With its login; sealed with the instance key (runtime/seal.ts), as are the secrets. */
    url_sealed: string
    /** 2: several events a call, in an array. */
    version: 1 | 2
    state: 'alive' | 'dead'
    /** Signs the bodies. */
    secret_sealed: string
    /** The one before it signs too, until then. */
    old_secret_sealed: string | null
    old_secret_until: Instant | null
    /** Events up to this one happened before it was there. */
    after_event_id: number
    created_at: Instant
    /** Of its latest run of calls; written at its end. */
    failing_since: Instant | null
    failed_runs: number
    last_success_at: Instant | null
    /** What went wrong latest, for people; '' when nothing did. */
    last_problem: string
    dead_since: Instant | null
    /** Since when it may have missed something, and nobody has sent that again. */
    missed_since: Instant | null
    /** Touched by everybody who owes it a call or says that none is owed, so that they wait for each other. */
    touched_at: Instant
  }
  /** What is owed to a webhook: one POST each. */
  webhook_calls: {
    id: CallId
    webhook_id: WebhookId
    /** JSON; null: it is made of the mail. */
    body: string | null
    inbox_id: InboxId | null
    /** How many events are in it. */
    events: number
    is_replay: Flag
    due_at: Instant
    /** Begun. */
    attempts: number
    first_failed_at: Instant | null
    /** When the first of what it tells happened. */
    created_at: Instant
  }
  /** Each POST with its answer. */
  webhook_tries: {
    id: Generated<number>
    webhook_id: WebhookId
    /** Null: a test. */
    call_id: CallId | null
    attempt: number
    at: Instant
    duration_ms: number
    /** HTTP status; null when there was no answer. */
    status: number | null
    outcome: 'delivered' | 'failed' | 'given-up'
    /** Why there was no answer, for people. */
    problem: string
    /** The beginning of the answer. */
    answer: string
    events: number
    size_bytes: number
    /** The beginning of what was sent. */
    body: string
  }
  /** How far the events have been read for webhooks. */
  webhook_progress: { name: string; last_id: number }
}
