/** What mail that is made for each recipient may say of them. */
import type { Kysely } from 'kysely'
import type { ContactId, ContactListId, KeyId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { valuesOf } from './read-values.ts'
import { plainValue } from './values.ts'

export type Person = {
  id: ContactId
  email: string
  name: string
  /** By the names of the properties; what is not known has no entry. */
  properties: Readonly<Record<string, string | number | boolean>>
  lastOpenAt: Instant | null
  lastClickAt: Instant | null
}

/** By normalised address; who is no contact of the key is not in the map. */
export async function personsByEmail(
  db: Kysely<Schema>,
  { keyId, emails }: { keyId: KeyId; emails: readonly string[] },
): Promise<ReadonlyMap<string, Person>> {
  const persons = await read(db, keyId, { emails })
  return new Map(persons.map((person) => [person.email, person]))
}

export async function personsById(
  db: Kysely<Schema>,
  { keyId, ids }: { keyId: KeyId; ids: readonly ContactId[] },
): Promise<ReadonlyMap<ContactId, Person>> {
  const persons = await read(db, keyId, { ids })
  return new Map(persons.map((person) => [person.id, person]))
}

/** Which of them the list has and may write to: who was taken off it is not there, and who has left it is marked. */
export async function subscribedAmong(
  db: Kysely<Schema>,
  { listId, ids }: { listId: ContactListId; ids: readonly ContactId[] },
): Promise<ReadonlySet<ContactId>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('list_members')
    .select('contact_id')
    .where('list_id', '=', listId)
    .where('contact_id', 'in', ids)
    .where('is_unsubscribed', '=', 0)
    .execute()
  return new Set(rows.map((row) => row.contact_id))
}

async function read(
  db: Kysely<Schema>,
  keyId: KeyId,
  by: { emails: readonly string[] } | { ids: readonly ContactId[] },
): Promise<Person[]> {
  const wanted = 'ids' in by ? by.ids : by.emails
  if (wanted.length === 0) return []
  let query = db
    .selectFrom('contacts')
    .select(['id', 'email', 'name', 'last_open_at as lastOpenAt', 'last_click_at as lastClickAt'])
    .where('key_id', '=', keyId)
    .where('erased_at', 'is', null)
  query = 'ids' in by ? query.where('id', 'in', by.ids) : query.where('email', 'in', by.emails)
  const rows = await query.execute()
  const values = await valuesOf(db, { keyId, contactIds: rows.map(({ id }) => id) })
  return rows.map((row) => ({
    ...row,
    properties: Object.fromEntries(
      (values.get(row.id) ?? []).map(({ property, value }) => [
        property.name,
        plainValue(property.type, value),
      ]),
    ),
  }))
}
