/** Does the work of a lane as it becomes due, so many items at a time. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { type Storage, StorageUnavailable } from '../storage/storage.ts'
import { createLanePoller } from './lane-poller.ts'
import type { Queue } from './queue.ts'
import type { Work } from './work.ts'
import { guardReschedule } from './writes.ts'

export type LaneWorker = {
  /** There is work: look now. */
  wake(): void
  /** Takes nothing new; resolves when what is being done has ended. */
  stop(): Promise<void>
}

/** How long work waits that ended in an error. */
const againMs = 60_000
const storagePauseMs = 1_000

export function createLaneWorker({
  storage,
  queue,
  clock,
  log,
  lane,
  atOnce,
  maxPerKey = atOnce,
  handle,
}: {
  storage: Pick<Storage, 'commit' | 'nodeId'>
  queue: Pick<Queue, 'claim' | 'nextDueAt'>
  clock: Clock
  log: Log
  lane: string
  atOnce: number
  maxPerKey?: number
  /** Settles the lease. What it throws is logged, and the work is due again in a minute. */
  handle(work: Work): Promise<void>
}): LaneWorker {
  const running = new Set<Promise<void>>()
  const stopping = new AbortController()
  const poller = createLanePoller({
    queue,
    clock,
    log,
    lane,
    room: () => ({ maxItems: atOnce - running.size, maxPerKey }),
    take(works) {
      for (const work of works) {
        const done = run(work).finally(() => {
          running.delete(done)
          poller.wake()
        })
        running.add(done)
      }
    },
  })

  async function run(work: Work): Promise<void> {
    try {
      await handle(work)
    } catch (error) {
      log.error({ err: error, lane, ref: work.ref, tries: work.attempts }, 'work failed; it is tried again')
      await putBack(work)
    }
  }

  /** As often as it takes: what stays leased to us, nobody goes on with until this process has ended. */
  async function putBack(work: Work): Promise<void> {
    for (;;) {
      try {
        const lease = { id: work.id, owner: storage.nodeId, due_at: clock.now() + againMs }
        await storage.commit({ guards: [guardReschedule(lease)], writes: [] })
        return
      } catch (error) {
        // When we stop, all leases that are ours are released.
        if (!(error instanceof StorageUnavailable) || stopping.signal.aborted) {
          log.error({ err: error, lane, ref: work.ref }, 'work could not be put back')
          return
        }
        await delay(storagePauseMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      }
    }
  }

  return {
    wake: poller.wake,
    async stop() {
      await poller.stop()
      stopping.abort()
      await Promise.all(running)
    },
  }
}
