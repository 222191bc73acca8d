/** What is known of contacts: their values, by name. */
import type { Kysely } from 'kysely'
import type { ContactId, KeyId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'
import { listProperties, type Property } from './properties.ts'
import type { StoredValue } from './values.ts'

export type KnownValue = { property: Property; value: StoredValue }

/** In the order in which the properties were made. Contacts of which nothing is known are not in the map. */
export async function valuesOf(
  db: Kysely<Schema>,
  {
    keyId,
    contactIds,
    properties,
  }: { keyId: KeyId; contactIds: readonly ContactId[]; properties?: readonly Property[] },
): Promise<ReadonlyMap<ContactId, KnownValue[]>> {
  if (contactIds.length === 0) return new Map()
  const all = properties ?? (await listProperties(db, { keyId, namespace: 'static' }))
  const byId = new Map(all.map((property) => [property.id, property]))
  const rows = await db
    .selectFrom('contact_values')
    .select(['contact_id', 'property_id', 'text_value', 'number_value'])
    .where('contact_id', 'in', contactIds)
    .orderBy('contact_id')
    .orderBy('property_id')
    .execute()
  const found = new Map<ContactId, KnownValue[]>()
  for (const { contact_id, property_id, text_value, number_value } of rows) {
    const property = byId.get(property_id)
    if (property === undefined) continue
    const value = text_value === null ? { number: Number(number_value) } : { text: text_value }
    const values = found.get(contact_id)
    if (values === undefined) found.set(contact_id, [{ property, value }])
    else values.push({ property, value })
  }
  return found
}
