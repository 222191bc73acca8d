/** Ends of work that no remote had a say in, with the words for its story. */
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { OutboundWork } from './outbound.ts'
import type { Plan } from './plan.ts'
import { asRemarks, whySuspended } from './remarks.ts'
import type { Settler } from './settler.ts'
import type { Signed, SignedMail } from './signer.ts'

/** Until when nothing may be sent, and the words that led to it. */
export type Suspension = { until: number; reason: string }

/** As those of the settler: all resolve with true, and never reject. */
export type Endings = {
  unsigned(work: OutboundWork, signed: Exclude<Signed, SignedMail>, remarks: readonly string[]): Promise<true>
  tooLarge(work: OutboundWork, facts: { text: string; plan: Plan; remarks: readonly string[] }): Promise<true>
  suspended(work: OutboundWork, plan: Plan, suspension: Suspension): Promise<true>
}

export function createEndings({
  settler,
  clock,
  log,
}: {
  settler: Settler
  clock: Clock
  log: Log
}): Endings {
  return {
    async unsigned(work, signed, remarks) {
      if ('block' in signed) return settler.blocked(work, signed.block)
      const { problem } = signed
      log.error({ messageId: work.message.id, problem }, 'not signed')
      const why = [...remarks, problem, 'not sent, because nothing goes out unsigned']
      return settler.untried(work, {
        ...{ kind: 'deferred', class: 'signing', text: problem },
        transcript: asRemarks(why),
      })
    },
    tooLarge: (work, { text, plan: { server }, remarks }) =>
      settler.untried(work, {
        ...{ kind: 'failed', class: 'too-large', text },
        serverId: server?.id ?? null,
        transcript: asRemarks([...remarks, text]),
      }),
    suspended(work, plan, { until, reason }) {
      // Spread, so that not everything comes back in the same second.
      const spreadMs = Math.min(60_000, until - clock.now()) * Math.random()
      return settler.postponed(work, {
        until: Math.round(until + spreadMs),
        eventClass: plan.server === undefined ? 'throttled' : 'connection',
        reason: whySuspended(plan, reason),
      })
    },
  }
}
