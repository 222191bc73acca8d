/** Properties that many statistics share (reference/statistics.md §9). */
import { queuedOf } from '../../../../stats/metrics.ts'
import type { StatMetrics } from '../../../../storage/tables/statistics.ts'
import { formatTime, type Property, type Query } from '../../resource.ts'
import { badRequest } from '../../rest-errors.ts'

export function whole<Row>(name: string, description: string, value: (row: Row) => number): Property<Row> {
  return { name, type: 'integer', description, value }
}

export function words<Row>(name: string, description: string, value: (row: Row) => string): Property<Row> {
  return { name, type: 'text', description, value }
}

export function yes<Row>(name: string, description: string, value: (row: Row) => boolean): Property<Row> {
  return { name, type: 'boolean', description, value }
}

export function moment<Row>(
  name: string,
  description: string,
  value: (row: Row) => number | null,
): Property<Row> {
  return { name, type: 'time', description, value: (row) => formatTime(value(row)) }
}

/** What the properties below are made of. */
export type Counts = StatMetrics & { last_at: number | null }
type HasCounts = { counts: Counts }

/** By name, so that each resource takes its own. */
export function countProperties<Row extends HasCounts>() {
  const of = (pick: (counts: Counts) => number) => (row: Row) => pick(row.counts)
  return {
    blocked: whole<Row>(
      'BlockedCount',
      'Messages blocked.',
      of((c) => c.blocked),
    ),
    bounced: whole<Row>(
      'BouncedCount',
      'Messages bounced.',
      of((c) => c.hard_bounced + c.soft_bounced),
    ),
    clicked: whole<Row>(
      'ClickedCount',
      'Messages with a click.',
      of((c) => c.clicked),
    ),
    deferred: whole<Row>(
      'DeferredCount',
      'Messages put off.',
      of((c) => c.deferred),
    ),
    delivered: whole<Row>(
      'DeliveredCount',
      'Messages taken by their hosts.',
      of((c) => c.sent),
    ),
    hard: whole<Row>(
      'HardBouncedCount',
      'Messages bounced for good.',
      of((c) => c.hard_bounced),
    ),
    soft: whole<Row>(
      'SoftBouncedCount',
      'Messages bounced for now.',
      of((c) => c.soft_bounced),
    ),
    opened: whole<Row>(
      'OpenedCount',
      'Messages opened.',
      of((c) => c.opened),
    ),
    preQueued: whole<Row>(
      'PreQueuedCount',
      'Messages accepted.',
      of((c) => c.processed),
    ),
    processed: whole<Row>(
      'ProcessedCount',
      'Messages accepted.',
      of((c) => c.processed),
    ),
    queued: whole<Row>('QueuedCount', 'Messages that wait.', of(queuedOf)),
    spam: whole<Row>(
      'SpamComplaintCount',
      'Messages complained about.',
      of((c) => c.complained),
    ),
    unsubscribed: whole<Row>(
      'UnsubscribedCount',
      'Messages whose reader unsubscribed.',
      of((c) => c.unsubscribed),
    ),
    workflow: whole<Row>('WorkFlowExitedCount', 'Workflows left.', () => 0),
    lastActivity: moment<Row>('LastActivityAt', 'Latest event.', ({ counts }) => counts.last_at),
  }
}

const dayMs = 86_400_000
const periods: Readonly<Record<string, number>> = { day: 1, week: 7, month: 31, year: 366 }

/** The begin that `FromTS` or else `Period` says; undefined when neither does, and 0 says nothing. Throws RestError. */
export function startOf({ filters, now }: Pick<Query, 'filters' | 'now'>): number | undefined {
  const period = filters.text('Period')
  const days = period === undefined ? undefined : periods[period.toLowerCase()]
  if (period !== undefined && days === undefined) {
    throw badRequest(
      'Invalid filter',
      `Period is ${JSON.stringify(period.slice(0, 50))}; it must be one of Day, Week, Month, Year`,
    )
  }
  return filters.time('FromTS') || (days === undefined ? undefined : now - days * dayMs)
}

/** Without a time, these resources show the current day; `FromTS=1` shows everything. */
export function todayUnless(from: number | undefined, now: number): number {
  return from || now - (now % dayMs)
}
