/** What templates see of the people that a message goes to. */
import type { Kysely } from 'kysely'
import { type Address, normaliseAddress } from '../mail/address.ts'
import type { ContactId, KeyId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'
import { plainValue } from './values.ts'

export type RecipientData = {
  id: ContactId
  /** Properties by name. */
  values: Readonly<Record<string, string | number | boolean>>
}

export type RecipientsData = ReadonlyMap<string, RecipientData>

/** How many addresses one query asks for. */
const addressesAtOnce = 1_000

/** By normalised address, in one query for a thousand of them. Who is no contact of the key is not in the map. */
export async function dataOfRecipients(
  db: Kysely<Schema>,
  { keyId, addresses }: { keyId: KeyId; addresses: readonly Address[] },
): Promise<RecipientsData> {
  const emails = [...new Set(addresses.map(normaliseAddress))]
  const found = new Map<string, { id: ContactId; values: Record<string, string | number | boolean> }>()
  for (let from = 0; from < emails.length; from += addressesAtOnce) {
    const rows = await db
      .selectFrom('contacts')
      .leftJoin('contact_values', 'contact_values.contact_id', 'contacts.id')
      .leftJoin('contact_properties', (join) =>
        join
          .onRef('contact_properties.id', '=', 'contact_values.property_id')
          .on('contact_properties.namespace', '=', 'static')
          .on('contact_properties.deleted_at', 'is', null),
      )
      .select([
        'contacts.id',
        'contacts.email',
        'contact_properties.name',
        'contact_properties.type',
        'contact_values.text_value as text',
        'contact_values.number_value as number',
      ])
      .where('contacts.key_id', '=', keyId)
      .where('contacts.erased_at', 'is', null)
      .where('contacts.email', 'in', emails.slice(from, from + addressesAtOnce))
      .execute()
    for (const { id, email, name, type, text, number } of rows) {
      const known = found.get(email) ?? { id, values: {} }
      found.set(email, known)
      if (name === null || type === null) continue
      known.values[name] = plainValue(type, text === null ? { number: Number(number) } : { text })
    }
  }
  return found
}
