/** The numbers that are kept, in one order everywhere. */
import type { StatMetrics, StatResolution } from '../storage/tables/statistics.ts'

export const metricNames = [
  'processed',
  'sent',
  'blocked',
  'soft_bounced',
  'hard_bounced',
  'deferred',
  'opened',
  'clicked',
  'unsubscribed',
  'complained',
  'opens',
  'clicks',
  'unsubscriptions',
  'complaints',
  'open_delay',
  'click_delay',
  'machine_opens',
  'machine_clicks',
] as const satisfies readonly (keyof StatMetrics)[]

export type Delta = Partial<Record<keyof StatMetrics, number>>

export function noMetrics(): StatMetrics {
  return Object.fromEntries(metricNames.map((name) => [name, 0])) as Record<keyof StatMetrics, number>
}

export function addTo(metrics: StatMetrics, delta: Delta): void {
  for (const name of metricNames) metrics[name] += delta[name] ?? 0
}

/** Waiting ones are those that nothing else is told of. */
export function queuedOf(metrics: StatMetrics): number {
  const { processed, sent, blocked, soft_bounced: soft, hard_bounced: hard, deferred } = metrics
  return Math.max(0, processed - sent - blocked - soft - hard - deferred)
}

const minute = 60_000

export const sliceMs = {
  'five-minutes': 5 * minute,
  hour: 60 * minute,
  day: 24 * 60 * minute,
} as const satisfies Record<Exclude<StatResolution, 'lifetime'>, number>

export const resolutions = [
  'five-minutes',
  'hour',
  'day',
  'lifetime',
] as const satisfies readonly StatResolution[]

export function sliceOf(at: number, resolution: StatResolution): number {
  if (resolution === 'lifetime') return 0
  return at - (at % sliceMs[resolution])
}
