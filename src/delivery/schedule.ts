/** When a deferred recipient is tried again. */

export type RetrySchedule = {
  /** After the first, second, … attempt. */
  delaysMs: readonly number[]
  /** After all further ones. */
  repeatMs: number
  /** Each delay is spread by this share to both sides, so that what failed together does not come back together. */
  jitter: number
  /** Greylisting is answered soonest within this window, whatever `delaysMs` says. */
  greylistMs: readonly [earliest: number, latest: number]
}

const minute = 60_000
const hour = 60 * minute

/** reference/deliverability.md §6: about twenty attempts in three days; the last step is 4 to 6 hours. */
export const defaultSchedule: RetrySchedule = {
  delaysMs: [1 * minute, 5 * minute, 15 * minute, 30 * minute, 1 * hour, 2 * hour, 4 * hour],
  repeatMs: 5 * hour,
  jitter: 0.2,
  greylistMs: [5 * minute, 15 * minute],
}

// A remote that asks for more than this is not believed: it must not decide how long our mail lives.
const longestWishMs = 24 * hour

/** Greylisting that lasted this many attempts is treated like any other deferral. */
const greylistAttempts = 3

export type Deferral = {
  class: string
  /** What the remote asked for. */
  retryAfterMs?: number
}

/** `attempts` includes the one that was just made; `random` is in [0, 1). */
export function nextAttemptAt(
  schedule: RetrySchedule,
  { attempts, now, deferral, random }: { attempts: number; now: number; deferral: Deferral; random: number },
): number {
  const wish = Math.min(deferral.retryAfterMs ?? 0, longestWishMs)
  if (deferral.class === 'greylisted' && attempts <= greylistAttempts) {
    const [earliest, latest] = schedule.greylistMs
    const spread = (latest - earliest) * random
    // Just after the time the remote named is soonest; the spread is for many messages that wait for the same.
    return Math.round(now + (wish > earliest ? wish + spread / 10 : earliest + spread / 2))
  }
  const delay = schedule.delaysMs[attempts - 1] ?? schedule.repeatMs
  const spread = 1 + schedule.jitter * (2 * random - 1)
  return Math.round(now + Math.max(delay * spread, wish))
}
