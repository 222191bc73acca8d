/** Which time is shown, in which steps. Pure. */
import type { Resolution } from '../../api/types.ts'

const hour = 3_600_000
const day = 24 * hour

export const periods = ['day', 'week', 'month', 'quarter', 'year', 'free'] as const
export type Period = (typeof periods)[number]

export const stepMs: Record<Resolution, number> = { 'five-minutes': 300_000, hour, day }
/** How long the server keeps slices (docs/statistics.md), and how many it shows at once. */
const keptMs: Record<Resolution, number> = { 'five-minutes': 60 * day, hour: 400 * day, day: Infinity }
const mostSlices = 1_000
/** A chart of more points says less. */
const enoughSlices = 200

const lengths: Record<Exclude<Period, 'free'>, number> = {
  day,
  week: 7 * day,
  month: 30 * day,
  quarter: 90 * day,
  year: 365 * day,
}

/** Milliseconds since 1970; both ends are included. */
export type Span = { from: number; to: number }

/** `first` and `last` are days of UTC as `2026-01-31`; undefined when they are none, or in the wrong order. */
export function freeSpan(first: string, last: string): Span | undefined {
  const from = Date.parse(`${first}T00:00:00Z`)
  const to = Date.parse(`${last}T00:00:00Z`) + day - 1
  return Number.isFinite(from) && Number.isFinite(to) && from <= to ? { from, to } : undefined
}

/** Back from now, in whole steps. */
export function spanBack(period: Exclude<Period, 'free'>, resolution: Resolution, now: number): Span {
  const step = stepMs[resolution]
  const last = now - (now % step)
  return { from: last + step - lengths[period], to: last + step - 1 }
}

/** As long as this one, and right before it. */
export function spanBefore({ from, to }: Span): Span {
  return { from: from - (to + 1 - from), to: from - 1 }
}

/** The steps in which such a span can be shown, the finest first. */
export function possibleSteps({ from, to }: Span, now: number): Resolution[] {
  return (['five-minutes', 'hour', 'day'] as const).filter(
    (resolution) => (to - from) / stepMs[resolution] <= mostSlices && from >= now - keptMs[resolution],
  )
}

export function usualStep(span: Span, now: number): Resolution {
  const steps = possibleSteps(span, now)
  return (
    steps.find((step) => step !== 'five-minutes' && (span.to - span.from) / stepMs[step] <= enoughSlices) ??
    'day'
  )
}

export function stepsOf(period: Exclude<Period, 'free'>, now: number): Resolution[] {
  return possibleSteps({ from: now - lengths[period], to: now }, now)
}

export function usualStepOf(period: Exclude<Period, 'free'>, now: number): Resolution {
  return usualStep({ from: now - lengths[period], to: now }, now)
}

/** Every slice of the span: those in which nothing happened are not sent. */
export function withoutGaps<Row extends { at: number }>(
  rows: readonly Row[],
  {
    span: { from, to },
    resolution,
    nothing,
  }: { span: Span; resolution: Resolution; nothing: (at: number) => Row },
): Row[] {
  const step = stepMs[resolution]
  const known = new Map(rows.map((row) => [row.at, row]))
  const all: Row[] = []
  for (let at = from - (from % step); at <= to; at += step) all.push(known.get(at) ?? nothing(at))
  return all
}
