/** Claims stored work whenever there is room for it: when woken, and every second for what has become due. */
import type { Work } from '../queue/work.ts'
import type { Log } from '../runtime/log.ts'
import type { Lane } from '../storage/schema.ts'
import { StorageUnavailable } from '../storage/storage.ts'

/** What delivery needs of the queue. */
export type DeliveryQueue = {
  claim(wish: {
    lane: Lane
    maxItems: number
    maxPerKey: number
    skipKeys?: readonly string[]
  }): Promise<Work[]>
  /** When the next item of the lane is due, if any waits. */
  nextDueAt(lane: Lane): Promise<number | null | undefined>
}

export type ClaimLoop = {
  wake(): void
  /** Work left memory: there may be room for more. */
  roomFreed(): void
  /** True while a claim runs, or its work is being read. */
  isClaiming(): boolean
  stop(): Promise<void>
}

const lanes: readonly Lane[] = ['transactional', 'bulk']
const mostAtOnce = 100
const mostPerKey = 50
/** Claiming one by one, as work leaves, would cost a statement for each. */
const worthClaiming = 25
const checkEveryMs = 1_000

export function createClaimLoop({
  queue,
  log,
  room,
  skipKeys,
  take,
}: {
  queue: DeliveryQueue
  log: Log
  /** Work that may be taken now. */
  room(lane: Lane): number
  /** Keys whose work could not go now. */
  skipKeys(): readonly string[]
  take(claimed: readonly Work[]): Promise<void>
}): ClaimLoop {
  let stopped = false
  let claiming = false
  /** The last claim was cut short by lack of room: there is probably more. */
  let wantsMore = false
  let woken = false
  let wakeUp: (() => void) | undefined

  function wake(): void {
    woken = true
    wakeUp?.()
  }

  function pause(): Promise<void> {
    if (woken || stopped) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, checkEveryMs)
      wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function claimOnce(): Promise<boolean> {
    let claimedAny = false
    wantsMore = false
    for (const lane of lanes) {
      const maxItems = Math.min(room(lane), mostAtOnce)
      if (maxItems <= 0) {
        wantsMore = true
        continue
      }
      const claimed = await queue.claim({ lane, maxItems, maxPerKey: mostPerKey, skipKeys: skipKeys() })
      if (claimed.length === 0) continue
      claimedAny = true
      await take(claimed)
    }
    return claimedAny
  }

  async function run(): Promise<void> {
    while (!stopped) {
      woken = false
      claiming = true
      let claimedAny = false
      try {
        claimedAny = await claimOnce()
      } catch (error) {
        if (!(error instanceof StorageUnavailable)) log.error({ err: error }, 'claiming work failed')
      } finally {
        claiming = false
      }
      if (!claimedAny) await pause()
      wakeUp = undefined
    }
  }

  const running = run()
  return {
    wake,
    roomFreed() {
      if (wantsMore && !claiming && room('transactional') >= worthClaiming) wake()
    },
    isClaiming: () => claiming,
    async stop() {
      stopped = true
      wake()
      await running
    },
  }
}
