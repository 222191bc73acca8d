/** A bucket that fills at a rate: how long until the next thing may happen. Holds one second's worth, at least one. */
import type { Clock } from '../runtime/clock.ts'

export function createTokens(clock: Clock) {
  let tokens = 1
  let filledAt = clock.now()

  return {
    /** 0 when it may happen now. */
    waitMs(perSecond: number): number {
      if (perSecond === Number.POSITIVE_INFINITY) return 0
      const now = clock.now()
      tokens = Math.min(Math.max(1, perSecond), tokens + ((now - filledAt) / 1_000) * perSecond)
      filledAt = now
      // Rounding must not ask for a wait of nothing, over and over.
      return tokens >= 0.999 ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1_000)
    },
    take(): void {
      tokens = Math.max(0, tokens - 1)
    },
  }
}
