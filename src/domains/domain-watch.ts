/** Looks at the records of every domain now and then, so that one that breaks is noticed before its owner's readers do. */

import type { DomainId } from '../mail/ids.ts'
import { createLaneWorker, type LaneWorker } from '../queue/lane-worker.ts'
import type { Queue } from '../queue/queue.ts'
import type { Work } from '../queue/work.ts'
import { guardLease, guardReschedule } from '../queue/writes.ts'
import { Refused } from '../runtime/refused.ts'
import { checkDomain } from './check-domain.ts'
import { checkLane, nextCheckDelay } from './check-schedule.ts'
import type { DomainsContext } from './context.ts'

const atOnce = 4

export function watchDomains(
  ctx: DomainsContext,
  { queue }: { queue: Pick<Queue, 'claim' | 'nextDueAt'> },
): LaneWorker {
  const { storage, clock, log } = ctx

  async function check(work: Work): Promise<void> {
    const lease = { id: work.id, owner: storage.nodeId }
    const delayMs = await delayAfterCheck(work)
    const guard =
      delayMs === undefined ? guardLease(lease) : guardReschedule({ ...lease, due_at: clock.now() + delayMs })
    await storage.commit({ guards: [guard], writes: [] })
  }

  /** Undefined when there is nothing to look at any more. */
  async function delayAfterCheck({ ref, createdAt }: Work): Promise<number | undefined> {
    const ageMs = clock.now() - createdAt
    try {
      const { domain } = await checkDomain(ctx, ref as DomainId)
      const isRight = domain.dkimStatus === 'ok' && domain.spfStatus === 'ok'
      return nextCheckDelay({ isRight, ageMs })
    } catch (error) {
      if (error instanceof Refused && error.code === 'not-found') return undefined
      log.error({ err: error, domainId: ref }, 'the check of a domain failed')
      return nextCheckDelay({ isRight: true, ageMs })
    }
  }

  return createLaneWorker({ storage, queue, clock, log, lane: checkLane, atOnce, handle: check })
}
