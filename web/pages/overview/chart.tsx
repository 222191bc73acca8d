import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Overview } from '../../api/types.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { overviewTexts } from '../../texts/overview.ts'

const height = 220

/** What was accepted, delivered and bounced, over the hours shown. The numbers above it say the same in words. */
export function Chart({ hours, label }: { hours: Overview['hours']; label: string }) {
  const t = useTexts(overviewTexts)
  const { language } = usePreferences()
  const scheme = useComputedColorScheme()
  const box = useRef<HTMLDivElement>(null)

  // biome-ignore lint/correctness/useExhaustiveDependencies: another look is a new drawing
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const isDark = scheme === 'dark'
    const ink = isDark ? '#c1c2c5' : '#495057'
    const grid = { stroke: isDark ? '#373a40' : '#e9ecef', width: 1 }
    const axis = { stroke: ink, grid, ticks: grid, font: '12px system-ui, sans-serif' }
    const short = new Intl.DateTimeFormat(
      language,
      hours.length > 48 ? { dateStyle: 'short' } : { timeStyle: 'short' },
    )
    const whole = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        legend: { live: false },
        scales: { y: { range: (_self, _min, max) => [0, Math.max(4, max * 1.1)] } },
        axes: [
          { ...axis, values: (_self, splits) => splits.map((second) => short.format(second * 1000)) },
          { ...axis, size: 50, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4, 1e5, 1e6] },
        ],
        series: [
          { label: '', value: (_self, second) => (second == null ? '' : whole.format(second * 1000)) },
          { label: t.accepted, stroke: isDark ? '#5d93db' : '#1d4f91', width: 2, dash: [6, 4] },
          { label: t.delivered, stroke: isDark ? '#38d9a9' : '#0a7d5a', width: 2 },
          { label: t.bounced, stroke: isDark ? '#ff8787' : '#c8202f', width: 2, dash: [2, 3] },
        ],
      },
      [
        hours.map(({ at }) => at / 1000),
        hours.map(({ accepted }) => accepted),
        hours.map(({ delivered }) => delivered),
        hours.map(({ bounced }) => bounced),
      ],
      element,
    )
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      plot.destroy()
    }
  }, [hours, language, scheme])

  return <div ref={box} role="img" aria-label={label} style={{ minHeight: height + 40 }} />
}
