/** Hosts, by name and address, that did not answer lately, and hosts whose TLS or chunking is broken. In memory: a restart tries them again. */

import type { Clock } from '../runtime/clock.ts'
import { createRecent } from '../runtime/recent.ts'

export type HostMemory = {
  /** 0 when it may be tried. */
  badUntil(target: string): number
  markBad(target: string): void
  markGood(target: string): void
  hasBrokenTls(host: string): boolean
  markBrokenTls(host: string): void
  hasBrokenChunking(host: string): boolean
  markBrokenChunking(host: string): void
}

const badMs = [5 * 60_000, 10 * 60_000] as const
const brokenMs = 3 * 24 * 60 * 60_000
const maxHosts = 10_000

export function createHostMemory({
  clock,
  badHostMs = badMs,
}: {
  clock: Clock
  badHostMs?: readonly [number, number]
}): HostMemory {
  const bad = createRecent<string, number>({ max: maxHosts })
  const brokenTls = createRecent<string, number>({ max: maxHosts })
  const brokenChunking = createRecent<string, number>({ max: maxHosts })
  const holds = (until: number | undefined) => (until !== undefined && clock.now() < until ? until : 0)

  return {
    badUntil: (target) => holds(bad.get(target)),
    markBad(target) {
      const [least, most] = badHostMs
      bad.set(target, Math.round(clock.now() + least + Math.random() * (most - least)))
    },
    markGood: (target) => void bad.delete(target),
    hasBrokenTls: (host) => holds(brokenTls.get(host)) > 0,
    markBrokenTls: (host) => void brokenTls.set(host, clock.now() + brokenMs),
    hasBrokenChunking: (host) => holds(brokenChunking.get(host)) > 0,
    markBrokenChunking: (host) => void brokenChunking.set(host, clock.now() + brokenMs),
  }
}
