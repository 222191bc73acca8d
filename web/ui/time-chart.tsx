import { lazy, Suspense } from 'react'

const TimePlot = lazy(async () => ({ default: (await import('./time-plot.tsx')).TimePlot }))

export type ChartLine = {
  name: string
  ink: 'blue' | 'green' | 'red' | 'violet'
  /** One for each instant; null: nothing to say. */
  values: readonly (number | null)[]
}

export type TimeChartProps = {
  /** Milliseconds since 1970, oldest first. */
  at: readonly number[]
  lines: readonly ChartLine[]
  /** What it shows; that stands elsewhere in words or in a table. */
  label: string
  /** Shares are between 0 and 1. */
  unit?: 'number' | 'share'
  /** The instants are days of UTC. */
  days?: boolean
}

/** Lines over time. Its place is kept while it is being fetched: what is below it must not move under a finger. */
export function TimeChart(props: TimeChartProps) {
  return (
    <Suspense fallback={<div className="chart-place" />}>
      <TimePlot {...props} />
    </Suspense>
  )
}
