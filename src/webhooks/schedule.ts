/** When a call is tried again, and when a webhook is given up (reference/events-parse.md A2). Pure. */

const soonMs = 30_000
const laterMs = 5 * 60_000
const rarelyMs = 30 * 60_000

/** `failures` in a row, the latest one included. */
export function retryDelayMs(failures: number): number {
  return failures <= 10 ? soonMs : failures <= 20 ? laterMs : rarelyMs
}

const patienceMs = 24 * 3_600_000

/** Whatever has failed for a day is left alone. */
export function isHopeless(failingSince: number, now: number): boolean {
  return now - failingSince >= patienceMs
}
