/**
 * Who is excluded from campaigns. It stands in the suppression list, the one list of whom a key does not write to: as a
 * row that holds mass mail back, or beside the stronger reason of a row that holds everything back.
 */
import type { Kysely } from 'kysely'
import type { ContactId, KeyId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'

type Persons = {
  keyId: KeyId
  persons: readonly { id: ContactId; email: string }[]
  at: Instant
}

/** Inside a transaction. */
export async function excludeFromCampaigns(
  tx: Kysely<Schema>,
  { keyId, persons, at, origin }: Persons & { origin: string },
): Promise<void> {
  if (persons.length === 0) return
  await tx
    .insertInto('suppressions')
    .values(
      persons.map(({ email }) => ({
        key_id: keyId,
        address: email,
        reason: 'unsubscribe' as const,
        origin: origin.slice(0, 500),
        message_id: null,
        delivery_id: null,
        created_at: at,
        opted_out_at: at,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['key_id', 'address'])
        .doUpdateSet({ opted_out_at: at })
        .where('suppressions.opted_out_at', 'is', null),
    )
    .execute()
  await stamp(tx, { persons, at })
}

/** Inside a transaction. Bounces, complaints and entries made by hand go on holding mail back. */
export async function includeInCampaigns(tx: Kysely<Schema>, { keyId, persons, at }: Persons): Promise<void> {
  if (persons.length === 0) return
  const emails = persons.map(({ email }) => email)
  await tx
    .deleteFrom('suppressions')
    .where('key_id', '=', keyId)
    .where('address', 'in', emails)
    .where('reason', '=', 'unsubscribe')
    .execute()
  await tx
    .updateTable('suppressions')
    .set({ opted_out_at: null })
    .where('key_id', '=', keyId)
    .where('address', 'in', emails)
    .where('opted_out_at', 'is not', null)
    .execute()
  await stamp(tx, { persons, at })
}

async function stamp(tx: Kysely<Schema>, { persons, at }: Pick<Persons, 'persons' | 'at'>): Promise<void> {
  const ids = persons.map(({ id }) => id)
  await tx
    .updateTable('contacts')
    .set({ exclusion_changed_at: at, updated_at: at })
    .where('id', 'in', ids)
    .execute()
}

/** Which of them are excluded now. */
export async function excludedAmong(
  db: Kysely<Schema>,
  { keyId, emails }: { keyId: KeyId; emails: readonly string[] },
): Promise<ReadonlySet<string>> {
  if (emails.length === 0) return new Set()
  const rows = await db
    .selectFrom('suppressions')
    .select('address')
    .where('key_id', '=', keyId)
    .where('address', 'in', emails)
    .where('opted_out_at', 'is not', null)
    .execute()
  return new Set(rows.map(({ address }) => address))
}
