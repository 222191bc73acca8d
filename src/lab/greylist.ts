/** Greylisting as receivers do it: a sender and recipient not seen before are asked to come back later. */
import type { Clock } from '../runtime/clock.ts'

/** More pairs than this and the oldest is forgotten: it is greeted as a stranger again. */
const maxPairs = 10_000

export function createGreylist({ waitMs, clock }: { waitMs: number; clock: Clock }) {
  const firstSeen = new Map<string, number>()
  return {
    /** Milliseconds still to wait; 0 means welcome. */
    remaining(sender: string, recipient: string): number {
      const pair = `${sender}\n${recipient}`
      const now = clock.now()
      const since = firstSeen.get(pair)
      if (since !== undefined) return Math.max(0, since + waitMs - now)
      if (firstSeen.size >= maxPairs) {
        const [oldest] = firstSeen.keys()
        if (oldest !== undefined) firstSeen.delete(oldest)
      }
      firstSeen.set(pair, now)
      return waitMs
    },
  }
}
