/** Claims a lane's work as it becomes due, for a part that lives on: when woken, when the next is due, every second. */
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Wish } from './claim.ts'
import type { Queue } from './queue.ts'
import type { Work } from './work.ts'

export type LanePoller = {
  /** There is work, or room for work: look now. */
  wake(): void
  /** Waits for the claim under way, and for `take` to have what it claimed. */
  stop(): Promise<void>
}

// Other nodes, and people, may put work into the lane without telling us.
const lookAgainMs = 1_000

export function createLanePoller({
  queue,
  clock,
  log,
  lane,
  room,
  take,
}: {
  queue: Pick<Queue, 'claim' | 'nextDueAt'>
  clock: Clock
  log: Log
  lane: string
  /** How much may be claimed now; `maxItems: 0` for nothing. */
  room(): Omit<Wish, 'lane'>
  take(work: readonly Work[]): void | Promise<void>
}): LanePoller {
  let stopped = false
  let woken = false
  let pause: AbortController | undefined

  function wake() {
    woken = true
    pause?.abort()
  }

  /** True when it pays to look again at once. */
  async function claimOnce(): Promise<boolean> {
    const wish = room()
    if (wish.maxItems < 1) return false
    const work = await queue.claim({ ...wish, lane })
    if (work.length === 0) return false
    await take(work)
    return true
  }

  async function pauseMs(): Promise<number> {
    const now = clock.now()
    const dueAt = (await queue.nextDueAt(lane)) ?? Number.POSITIVE_INFINITY
    // What is due already was not claimed just now, so there is no room for it: that takes time, or a wake().
    return dueAt <= now ? lookAgainMs : Math.min(dueAt - now, lookAgainMs)
  }

  async function run() {
    let failing = false
    while (!stopped) {
      woken = false
      let pauseFor = lookAgainMs
      try {
        if (await claimOnce()) continue
        pauseFor = await pauseMs()
        failing = false
      } catch (err) {
        if (!failing) log.error({ err, lane }, 'cannot claim work; trying again every second')
        failing = true
      }
      if (woken || stopped) continue
      pause = new AbortController()
      await clock.sleep(pauseFor, pause.signal)
      pause = undefined
    }
  }

  const running = run()
  return {
    wake,
    async stop() {
      stopped = true
      wake()
      await running
    },
  }
}
