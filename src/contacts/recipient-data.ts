/** What templates see of the people that a message goes to. */
import type { Kysely } from 'kysely'
import { type Address, normaliseAddress } from '../mail/address.ts'
import type { ContactId, KeyId, SegmentId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { segmentCondition } from './segments.ts'
import { plainValue } from './values.ts'

export type RecipientData = {
  /** Undefined: no contact of the key. */
  id?: ContactId
  /** Properties by name. */
  values: Readonly<Record<string, string | number | boolean>>
  lastOpenAt: Instant | null
  lastClickAt: Instant | null
  /** Whether they are in it, by the name or number that was asked for; only segments that there are. */
  segments: ReadonlyMap<string, boolean>
}

/** By normalised address. */
export type RecipientsData = ReadonlyMap<string, RecipientData>

type Asked = {
  keyId: KeyId
  addresses: readonly Address[]
  /** Names or numbers of segments. */
  segments: readonly string[]
  now: Instant
}

/** How many addresses one query asks for. */
const addressesAtOnce = 1_000

/**
 * Of all of them, contacts or not: one query for each thousand. Where segments are asked for, one more finds them, and each
 * takes another for each thousand, beside what its formula needs to know.
 */
export async function dataOfRecipients(
  db: Kysely<Schema>,
  { addresses, ...asked }: Asked,
): Promise<RecipientsData> {
  const emails = [...new Set(addresses.map(normaliseAddress))]
  const found = new Map<string, RecipientData>()
  const segments = await findSegments(db, asked)
  for (let from = 0; from < emails.length; from += addressesAtOnce) {
    const some = emails.slice(from, from + addressesAtOnce)
    const members = await membersAmong(db, { ...asked, emails: some, segments })
    const contacts = await contactsAmong(db, { ...asked, emails: some })
    for (const email of some) {
      const inSegments = new Map([...members].map(([name, inIt]) => [name, inIt.has(email)]))
      const contact = contacts.get(email) ?? { values: {}, lastOpenAt: null, lastClickAt: null }
      found.set(email, { ...contact, segments: inSegments })
    }
  }
  return found
}

type Contact = Omit<RecipientData, 'segments' | 'values'> & {
  values: Record<string, string | number | boolean>
}

async function contactsAmong(
  db: Kysely<Schema>,
  { keyId, emails }: { keyId: KeyId; emails: readonly string[] },
): Promise<Map<string, Contact>> {
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
      'contacts.last_open_at as lastOpenAt',
      'contacts.last_click_at as lastClickAt',
      'contact_properties.name',
      'contact_properties.type',
      'contact_values.text_value as text',
      'contact_values.number_value as number',
    ])
    .where('contacts.key_id', '=', keyId)
    .where('contacts.erased_at', 'is', null)
    .where('contacts.email', 'in', emails)
    .execute()
  const found = new Map<string, Contact>()
  for (const { id, email, lastOpenAt, lastClickAt, name, type, text, number } of rows) {
    const known = found.get(email) ?? { id, values: {}, lastOpenAt, lastClickAt }
    found.set(email, known)
    if (name === null || type === null) continue
    known.values[name] = plainValue(type, text === null ? { number: Number(number) } : { text })
  }
  return found
}

type FoundSegments = ReadonlyMap<string, string>

/** Their formulas by what was asked for. A name goes before a number. */
async function findSegments(
  db: Kysely<Schema>,
  { keyId, segments }: Pick<Asked, 'keyId' | 'segments'>,
): Promise<FoundSegments> {
  if (segments.length === 0) return new Map()
  const ids = segments.filter((one) => /^\d{1,15}$/.test(one)).map((one) => Number(one) as SegmentId)
  const rows = await db
    .selectFrom('segments')
    .select(['id', 'name', 'expression'])
    .where('key_id', '=', keyId)
    .where('deleted_at', 'is', null)
    .where(({ eb, or }) => or([eb('name', 'in', segments), ...(ids.length > 0 ? [eb('id', 'in', ids)] : [])]))
    .execute()
  const found = new Map<string, string>()
  for (const asked of segments) {
    const row = rows.find(({ name }) => name === asked) ?? rows.find(({ id }) => String(id) === asked)
    if (row !== undefined) found.set(asked, row.expression)
  }
  return found
}

/** A formula that names what is not there any more is no segment. */
async function membersAmong(
  db: Kysely<Schema>,
  {
    keyId,
    now,
    emails,
    segments,
  }: Pick<Asked, 'keyId' | 'now'> & { emails: readonly string[]; segments: FoundSegments },
): Promise<Map<string, ReadonlySet<string>>> {
  const members = new Map<string, ReadonlySet<string>>()
  for (const [asked, expression] of segments) {
    try {
      const rows = await db
        .selectFrom('contacts')
        .select('contacts.email')
        .where('contacts.key_id', '=', keyId)
        .where('contacts.erased_at', 'is', null)
        .where('contacts.email', 'in', emails)
        .where(await segmentCondition(db, { keyId, expression, now }))
        .execute()
      members.set(asked, new Set(rows.map(({ email }) => email)))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
    }
  }
  return members
}
