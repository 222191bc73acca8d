/**
 * What a site's answers teach us about its limits (reference/deliverability.md §5): trouble acts at once, clean time
 * gives back slowly. Each adjustment says why and until when, and an operator can lift it.
 */
import type { ReplyAction } from '../mail/reply-classes.ts'
import type { SiteLimits } from './site-limits.ts'

export type Adjustment = {
  kind: 'connections' | 'rate' | 'suspended'
  /** The remote's words that caused it. */
  reason: string
  since: number
  /** Holds fully until then; connections and rate come back step by step afterwards. */
  until: number
  /** connections: how many. rate: messages per minute. suspended: 0. */
  value: number
}

export type Adjustments = {
  active: readonly Adjustment[]
  /** When complaints that need repetition were heard. */
  heard: { slow: readonly number[]; blocked: readonly number[] }
}

export const noAdjustments: Adjustments = { active: [], heard: { slow: [], blocked: [] } }

const minute = 60_000
const hour = 60 * minute
const connectionsHoldMs = hour
const connectionGrowMs = 10 * minute
const rateHoldMs = 30 * minute
const firstRatePerMinute = 10
const complaintsNeeded = 2

export function adjust(
  adjustments: Adjustments,
  { action, reason, now }: { action: ReplyAction; reason: string; now: number },
): Adjustments {
  const { active, heard } = adjustments
  const put = (adjustment: Adjustment) => [
    ...active.filter(({ kind }) => kind !== adjustment.kind),
    adjustment,
  ]
  if (action === 'one-connection') {
    const adjustment = {
      kind: 'connections',
      reason,
      since: now,
      until: now + connectionsHoldMs,
      value: 1,
    } as const
    return { heard, active: put(adjustment) }
  }
  if (action === 'slow-site') {
    const slow = recent(heard.slow, now)
    const current = active.find(({ kind }) => kind === 'rate')
    // Answers to what was already under way when the rate fell say nothing about the new rate.
    if (current !== undefined && now - current.since < minute) return { active, heard: { ...heard, slow } }
    if (current === undefined && slow.length < complaintsNeeded) return { active, heard: { ...heard, slow } }
    const value = current === undefined ? firstRatePerMinute : Math.max(1, currentRate(current, now) / 2)
    const adjustment = { kind: 'rate', reason, since: now, until: now + rateHoldMs, value } as const
    return { active: put(adjustment), heard: { ...heard, slow } }
  }
  if (action === 'suspend-site') {
    const blocked = recent(heard.blocked, now)
    if (blocked.length < complaintsNeeded) return { active, heard: { ...heard, blocked } }
    const hours = /permanently deferred|all messages|will not succeed/i.test(reason) ? 4 : 2
    const adjustment = { kind: 'suspended', reason, since: now, until: now + hours * hour, value: 0 } as const
    return { active: put(adjustment), heard: { ...heard, blocked } }
  }
  return adjustments
}

function recent(times: readonly number[], now: number): number[] {
  return [...times.filter((time) => now - time < hour), now].slice(-10)
}

/** Doubles after each clean half hour. */
function currentRate({ value, until }: Adjustment, now: number): number {
  return now < until ? value : value * 2 ** (1 + Math.floor((now - until) / rateHoldMs))
}

/** The limits that hold now. `suspendedUntil` is 0 when the site may be used. */
export function effectiveLimits(
  limits: SiteLimits,
  { active }: Adjustments,
  now: number,
): SiteLimits & { suspendedUntil: number } {
  let { connections, messagesPerSecond } = limits
  let suspendedUntil = 0
  for (const adjustment of active) {
    if (adjustment.kind === 'suspended') {
      if (now < adjustment.until) suspendedUntil = adjustment.until
    } else if (adjustment.kind === 'rate') {
      messagesPerSecond = Math.min(messagesPerSecond, currentRate(adjustment, now) / 60)
    } else {
      const grown = now < adjustment.until ? 0 : 1 + Math.floor((now - adjustment.until) / connectionGrowMs)
      connections = Math.min(connections, adjustment.value + grown)
    }
  }
  return { ...limits, connections, messagesPerSecond, suspendedUntil }
}

/** Without those that limit nothing any more. */
export function dropSpent(adjustments: Adjustments, limits: SiteLimits, now: number): Adjustments {
  const active = adjustments.active.filter((adjustment) => {
    const alone = effectiveLimits(limits, { ...adjustments, active: [adjustment] }, now)
    if (adjustment.kind === 'suspended') return alone.suspendedUntil > 0
    if (adjustment.kind === 'connections') return alone.connections < limits.connections
    // A site without a rate of its own is free again once a hundred messages a second went well.
    return alone.messagesPerSecond < Math.min(limits.messagesPerSecond, 100)
  })
  return active.length === adjustments.active.length ? adjustments : { ...adjustments, active }
}
