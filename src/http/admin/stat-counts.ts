/** Counts as `/api/stats` shows them. */
import { z } from 'zod'
import { queuedOf } from '../../stats/metrics.ts'
import type { StatMetrics } from '../../storage/tables/statistics.ts'

export const counts = z.object({
  processed: z.number().describe('Messages accepted, one for each recipient'),
  queued: z.number(),
  sent: z.number(),
  deferred: z.number(),
  softBounced: z.number(),
  hardBounced: z.number(),
  blocked: z.number(),
  opened: z.number().describe('Messages; by people, as far as one can tell'),
  clicked: z.number(),
  unsubscribed: z.number(),
  complained: z.number(),
  opens: z.number().describe('Events: a message may be opened often'),
  clicks: z.number(),
  openDelaySeconds: z.number().describe('From acceptance to the first open, summed over the messages opened'),
  machineOpens: z.number().describe('Events by scanners and the like, in none of the others'),
  machineClicks: z.number(),
})

export function showCounts(row: StatMetrics): z.infer<typeof counts> {
  return {
    processed: row.processed,
    queued: queuedOf(row),
    sent: row.sent,
    deferred: row.deferred,
    softBounced: row.soft_bounced,
    hardBounced: row.hard_bounced,
    blocked: row.blocked,
    opened: row.opened,
    clicked: row.clicked,
    unsubscribed: row.unsubscribed,
    complained: row.complained,
    opens: row.opens,
    clicks: row.clicks,
    openDelaySeconds: row.open_delay,
    machineOpens: row.machine_opens,
    machineClicks: row.machine_clicks,
  }
}

/** Of a part of the readers: what was accepted is known of all of them together. */
export const partCounts = counts.omit({ processed: true, queued: true })

export function showPart(row: StatMetrics): z.infer<typeof partCounts> {
  const { processed: _, queued: __, ...shown } = showCounts(row)
  return shown
}
