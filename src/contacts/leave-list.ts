/** One person leaves one list, or comes back to it: what a link in their mail does. */
import type { Kysely } from 'kysely'
import type { ContactId, ContactListId, KeyId } from '../mail/ids.ts'
import type { Flag, Instant, Schema } from '../storage/schema.ts'
import { defineUpdate, type Write } from '../storage/storage.ts'
import { contactEmail } from './contacts.ts'

export type Membership = { listId: ContactListId; contactId: ContactId; isUnsubscribed: boolean }

/** Undefined when the person is not in the list, or nothing is known of them any more. */
export async function findMembership(
  db: Kysely<Schema>,
  { keyId, listId, address }: { keyId: KeyId; listId: ContactListId; address: string },
): Promise<Membership | undefined> {
  const row = await db
    .selectFrom('contacts')
    .innerJoin('list_members', 'list_members.contact_id', 'contacts.id')
    .select(['contacts.id', 'list_members.is_unsubscribed'])
    .where('contacts.key_id', '=', keyId)
    .where('contacts.email', '=', contactEmail(address) ?? '')
    .where('list_members.list_id', '=', listId)
    .executeTakeFirst()
  return row && { listId, contactId: row.id, isUnsubscribed: row.is_unsubscribed === 1 }
}

const leave = defineUpdate(
  'list_members',
  ['is_unsubscribed', 'unsubscribed_at'],
  ['list_id', 'contact_id', 'is_unsubscribed'],
)
const join = defineUpdate(
  'list_members',
  ['is_unsubscribed', 'subscribed_at'],
  ['list_id', 'contact_id', 'is_unsubscribed'],
)

/** A guard: it holds for who was in the list until now. */
export function leaveList({ listId, contactId }: Membership, at: Instant): Write {
  return fromTo(leave({ list_id: listId, contact_id: contactId, is_unsubscribed: 1, unsubscribed_at: at }), 0)
}

/** A guard: it holds for who had left the list. */
export function rejoinList({ listId, contactId }: Membership, at: Instant): Write {
  return fromTo(join({ list_id: listId, contact_id: contactId, is_unsubscribed: 0, subscribed_at: at }), 1)
}

/** The flag stands on both sides, as what it becomes and, last, as what it must be. */
function fromTo({ statement, values }: Write, from: Flag): Write {
  return { statement, values: [...values.slice(0, -1), from] }
}
