/** Whom a mailing went to is kept as long as its messages are; its numbers stay. */
import type { ContactId } from '../mail/ids.ts'
import type { Storage } from '../storage/storage.ts'

const dayMs = 86_400_000
const rowsPerStep = 1_000

export async function forgetOldRecipients(
  { db }: Pick<Storage, 'db'>,
  { now, messagesDays }: { now: number; messagesDays: number },
): Promise<void> {
  const old = await db
    .selectFrom('mailings')
    .select('id')
    .where('ended_at', '<', now - messagesDays * dayMs)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('mailing_recipients')
          .select('contact_id')
          .whereRef('mailing_recipients.mailing_id', '=', 'mailings.id')
          .limit(1),
      ),
    )
    .execute()
  for (const { id } of old) {
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
      if (last === undefined) break
      after = last.contact_id
      await db
        .deleteFrom('mailing_recipients')
        .where('mailing_id', '=', id)
        .where('contact_id', '<=', after)
        .execute()
    }
  }
}
