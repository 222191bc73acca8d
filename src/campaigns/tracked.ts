/** Whether mail was sent with tracking: what it left with counts, whatever its key says today. */
import type { Kysely } from 'kysely'
import type { MessageOptions } from '../intake/submission.ts'
import type { CampaignId, MessageId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'

export type Tracked = { opens: boolean; clicks: boolean }

/** Those that are forgotten are not in the map. */
export async function trackedMessages(
  db: Kysely<Schema>,
  ids: readonly MessageId[],
): Promise<ReadonlyMap<MessageId, Tracked>> {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('messages').select(['id', 'options']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, options }) => [id, trackedBy(options)]))
}

/** As its latest message is, of which a mailing has one; null when none is kept. */
export async function trackedCampaign(db: Kysely<Schema>, id: CampaignId): Promise<Tracked | null> {
  const latest = await db
    .selectFrom('messages')
    .select('options')
    .where('campaign_id', '=', id)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return latest === undefined ? null : trackedBy(latest.options)
}

function trackedBy(text: string): Tracked {
  const { trackOpens, trackClicks } = JSON.parse(text) as MessageOptions
  return { opens: trackOpens === 'enabled', clicks: trackClicks === 'enabled' }
}
