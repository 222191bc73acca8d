/** Numbers, shares and times of campaigns as the person reads them. */
import type { CampaignProgress } from '../../api/types.ts'
import { usePreferences } from '../../app/preferences.tsx'

export function useFormats() {
  const { language } = usePreferences()
  const number = new Intl.NumberFormat(language)
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 })
  const instant = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'short' })
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'medium' })
  return {
    number: (count: number) => number.format(count),
    /** A dash when there is nothing to divide by. */
    share: (part: number, whole: number) => (whole === 0 ? '—' : percent.format(part / whole)),
    instant: (at: number) => instant.format(at),
    time: (at: number) => time.format(at),
    away: (at: number, now: number) => formatAway(at, now, language),
  }
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Days are those of the calendar: who reads "in 3 days" counts midnights. */
function formatAway(at: number, now: number, language: string): string {
  const ms = at - now
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'always' })
  if (ms < 90 * minute) return format.format(Math.round(ms / minute), 'minute')
  return ms < 2 * day
    ? format.format(Math.round(ms / hour), 'hour')
    : format.format(Math.round((midnightBefore(at) - midnightBefore(now)) / day), 'day')
}

function midnightBefore(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}

/** Members of the list that get nothing, for whatever reason. */
export function leftOut({ excluded }: Pick<CampaignProgress, 'excluded'>): number {
  return Object.values(excluded).reduce((sum, one) => sum + one, 0)
}

/** Those that have a result, of those that are to get it. */
export function finished(progress: CampaignProgress): { done: number; of: number } {
  const { delivered, softBounced, hardBounced, blocked, total } = progress
  return {
    done: delivered + softBounced + hardBounced + blocked,
    of: Math.max(0, total - leftOut(progress)),
  }
}
