/** What somebody chose to see. It stands in the address: it survives a reload and can be sent to a colleague. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { type Resolution, resolutions, type Timing, timings } from '../../api/types.ts'
import {
  freeSpan,
  type Period,
  periods,
  possibleSteps,
  type Span,
  spanBack,
  stepsOf,
  usualStep,
  usualStepOf,
} from './time-span.ts'

export type Choice = {
  period: Period
  /** Of a free period: days of UTC, as typed. */
  first: string
  last: string
  /** Undefined while a free period is none. */
  span: Span | undefined
  steps: readonly Resolution[]
  resolution: Resolution
  timing: Timing
  isCompared: boolean
  set(changes: Partial<Record<'period' | 'first' | 'last' | 'step' | 'timing' | 'compare', string>>): void
}

export function useChoice(): Choice {
  const navigate = useNavigate()
  const search: Record<string, unknown> = useSearch({ strict: false })
  const [now] = useState(() => Date.now())
  const text = (name: string) => (search[name] === undefined ? '' : String(search[name]))
  const period = periods.find((one) => one === search.period) ?? 'month'
  const today = new Date(now).toISOString().slice(0, 10)
  const first = text('first') || new Date(now - 29 * 86_400_000).toISOString().slice(0, 10)
  const last = text('last') || today
  const wanted = resolutions.find((one) => one === search.step)
  const free = period === 'free' ? freeSpan(first, last) : undefined
  const steps = period !== 'free' ? stepsOf(period, now) : free === undefined ? [] : possibleSteps(free, now)
  const usual =
    period !== 'free' ? usualStepOf(period, now) : free === undefined ? 'day' : usualStep(free, now)
  const resolution = wanted !== undefined && steps.includes(wanted) ? wanted : usual
  return {
    ...{ period, first, last, steps, resolution },
    span: period === 'free' ? free : spanBack(period, resolution, now),
    timing: timings.find((one) => one === search.timing) ?? 'message',
    isCompared: search.compare === 'yes',
    set: (changes) => {
      const next = Object.entries({ ...search, ...changes }).filter(([, value]) => value !== '')
      void navigate({ to: '.', search: Object.fromEntries(next), replace: true })
    },
  }
}
