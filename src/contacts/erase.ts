/** Erasing what is known of a person (reference: contacts.md §10). */
import { randomBytes } from 'node:crypto'
import type { ContactId, KeyId } from '../mail/ids.ts'
import type { Instant } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import type { ContactsContext } from './context.ts'
import { countColumns } from './counts.ts'

const nothingCounted = Object.fromEntries(Object.values(countColumns).map((column) => [column, 0]))

const keptMs = 30 * 86_400_000

/**
 * At once and for good: address and name, values, memberships. That the address is not to be written to stays on the
 * suppression list, or the person would get mail again. False when there is no such contact.
 */
export async function eraseContact(
  { storage, clock }: Pick<ContactsContext, 'storage' | 'clock'>,
  { keyId, id }: { keyId: KeyId; id: ContactId },
): Promise<boolean> {
  return storage.db.transaction().execute(async (tx) => {
    const contact = await tx
      .selectFrom('contacts')
      .select('email')
      .where('key_id', '=', keyId)
      .where('id', '=', id)
      .where('erased_at', 'is', null)
      .executeTakeFirst()
    if (contact === undefined) return false
    await tx
      .updateTable('contacts')
      .set({
        email: `\\x${randomBytes(20).toString('hex')}@domain.invalid`,
        name: 'Anonymized',
        is_opt_in_pending: 0,
        ...nothingCounted,
        updated_at: null,
        exclusion_changed_at: null,
        last_activity_at: null,
        last_open_at: null,
        last_click_at: null,
        unsubscribed_at: null,
        erased_at: clock.now(),
      })
      .where('id', '=', id)
      .execute()
    await tx.deleteFrom('member_counts').where('contact_id', '=', id).execute()
    await tx.deleteFrom('contact_values').where('contact_id', '=', id).execute()
    await tx.deleteFrom('contact_signups').where('contact_id', '=', id).execute()
    // Whom mailings went to: by the mailings of the key, each of which has the contact once.
    await tx
      .updateTable('mailing_recipients')
      .set({ address: `\\x${id}@domain.invalid` })
      .where('mailing_id', 'in', ({ selectFrom }) =>
        selectFrom('mailings').select('id').where('key_id', '=', keyId),
      )
      .where('contact_id', '=', id)
      .execute()
    // Previews of the last hour may show the person; whoever looks at another's gets a new one with their next change.
    await tx.deleteFrom('template_previews').execute()
    const left = await tx
      .deleteFrom('list_members')
      .where('contact_id', '=', id)
      .returning('list_id')
      .execute()
    for (const { list_id } of left.toSorted((a, b) => a.list_id - b.list_id)) {
      await tx
        .updateTable('contact_lists')
        .set((column) => ({ member_count: column('member_count', '-', 1) }))
        .where('id', '=', list_id)
        .execute()
    }
    await tx
      .deleteFrom('soft_bounces')
      .where('key_id', '=', keyId)
      .where('address', '=', contact.email)
      .execute()
    return true
  })
}

/** The empty rows that are left go after a month, and with them what was being counted during the erasure. */
export async function purgeErased({ db }: Pick<Storage, 'db'>, now: Instant): Promise<void> {
  await db
    .deleteFrom('member_counts')
    .where('contact_id', 'in', ({ selectFrom }) =>
      selectFrom('contacts').select('id').where('erased_at', 'is not', null),
    )
    .execute()
  await db
    .deleteFrom('contacts')
    .where('erased_at', '<', now - keptMs)
    .execute()
}
