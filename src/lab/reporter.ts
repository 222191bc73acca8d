/**
 * Complaints and late bounces of the simulated mailboxes: composed, and sent over SMTP to the MX of the return path
 * as the lab's DNS knows it. They wait in memory only: they are part of the simulated world, not mail of ours.
 */

import { type Address, formatAddress } from '../mail/address.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { composeBounce, composeSpamComplaint, type ReportedMessage } from './report-texts.ts'

export type Reporter = {
  complain(message: ReportedMessage): void
  bounce(message: ReportedMessage): void
  counters(): { reportsWaiting: number; reportsSent: number; reportsFailed: number }
  stop(): Promise<void>
}

/** Hands a message with the null sender to the mail host of `to`; throws when it was not taken. */
export type SendReport = (message: { to: Address; content: Buffer }) => Promise<void>

const maxWaitingBytes = 32 * 1024 * 1024
const maxTries = 3
const retryMs = 5_000

export function createReporter({
  send,
  delayMs,
  clock,
  log,
}: {
  send: SendReport
  delayMs: number
  clock: Clock
  log: Log
}): Reporter {
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  let waitingBytes = 0
  let sent = 0
  let failed = 0

  async function deliver(to: Address, content: Buffer): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      await clock.sleep(tries === 1 ? delayMs : retryMs, stopping.signal)
      if (stopping.signal.aborted) return
      try {
        await send({ to, content })
        sent += 1
        return
      } catch (error) {
        if (tries < maxTries) continue
        failed += 1
        log.warn({ err: error, to: formatAddress(to) }, 'lab report could not be sent')
        return
      }
    }
  }

  function schedule(to: Address, content: Buffer): void {
    if (waitingBytes + content.length > maxWaitingBytes) {
      failed += 1
      return
    }
    waitingBytes += content.length
    const task = deliver(to, content).finally(() => {
      waitingBytes -= content.length
      running.delete(task)
    })
    running.add(task)
  }

  return {
    complain: (message) => schedule(message.sender, composeSpamComplaint(message, clock.now())),
    bounce: (message) => schedule(message.sender, composeBounce(message, clock.now())),
    counters: () => ({ reportsWaiting: running.size, reportsSent: sent, reportsFailed: failed }),
    async stop() {
      stopping.abort()
      await Promise.all(running)
    },
  }
}
