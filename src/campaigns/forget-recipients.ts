/** Whom a mailing went to is kept as long as its messages are; its numbers stay. */
import type { Kysely } from 'kysely'
import type { ContactId, MailingId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { changedAt } from './mailing.ts'

const dayMs = 86_400_000
const rowsPerStep = 1_000
/** Deleted ones are still listed over Mailjet's API for a while. */
export const deletedMailingDays = 30

export async function forgetOldRecipients(
  { db }: Pick<Storage, 'db'>,
  { now, messagesDays }: { now: number; messagesDays: number },
): Promise<void> {
  const before = now - messagesDays * dayMs
  // Nobody has gone on with these for so long. Without recipients they could not be resumed any more: they have ended.
  await db
    .updateTable('mailings')
    .set(({ fn }) => ({
      ...{ state: 'cancelled', reason: '', paused_by: null, work_id: null, modified_at: changedAt(now) },
      ended_at: fn.coalesce('modified_at', 'started_at'),
    }))
    .where('state', '=', 'paused')
    .where(({ fn }) => fn.coalesce('modified_at', 'started_at'), '<', before)
    .execute()
  const old = await db
    .selectFrom('mailings')
    .select('id')
    .where('ended_at', '<', before)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('mailing_recipients')
          .select('contact_id')
          .whereRef('mailing_recipients.mailing_id', '=', 'mailings.id')
          .limit(1),
      ),
    )
    .execute()
  for (const { id } of old) await forgetRecipients(db, id)
}

/** Those that were deleted a while ago, with all that was written for them. What was sent and counted stays. */
export async function purgeDeletedMailings({ db }: Pick<Storage, 'db'>, now: number): Promise<void> {
  const old = await db
    .selectFrom('mailings')
    .select('id')
    .where('state', '=', 'deleted')
    .where(({ fn }) => fn.coalesce('modified_at', 'created_at'), '<', now - deletedMailingDays * dayMs)
    .execute()
  for (const { id } of old) {
    await forgetRecipients(db, id)
    await db.transaction().execute(async (tx) => {
      await tx.deleteFrom('mailing_contents').where('mailing_id', '=', id).execute()
      await tx.deleteFrom('mailing_exclusions').where('mailing_id', '=', id).execute()
      await tx.deleteFrom('mailings').where('id', '=', id).execute()
    })
  }
}

/** In small steps, so that mail never waits for it. */
async function forgetRecipients(db: Kysely<Schema>, id: MailingId): Promise<void> {
  for (let after = 0 as ContactId; ; ) {
    const rows = await db
      .selectFrom('mailing_recipients')
      .select('contact_id')
      .where('mailing_id', '=', id)
      .where('contact_id', '>', after)
      .orderBy('contact_id')
      .limit(rowsPerStep)
      .execute()
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.contact_id
    await db
      .deleteFrom('mailing_recipients')
      .where('mailing_id', '=', id)
      .where('contact_id', '<=', after)
      .execute()
  }
}
