/**
 * An outgoing server that does not let us in: how long it is left alone. The pauses grow, and after each of them one
 * connection tries alone whether it is back.
 */
import type { Clock } from '../runtime/clock.ts'

export type Outage = {
  /** Nobody has been let in since the start or since the last failure: one connection at a time. */
  isUnproven(): boolean
  /** 0 when it may be tried. */
  until(): number
  reason(): string
  failures(): number
  /** False when that was known already: somebody else has found out in the meantime. */
  failed(reason: string): boolean
  letIn(): void
}

const second = 1_000
export const defaultOutagePausesMs: readonly number[] = [15, 30, 60, 120, 300, 600].map((s) => s * second)
/** Spread to both sides, so that several nodes do not come back together. */
const jitter = 0.2

export function createOutage({
  clock,
  pausesMs = defaultOutagePausesMs,
}: {
  clock: Clock
  pausesMs?: readonly number[]
}): Outage {
  let failures = 0
  let until = 0
  let reason = ''
  let isProven = false

  const activeUntil = () => (clock.now() < until ? until : 0)
  return {
    isUnproven: () => !isProven,
    until: activeUntil,
    reason: () => reason,
    failures: () => failures,
    failed(words) {
      if (activeUntil() > 0) return false
      const pauseMs = pausesMs[Math.min(failures, pausesMs.length - 1)] ?? 0
      failures += 1
      until = Math.round(clock.now() + pauseMs * (1 + jitter * (2 * Math.random() - 1)))
      reason = words
      isProven = false
      return true
    },
    letIn() {
      failures = 0
      until = 0
      isProven = true
    },
  }
}
