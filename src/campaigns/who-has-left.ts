/** Who must not get mail of a mailing once more: whoever has left its list since, or was taken off it. */
import type { Kysely } from 'kysely'
import { contactEmail } from '../contacts/contacts.ts'
import { personsByEmail, subscribedAmong } from '../contacts/persons.ts'
import type { ContactListId, KeyId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'

/**
 * The first of `addresses` that may not. Others than `recipients`, whom it was for, may where they are no contacts of
 * the key: a colleague who wants to see it is on no list.
 */
export async function whoHasLeft(
  db: Kysely<Schema>,
  {
    keyId,
    listId,
    recipients,
    addresses,
  }: { keyId: KeyId; listId: number; recipients: readonly string[]; addresses: readonly string[] },
): Promise<string | undefined> {
  const emails = addresses.map(emailOf)
  const persons = await personsByEmail(db, { keyId, emails })
  const ids = [...persons.values()].map(({ id }) => id)
  const subscribed = await subscribedAmong(db, { listId: listId as ContactListId, ids })
  const first = new Set(recipients.map(emailOf))
  return emails.find((email) => {
    const person = persons.get(email)
    return person === undefined ? first.has(email) : !subscribed.has(person.id)
  })
}

function emailOf(address: string): string {
  return contactEmail(address) ?? address
}
