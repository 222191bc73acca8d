import { useMemo } from 'react'
import type { Overview } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { overviewTexts } from '../../texts/overview.ts'
import { type ChartLine, TimeChart } from '../../ui/time-chart.tsx'

/** What was accepted, delivered and bounced, over the hours shown. The numbers above it say the same in words. */
export function Chart({ hours, label }: { hours: Overview['hours']; label: string }) {
  const t = useTexts(overviewTexts)
  const at = useMemo(() => hours.map((hour) => hour.at), [hours])
  const lines = useMemo(
    (): ChartLine[] => [
      { name: t.accepted, ink: 'blue', values: hours.map(({ accepted }) => accepted) },
      { name: t.delivered, ink: 'green', values: hours.map(({ delivered }) => delivered) },
      { name: t.bounced, ink: 'red', values: hours.map(({ bounced }) => bounced) },
    ],
    [hours, t],
  )
  return <TimeChart at={at} lines={lines} label={label} />
}
