/** What webhooks need of the rest of the program. */
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { SafePost } from '../runtime/safe-post.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Storage } from '../storage/storage.ts'
import type { ToldEvent } from './read-events.ts'
import type { ToldMail } from './read-mail.ts'
import type { EventTopic } from './topics.ts'

export type WebhooksContext = {
  storage: Storage
  clock: Clock
  log: Log
  seal: Seal
  post: SafePost
  /** The wire format. */
  format: WebhookFormat
  /** Where addresses are made for mail that goes to programs. */
  mailDomain: string
  /** How long calls are remembered. */
  logDays: number
  /** There are calls to make: look now. */
  wakeCalls(): void
}

export type WebhookFormat = {
  event(event: ToldEvent): object
  mail(mail: ToldMail): object
  /** An event that did not happen, for trying. */
  sample(topic: EventTopic, at: number): object
  sampleMail(address: string, at: number): object
}
