import { usePreferences } from '../app/preferences.tsx'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** An instant: how long ago while that is easy to grasp, the date after that; always the whole date to point at. */
export function Time({ at }: { at: number }) {
  const { language } = usePreferences()
  const date = new Date(at)
  return (
    <time dateTime={date.toISOString()} title={formatFull(at, language)}>
      {formatShort(at, language, Date.now())}
    </time>
  )
}

export function formatFull(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'medium' }).format(at)
}

function formatShort(at: number, language: string, now: number): string {
  const away = at - now
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
  if (Math.abs(away) < minute) return relative.format(Math.round(away / 1000), 'second')
  if (Math.abs(away) < hour) return relative.format(Math.round(away / minute), 'minute')
  if (Math.abs(away) < day) return relative.format(Math.round(away / hour), 'hour')
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(at)
}
