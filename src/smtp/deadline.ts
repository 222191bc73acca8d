/** How long the client may take for what it is doing. A number that is looked at, because timers would cost more. */
import type { SmtpLimits } from './limits.ts'

export type Deadline = ReturnType<typeof createDeadline>

export function createDeadline(limits: SmtpLimits, now: () => number) {
  let at = Number.POSITIVE_INFINITY
  let messageAt = Number.POSITIVE_INFINITY

  function after(ms: number) {
    at = now() + ms
  }

  /** A piece of the message has come. */
  function expectMessage() {
    at = Math.min(now() + limits.dataTimeoutMs, messageAt)
  }

  return {
    after,
    expectMessage,
    /** From one complete command to the next: single bytes gain no time. */
    expectCommand: () => after(limits.idleTimeoutMs),
    startMessage() {
      messageAt = now() + limits.messageTimeoutMs
      expectMessage()
    },
    /** It is our turn. */
    none() {
      at = Number.POSITIVE_INFINITY
    },
    hasPassed: (time: number) => time >= at,
  }
}
