/** Numbers, shares and times as the person reads them. */

import type { Resolution } from '../../api/types.ts'
import { usePreferences } from '../../app/preferences.tsx'

export function useFormats() {
  const { language } = usePreferences()
  const number = new Intl.NumberFormat(language)
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 })
  const date = new Intl.DateTimeFormat(language, { dateStyle: 'long' })
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' })
  const instant = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
  const countries = new Intl.DisplayNames(language, { type: 'region', fallback: 'code' })
  return {
    number: (count: number) => number.format(count),
    /** Undefined when there is nothing to divide by. */
    share: (part: number, whole: number) => (whole === 0 ? undefined : percent.format(part / whole)),
    date: (at: number) => date.format(at),
    slice: (at: number, resolution: Resolution) => (resolution === 'day' ? day : instant).format(at),
    duration: (seconds: number) => formatDuration(seconds, language),
    /** Two letters in, its name out. */
    country: (code: string) => (/^[A-Z]{2}$/.test(code) ? (countries.of(code) ?? code) : code),
  }
}

function formatDuration(seconds: number, language: string): string {
  const [amount, unit] =
    seconds < 90
      ? ([seconds, 'second'] as const)
      : seconds < 90 * 60
        ? ([seconds / 60, 'minute'] as const)
        : seconds < 36 * 3600
          ? ([seconds / 3600, 'hour'] as const)
          : ([seconds / 86_400, 'day'] as const)
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    unitDisplay: 'long',
    maximumFractionDigits: 0,
  }).format(amount)
}
