/** Which authors send mass mail only: asked for each message, read now and then. */
import { type Address, normaliseAddress } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import { createLookups } from '../runtime/lookups.ts'
import type { Storage } from '../storage/storage.ts'

const maxAgeMs = 5_000
const maxKeys = 10_000

export function createBulkSenders({ storage, clock }: { storage: Storage; clock: Clock }) {
  // By key, because most keys have none: then nothing is asked for each author.
  const emails = createLookups(
    async (entry): Promise<ReadonlyMap<string, boolean>> => {
      const rows = await storage.db
        .selectFrom('senders')
        .select(['email', 'kind'])
        .where('key_id', '=', Number(entry) as KeyId)
        .where('status', '=', 'active')
        .where('kind', '!=', 'unknown')
        .execute()
      const isBulk = new Map(rows.map(({ email, kind }) => [email, kind === 'bulk']))
      return [...isBulk.values()].includes(true) ? isBulk : none
    },
    { clock, maxEntries: maxKeys, maxAgeMs },
  )

  return {
    /** What an address says of itself goes before what its domain says. */
    async isBulkSender(keyId: KeyId, from: Address): Promise<boolean> {
      const isBulk = await emails.get(String(keyId))
      if (isBulk.size === 0) return false
      return isBulk.get(normaliseAddress(from)) ?? isBulk.get(`*@${from.domain}`) ?? false
    },
    /** This process reads the senders of the key again at once. */
    forget: (keyId: KeyId) => emails.forget(String(keyId)),
  }
}

const none: ReadonlyMap<string, boolean> = new Map()
