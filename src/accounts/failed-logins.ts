/**
 * Slows down whoever guesses. Failures are counted for the network they come from, and for the pair of network and
 * key. A pair that has proved itself is judged by its own failures only: one client with a wrong secret must not
 * shut out its neighbours behind the same address. Nobody else gains from that, and a success clears no failures but
 * those of its own pair.
 */
import ipaddr from 'ipaddr.js'
import type { Clock } from '../runtime/clock.ts'
import { createRecent } from '../runtime/recent.ts'

export type LoginAttempt = {
  /** How long this attempt must wait; 0 when it may go on. */
  waitMs(): number
  failed(): void
  succeeded(): void
}

const allowedFailures = 10
const windowMs = 60_000
const firstWaitMs = 1_000
const longestWaitMs = 5 * 60_000
/** After this long without a failure all is forgotten. */
const forgetAfterMs = 15 * 60_000
const maxRemembered = 20_000

type Failures = {
  count: number
  windowStartedAt: number
  lastAt: number
  waits: number
  blockedUntil: number
}

export function createFailedLogins(clock: Clock) {
  const failuresOf = createRecent<string, Failures>({ max: maxRemembered })
  const proved = createRecent<string, true>({ max: maxRemembered })

  function waitOf(name: string, now: number): number {
    return Math.max(0, (failuresOf.get(name)?.blockedUntil ?? 0) - now)
  }

  function countFailure(name: string, now: number): void {
    const known = failuresOf.get(name)
    const failures =
      known !== undefined && now - known.lastAt < forgetAfterMs
        ? known
        : { count: 0, windowStartedAt: now, lastAt: now, waits: 0, blockedUntil: 0 }
    if (now - failures.windowStartedAt >= windowMs) {
      failures.count = 0
      failures.windowStartedAt = now
    }
    failures.count += 1
    failures.lastAt = now
    // Once slowed, each further failure doubles the wait, until a quiet quarter of an hour.
    if (failures.waits > 0 || failures.count >= allowedFailures) {
      failures.blockedUntil = now + Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures.waits, 20))
      failures.waits += 1
    }
    failuresOf.set(name, failures)
  }

  return {
    attempt(remoteAddress: string, publicKey: string): LoginAttempt {
      const network = networkOf(remoteAddress)
      const pair = `${network} ${publicKey.slice(0, 64)}`
      return {
        waitMs() {
          if (failuresOf.size() === 0) return 0
          const now = clock.now()
          const ofPair = waitOf(pair, now)
          return proved.get(pair) === true ? ofPair : Math.max(ofPair, waitOf(network, now))
        },
        failed() {
          const now = clock.now()
          countFailure(network, now)
          countFailure(pair, now)
        },
        succeeded() {
          proved.set(pair, true)
          failuresOf.delete(pair)
        },
      }
    },
  }
}

/** The address, or for IPv6 its /64: what one customer of a provider has at their disposal. */
export function networkOf(remoteAddress: string): string {
  if (!remoteAddress.includes(':')) return remoteAddress
  if (!ipaddr.isValid(remoteAddress)) return remoteAddress.slice(0, 64)
  const address = ipaddr.process(remoteAddress)
  if (address instanceof ipaddr.IPv6) {
    return address.parts
      .slice(0, 4)
      .map((part) => part.toString(16))
      .join(':')
  }
  return address.toString()
}
