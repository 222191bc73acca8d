/** Does the work of a lane as it becomes due, so many items at a time. */
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { createLanePoller } from './lane-poller.ts'
import type { Queue } from './queue.ts'
import type { Work } from './work.ts'

export type LaneWorker = {
  /** Waits for what is being done. */
  stop(): Promise<void>
}

export function createLaneWorker({
  queue,
  clock,
  log,
  lane,
  atOnce,
  handle,
}: {
  queue: Pick<Queue, 'claim' | 'nextDueAt'>
  clock: Clock
  log: Log
  lane: string
  atOnce: number
  /** Settles the lease. What it throws is logged, and the work waits until this process has ended. */
  handle(work: Work): Promise<void>
}): LaneWorker {
  const running = new Set<Promise<void>>()
  const poller = createLanePoller({
    queue,
    clock,
    log,
    lane,
    room: () => ({ maxItems: atOnce - running.size, maxPerKey: atOnce }),
    take(works) {
      for (const work of works) {
        const done = handle(work)
          .catch((error: unknown) => log.error({ err: error, lane, ref: work.ref }, 'work was not settled'))
          .finally(() => {
            running.delete(done)
            poller.wake()
          })
        running.add(done)
      }
    },
  })
  return {
    async stop() {
      await poller.stop()
      await Promise.all(running)
    },
  }
}
