/** How often one network may look at pages that cost work: a whole office may stand behind one address. */
import { networkOf } from '../../accounts/failed-logins.ts'
import type { Clock } from '../../runtime/clock.ts'
import { createRecent } from '../../runtime/recent.ts'

export const visitWindowMs = 60_000
export const maxVisits = 300
const maxRemembered = 20_000

export type VisitLimit = {
  /** Counts a visit; returns 0, or how long that network has to wait. */
  waitMs(ip: string): number
}

export function createVisitLimit(clock: Pick<Clock, 'now'>): VisitLimit {
  const visitsOf = createRecent<string, { since: number; count: number }>({ max: maxRemembered })
  return {
    waitMs(ip) {
      const network = networkOf(ip)
      const now = clock.now()
      const known = visitsOf.get(network)
      const visits =
        known !== undefined && now - known.since < visitWindowMs ? known : { since: now, count: 0 }
      if (visits.count >= maxVisits) return visits.since + visitWindowMs - now
      visits.count += 1
      visitsOf.set(network, visits)
      return 0
    },
  }
}
