/** Asked for every message: which of its recipients must not get it. */

import { type Address, normaliseAddress } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import { createBatched } from '../runtime/batched.ts'
import type { Clock } from '../runtime/clock.ts'
import { createLookups } from '../runtime/lookups.ts'
import { createRecent } from '../runtime/recent.ts'
import type { Storage } from '../storage/storage.ts'
import type { SuppressionReason } from '../storage/tables/suppressions.ts'
import { holdsBack, knownAmong } from './suppressions.ts'

const maxAgeMs = 5_000
const maxEntries = 100_000

export type SuppressionCheck = {
  /** The reasons of those that are on the list, by their place in `addresses`; mostly there are none. */
  among(
    keyId: KeyId,
    addresses: readonly Address[],
    options: { isBulk: boolean },
  ): Promise<ReadonlyMap<number, SuppressionReason>>
  /** This process asks again at once. */
  forget(keyId: KeyId, address?: string): void
}

export function createSuppressionCheck({
  storage,
  clock,
}: {
  storage: Storage
  clock: Clock
}): SuppressionCheck {
  // Most keys have none: then nothing is asked for each recipient.
  const hasAny = createLookups(
    async (keyId) => {
      const first = await storage.db
        .selectFrom('suppressions')
        .select('address')
        .where('key_id', '=', Number(keyId) as KeyId)
        .limit(1)
        .executeTakeFirst()
      return first !== undefined
    },
    { clock, maxEntries: 10_000, maxAgeMs },
  )
  const load = createBatched((entries) => knownAmong(storage.db, entries))
  const reasons = createLookups(load, { clock, maxEntries, maxAgeMs })
  // We hear of a change a moment before it is stored: until it surely is, what is read of it is not remembered.
  const changing = createRecent<string, number>({ max: maxEntries })

  function isChanging(name: string): boolean {
    const since = changing.get(name)
    return since !== undefined && clock.now() - since < maxAgeMs
  }

  function reasonOf(entry: string) {
    if (isChanging(entry)) reasons.forget(entry)
    return reasons.get(entry)
  }

  return {
    async among(keyId, addresses, options) {
      const key = String(keyId)
      if (!isChanging(key) && !(await hasAny.get(key))) return none
      const found = await Promise.all(
        addresses.map((address) => reasonOf(`${keyId} ${normaliseAddress(address)}`)),
      )
      const held = new Map<number, SuppressionReason>()
      for (const [place, reason] of found.entries()) {
        if (reason !== undefined && holdsBack(reason, options)) held.set(place, reason)
      }
      return held
    },
    forget(keyId, address) {
      for (const name of address === undefined ? [`${keyId}`] : [`${keyId}`, `${keyId} ${address}`]) {
        changing.set(name, clock.now())
      }
    },
  }
}

const none: ReadonlyMap<number, SuppressionReason> = new Map()
