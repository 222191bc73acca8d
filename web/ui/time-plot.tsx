import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { usePreferences } from '../app/preferences.tsx'
import type { ChartLine, TimeChartProps } from './time-chart.tsx'

const height = 220

/** Told apart by their dashes too, where colours are not. */
const inks: Record<ChartLine['ink'], { light: string; dark: string; dash: readonly number[] }> = {
  blue: { light: '#1d4f91', dark: '#5d93db', dash: [6, 4] },
  green: { light: '#0a7d5a', dark: '#38d9a9', dash: [] },
  red: { light: '#c8202f', dark: '#ff8787', dash: [2, 3] },
  violet: { light: '#6741d9', dark: '#b197fc', dash: [8, 3, 2, 3] },
}

/** What `TimeChart` shows, once this module is there. */
export function TimePlot({ at, lines, label, unit = 'number', days = false }: TimeChartProps) {
  const { language } = usePreferences()
  const scheme = useComputedColorScheme()
  const box = useRef<HTMLDivElement>(null)

  useEffect(() => {
    const element = box.current
    if (element === null) return
    const isDark = scheme === 'dark'
    const ink = isDark ? '#c1c2c5' : '#495057'
    const grid = { stroke: isDark ? '#373a40' : '#e9ecef', width: 1 }
    const axis = { stroke: ink, grid, ticks: grid, font: '12px system-ui, sans-serif' }
    const zone = days ? { timeZone: 'UTC' } : {}
    const length = (at.at(-1) ?? 0) - (at[0] ?? 0)
    const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', ...zone })
    const clock = new Intl.DateTimeFormat(language, { timeStyle: 'short' })
    const nameOf = (instant: number) => {
      const date = new Date(instant)
      const isMidnight = date.getHours() === 0 && date.getMinutes() === 0
      return days || (length > 48 * 3_600_000 && isMidnight) ? day.format(date) : clock.format(date)
    }
    const whole = new Intl.DateTimeFormat(language, {
      dateStyle: 'medium',
      ...(!days && { timeStyle: 'short' }),
      ...zone,
    })
    const number = new Intl.NumberFormat(
      language,
      unit === 'share' ? { style: 'percent', maximumFractionDigits: 1 } : { notation: 'compact' },
    )
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        ...(days && { tzDate: (second: number) => uPlot.tzDate(new Date(second * 1000), 'Etc/UTC') }),
        legend: { live: false },
        scales: {
          y: {
            range: (_self, _min, max) => (unit === 'share' ? [0, 1] : [0, Math.max(4, (max ?? 0) * 1.1)]),
          },
        },
        axes: [
          {
            ...axis,
            space: 70,
            values: (_self, splits) => splits.map((second) => nameOf(second * 1000)),
          },
          {
            ...axis,
            size: 56,
            incrs:
              unit === 'share'
                ? [0.25, 0.5]
                : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7],
            values: (_self, splits) => splits.map((value) => number.format(value)),
          },
        ],
        series: [
          { label: '', value: (_self, second) => (second == null ? '' : whole.format(second * 1000)) },
          ...lines.map(({ name, ink: colour, values }) => ({
            label: name,
            stroke: inks[colour][isDark ? 'dark' : 'light'],
            width: 2,
            dash: [...inks[colour].dash],
            points: { show: true, size: 5, filter: () => lonely(values) },
          })),
        ],
      },
      [at.map((instant) => instant / 1000), ...lines.map(({ values }) => [...values])],
      element,
    )
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      plot.destroy()
    }
  }, [at, lines, unit, days, language, scheme])

  return <div ref={box} role="img" aria-label={label} className="chart-place" />
}

/** Where nothing is known before and after, a line has no length: a point has to do. */
function lonely(values: ChartLine['values']): number[] {
  return values.flatMap((value, i) =>
    value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? [i] : [],
  )
}
