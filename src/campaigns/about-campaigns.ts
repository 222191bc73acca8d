/** What is known of the mailings behind campaigns; other campaigns are names that mail came with. */
import type { Kysely } from 'kysely'
import type { CampaignId, MailingId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'

export type AboutCampaign = {
  isStarred: boolean
  /** These are of a mailing; null or '' where there is none. */
  mailingId: MailingId | null
  title: string
  subject: string
  startedAt: Instant | null
  listName: string
  segmentName: string
}

export async function aboutCampaigns(
  db: Kysely<Schema>,
  ids: readonly number[],
): Promise<ReadonlyMap<number, AboutCampaign>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('campaigns')
    .leftJoin('mailings', 'mailings.id', 'campaigns.mailing_id')
    .leftJoin('contact_lists', 'contact_lists.id', 'mailings.list_id')
    .leftJoin('segments', 'segments.id', 'mailings.segment_id')
    .select([
      'campaigns.id',
      'campaigns.is_starred as isStarred',
      'campaigns.mailing_id as mailingId',
      'mailings.title',
      'mailings.subject',
      'mailings.started_at as startedAt',
      'contact_lists.name as listName',
      'segments.name as segmentName',
    ])
    .where('campaigns.id', 'in', ids as readonly CampaignId[])
    .execute()
  return new Map(
    rows.map(({ id, isStarred, mailingId, startedAt, ...texts }) => [
      id,
      {
        ...{ mailingId, startedAt },
        isStarred: isStarred === 1,
        title: texts.title ?? '',
        subject: texts.subject ?? '',
        listName: texts.listName ?? '',
        segmentName: texts.segmentName ?? '',
      },
    ]),
  )
}
