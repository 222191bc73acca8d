/** Campaigns that somebody should look at: stopped by themselves, or sent and blocked for most. */
import type { KeyId } from '../../mail/ids.ts'
import { readTotals } from '../../stats/read.ts'
import type { HttpDependencies } from '../dependencies.ts'

/** Later nobody can do anything about it. */
const sentWithinMs = 3 * 86_400_000
const mostLookedAt = 50

export type CampaignTrouble = {
  kind: 'campaign-paused' | 'campaign-blocked'
  id: number
  title: string
  /** Why it is paused; '' of one that was sent. */
  reason: string
}

/** Of the latest of a key. */
export async function campaignTroubles(
  { storage: { db }, clock }: Pick<HttpDependencies, 'storage' | 'clock'>,
  keyId: KeyId,
): Promise<CampaignTrouble[]> {
  const rows = await db
    .selectFrom('mailings')
    .select(['id', 'title', 'subject', 'state', 'reason', 'campaign_id as campaignId'])
    .where('key_id', '=', keyId)
    .where('state', 'in', ['paused', 'sent'])
    .where(({ and, eb, or }) =>
      or([
        and([eb('state', '=', 'paused'), eb('paused_by', '!=', 'person')]),
        and([eb('state', '=', 'sent'), eb('ended_at', '>', clock.now() - sentWithinMs)]),
      ]),
    )
    .orderBy('id', 'desc')
    .limit(mostLookedAt)
    .execute()
  const sourceIds = rows.flatMap(({ state, campaignId }) => (state === 'sent' ? (campaignId ?? []) : []))
  const totals = await readTotals(db, { source: 'campaign', sourceIds })
  const blocked = new Set(
    totals.filter((one) => one.blocked > 0 && one.blocked * 2 >= one.processed).map((one) => one.source_id),
  )
  return rows.flatMap(({ id, title, subject, state, reason, campaignId }): CampaignTrouble[] => {
    const shown = { id, title: title || subject, reason }
    if (state === 'paused') return [{ kind: 'campaign-paused', ...shown }]
    return campaignId !== null && blocked.has(campaignId) ? [{ kind: 'campaign-blocked', ...shown }] : []
  })
}
