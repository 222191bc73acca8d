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

/** What cannot be made into a call is tried so often: it may be mended, or a trouble of the moment. */
export const mostBrokenTries = 10

type Tries = { attempts: number; first_failed_at: number | null }

/** The process died with it, or was not there to see how it ended. */
export function hasUnendedTry({ attempts, first_failed_at }: Tries): boolean {
  return attempts > 0 && first_failed_at === null
}

const mostUnendedTries = 5
/** A day has fewer than seventy. */
const mostTries = 100

/** `attempts` counts the one that begins. */
export function isWornOut({ attempts, first_failed_at }: Tries): boolean {
  return attempts > (first_failed_at === null ? mostUnendedTries : mostTries)
}
