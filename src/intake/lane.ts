/** In which queue a message waits. */
import type { Lane } from '../storage/schema.ts'
import type { MessageOptions } from './submission.ts'

/**
 * The low queue carries what its sender marked as less urgent or as mass mail (reference/send-api.md, Priority
 * semantics; reference/mass-mailing.md): it never delays the other. Mass mail may have an outgoing server of its own
 * as well, so what it is goes along with the message.
 */
export function laneFor({ priority, bulk }: { priority: number; bulk: boolean }): Lane {
  return priority < 2 || bulk ? 'bulk' : 'transactional'
}

/** What it is goes along with the message. */
export function withBulk(options: MessageOptions, bulk: boolean): MessageOptions {
  return bulk ? { ...options, bulk } : { ...options }
}
