/** Campaign names given with a message (CustomCampaign, X-Mailjet-Campaign): made on first use, once per API key. */

import type { CampaignId, KeyId } from '../mail/ids.ts'
import { createRecent } from '../runtime/recent.ts'
import type { Storage } from '../storage/storage.ts'
import { Conflict, defineInsert } from '../storage/storage.ts'

const insertCampaign = defineInsert('campaigns', ['id', 'key_id', 'name', 'created_at'])

export type CampaignNames = ReturnType<typeof createCampaignNames>

export function createCampaignNames(storage: Storage) {
  const known = createRecent<string, CampaignId>({ max: 10_000 })

  async function find(keyId: KeyId, name: string): Promise<CampaignId | undefined> {
    const row = await storage.db
      .selectFrom('campaigns')
      .select('id')
      .where('key_id', '=', keyId)
      .where('name', '=', name)
      .executeTakeFirst()
    return row?.id
  }

  return {
    /** The campaign of that name, made when it is new. */
    async idOf(keyId: KeyId, name: string, now: number): Promise<CampaignId> {
      const cacheKey = `${keyId} ${name}`
      const cached = known.get(cacheKey)
      if (cached !== undefined) return cached
      let id = await find(keyId, name)
      if (id === undefined) {
        id = (await storage.reserveIds(1)) as CampaignId
        try {
          await storage.commit({ writes: [insertCampaign({ id, key_id: keyId, name, created_at: now })] })
        } catch (error) {
          if (!(error instanceof Conflict)) throw error
          // Another message of the same campaign was first.
          id = await find(keyId, name)
          if (id === undefined) throw error
        }
      }
      known.set(cacheKey, id)
      return id
    },

    /** Which of these addresses, in their normalised form, a deduplicated campaign has already reached. */
    async reached(id: CampaignId, addresses: readonly string[]): Promise<Set<string>> {
      const reached = new Set<string>()
      // SQLite and PostgreSQL both bound the number of parameters of a statement.
      for (let start = 0; start < addresses.length; start += 500) {
        const rows = await storage.db
          .selectFrom('campaign_recipients')
          .select('address')
          .where('campaign_id', '=', id)
          .where('address', 'in', addresses.slice(start, start + 500))
          .execute()
        for (const row of rows) reached.add(row.address)
      }
      return reached
    },
  }
}
