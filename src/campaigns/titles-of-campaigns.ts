/** What people know the mailings behind campaigns by; other campaigns are names that mail came with. */
import type { Kysely } from 'kysely'
import type { CampaignId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'

/** Title or subject, by the number of the campaign; those of no mailing are not in the map. */
export async function titlesOfCampaigns(
  db: Kysely<Schema>,
  ids: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('campaigns')
    .innerJoin('mailings', 'mailings.id', 'campaigns.mailing_id')
    .select(['campaigns.id', 'mailings.title', 'mailings.subject'])
    .where('campaigns.id', 'in', ids as readonly CampaignId[])
    .execute()
  return new Map(rows.map(({ id, title, subject }) => [id, title || subject]))
}
