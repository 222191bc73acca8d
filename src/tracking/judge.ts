/**
 * Was it a person? (reference: deliverability.md §13.) Mail hosts load pictures and follow links to look at them, with
 * the agents of ordinary browsers. Nothing is thrown away: what looks like a machine is kept with the reason, and
 * counted apart.
 */
import { isbot } from 'isbot'

export type Machine =
  /** It says so itself. */
  | 'bot'
  /** It asked for the head alone. */
  | 'head-only'
  /** Sooner after the delivery than anybody reads. */
  | 'too-soon'
  /** It followed one link after the other. */
  | 'many-links'

/** They fetch for a person who looks, so that an open through them is one, although their names sound otherwise. */
const proxies = /GoogleImageProxy|YahooMailProxy|ggpht\.com/i

export function judge({
  method,
  agent,
  sinceDeliveryMs,
  scannerMs,
}: {
  method: string
  agent: string
  /** Undefined: it was not delivered yet, as far as we know. */
  sinceDeliveryMs: number | undefined
  /** Nobody is that fast. */
  scannerMs: number
}): Machine | undefined {
  if (method === 'HEAD') return 'head-only'
  if (agent === '' || (isbot(agent) && !proxies.test(agent))) return 'bot'
  if (scannerMs > 0 && (sinceDeliveryMs === undefined || sinceDeliveryMs < scannerMs)) return 'too-soon'
  return undefined
}

export const burstMs = 3_000
export const burstLinks = 3

/** Clicks of one message within a few seconds: those of a machine, which follows every link there is. */
export function isBurst(clicks: readonly { at: number; position: number }[]): boolean {
  const last = clicks.at(-1)
  if (last === undefined) return false
  const recent = clicks.filter(({ at }) => last.at - at < burstMs)
  return new Set(recent.map(({ position }) => position)).size >= burstLinks
}
