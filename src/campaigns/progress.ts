/** How far a mailing has come: a few rows are read, however many recipients it has. */
import type { Storage } from '../storage/storage.ts'
import type { MailingExclusion } from '../storage/tables/mailings.ts'
import type { CampaignCounts, CampaignsContext } from './context.ts'
import type { Mailing } from './mailing.ts'
import { answeredOf, noCounts } from './run-mailings.ts'

export type Progress = CampaignCounts & {
  /** Members of the list, or those that the segment chose. */
  total: number
  /** Their deliveries are not made yet. */
  pending: number
  /** Their deliveries wait for a first answer. */
  queued: number
  excluded: Partial<Record<MailingExclusion, number>>
}

export async function readProgress(
  { storage, countsOf }: Pick<CampaignsContext, 'storage' | 'countsOf'>,
  mailing: Mailing,
): Promise<Progress> {
  const counts = mailing.campaignId === null ? noCounts : await countsOf(mailing.campaignId)
  return {
    ...counts,
    total: mailing.total,
    pending: mailing.pending,
    queued: Math.max(0, mailing.handed - answeredOf(counts)),
    excluded: await readExclusions(storage, mailing),
  }
}

async function readExclusions({ db }: Storage, { id }: Mailing): Promise<Progress['excluded']> {
  const rows = await db
    .selectFrom('mailing_exclusions')
    .select(['reason', 'count'])
    .where('mailing_id', '=', id)
    .execute()
  return Object.fromEntries(rows.map(({ reason, count }) => [reason, count]))
}
