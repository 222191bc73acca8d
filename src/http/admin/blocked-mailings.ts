/** Campaigns that were sent and blocked for most of their recipients: somebody has to mend them and send another. */
import { sql } from 'kysely'
import type { AccountId, MailingId } from '../../mail/ids.ts'
import { readTotals } from '../../stats/read.ts'
import type { HttpDependencies } from '../dependencies.ts'

/** Later nobody can do anything about it. */
const sentWithinMs = 3 * 86_400_000
const mostLookedAt = 50

export type BlockedMailing = { id: MailingId; publicKey: string; title: string }

/** Among the latest of an account. */
export async function blockedMailings(
  { storage: { db }, clock }: Pick<HttpDependencies, 'storage' | 'clock'>,
  accountId: AccountId,
): Promise<BlockedMailing[]> {
  const rows = await db
    .selectFrom('mailings')
    .innerJoin('api_keys', 'api_keys.id', 'mailings.key_id')
    .select([
      'mailings.id',
      'mailings.campaign_id as campaignId',
      'api_keys.public_key as publicKey',
      sql<string>`CASE WHEN mailings.title = '' THEN mailings.subject ELSE mailings.title END`.as('title'),
    ])
    .where('api_keys.account_id', '=', accountId)
    .where('mailings.state', '=', 'sent')
    .where('mailings.ended_at', '>', clock.now() - sentWithinMs)
    .orderBy('mailings.id', 'desc')
    .limit(mostLookedAt)
    .execute()
  const totals = await readTotals(db, {
    source: 'campaign',
    sourceIds: rows.flatMap(({ campaignId }) => campaignId ?? []),
  })
  const blocked = new Set(
    totals.filter((one) => one.blocked > 0 && one.blocked * 2 >= one.processed).map((one) => one.source_id),
  )
  return rows
    .filter(({ campaignId }) => campaignId !== null && blocked.has(campaignId))
    .map(({ id, publicKey, title }) => ({ id, publicKey, title }))
}
