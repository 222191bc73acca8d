/** Who is it? Every door asks here, on every request: hot, and open to whoever finds the port. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../runtime/clock.ts'
import { createLookups } from '../runtime/lookups.ts'
import type { Storage } from '../storage/storage.ts'
import { type ApiKey, toApiKey } from './api-keys.ts'
import { createFailedLogins } from './failed-logins.ts'

export type Credentials = { publicKey: string; secret: string; remoteAddress: string }

export type Authentication =
  | { kind: 'ok'; key: ApiKey }
  /** No such key, or not its secret: nobody is told which. */
  | { kind: 'denied' }
  /** Told only to somebody who knows the secret. */
  | { kind: 'suspended'; key: ApiKey }
  /** Too many failures: nothing was checked. */
  | { kind: 'throttled'; retryAfterMs: number }

export type Authenticator = {
  authenticate(credentials: Credentials): Promise<Authentication>
  /** This process asks the database again at once (a key was suspended or rotated here). */
  forget(publicKey: string): void
}

const maxAgeMs = 5_000
const maxKeys = 10_000

export function createAuthenticator({ storage, clock }: { storage: Storage; clock: Clock }): Authenticator {
  const failedLogins = createFailedLogins(clock)
  // What an unknown key is compared with: the same work as for a known one, and never equal.
  const dummy = { key: undefined, secretHash: randomBytes(32) }

  const keys = createLookups(
    async (publicKey): Promise<{ key: ApiKey | undefined; secretHash: Buffer }> => {
      const row = await storage.db
        .selectFrom('api_keys')
        .selectAll()
        .where('public_key', '=', publicKey)
        .executeTakeFirst()
      return row === undefined
        ? dummy
        : { key: toApiKey(row), secretHash: Buffer.from(row.secret_hash, 'hex') }
    },
    { clock, maxEntries: maxKeys, maxAgeMs },
  )

  return {
    forget: keys.forget,

    async authenticate({ publicKey, secret, remoteAddress }) {
      const attempt = failedLogins.attempt(remoteAddress, publicKey)
      const waitMs = attempt.waitMs()
      if (waitMs > 0) return { kind: 'throttled', retryAfterMs: waitMs }

      // A name of another form belongs to nobody, and must not fill the cache.
      const { key, secretHash } = /^[0-9a-f]{32}$/.test(publicKey) ? await keys.get(publicKey) : dummy

      // Asked again: many guesses may have waited for the same row, and from here on nothing waits.
      const stillWaitMs = attempt.waitMs()
      if (stillWaitMs > 0) return { kind: 'throttled', retryAfterMs: stillWaitMs }

      const matches = timingSafeEqual(hash('sha256', secret, 'buffer'), secretHash)
      if (!matches || key === undefined) {
        attempt.failed()
        return { kind: 'denied' }
      }
      attempt.succeeded()
      return key.isActive ? { kind: 'ok', key } : { kind: 'suspended', key }
    },
  }
}
