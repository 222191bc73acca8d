/**
 * The one place where contacts come in and change, one or many: rows, values of properties, exclusion from campaigns and
 * lists, in one transaction of the caller.
 */
import { type Kysely, sql } from 'kysely'
import type { ContactId, ContactJobId, KeyId, PropertyId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { excludedAmong, excludeFromCampaigns, includeInCampaigns } from './exclusions.ts'
import { applyActions, type ListTarget } from './members.ts'
import { tidyName } from './tidy-text.ts'
import { type NewValues, textKey } from './values.ts'

export type NewContact = {
  /** As `contactEmail` gives it; once in a batch. */
  email: string
  /** Left out: stays as it is. */
  name?: string
  isExcluded?: boolean
  values?: NewValues
}

export type Batch = {
  keyId: KeyId
  contacts: readonly NewContact[]
  targets: readonly ListTarget[]
  /** What set the exclusion, in words. */
  origin: string
  /** Marks the contacts as taken by this import; those that it has taken already are left out. */
  jobId?: ContactJobId
  /** False: addresses that are not known are left alone. */
  creates: boolean
  now: Instant
}

export type StoredBatch = {
  ids: ReadonlyMap<string, ContactId>
  /** Addresses that nobody had brought before. */
  created: ReadonlySet<string>
  /** Memberships that were not there before. */
  membersMade: number
  /** Addresses whose exclusion from campaigns changed: the suppression check is to be told after the commit. */
  exclusionsChanged: readonly string[]
  /** Addresses that the import had taken already. */
  repeated: ReadonlySet<string>
}

/** Ids that a batch may need; to be reserved before its transaction begins. */
export async function reserveFor(storage: Pick<Storage, 'reserveIds'>, batch: Batch): Promise<number> {
  return storage.reserveIds(Math.max(1, batch.contacts.length * (1 + batch.targets.length)))
}

export async function storeContacts(
  tx: Kysely<Schema>,
  { firstId, ...batch }: Batch & { firstId: number },
): Promise<StoredBatch> {
  const { keyId, targets, now } = batch
  const sorted = batch.contacts
    .map(({ name, ...contact }) => ({ ...contact, ...(name !== undefined && { name: tidyName(name) }) }))
    .toSorted((a, b) => (a.email < b.email ? -1 : 1))
  const known = await knownContacts(tx, { keyId, emails: sorted.map(({ email }) => email) })
  const repeated = new Set<string>()
  for (const [email, { jobId }] of known) {
    if (batch.jobId !== undefined && jobId === batch.jobId) repeated.add(email)
  }
  for (const email of repeated) known.delete(email)
  const contacts = sorted.filter(({ email }) => !repeated.has(email))
  if (contacts.length === 0) {
    return { ids: new Map(), created: new Set(), membersMade: 0, exclusionsChanged: [], repeated }
  }
  await markTaken(tx, { ids: [...known.values()].map(({ id }) => id), jobId: batch.jobId })
  const created = batch.creates
    ? await insertUnknown(tx, { batch: { ...batch, contacts }, known, firstId })
    : new Set<string>()
  const ids = new Map([...known].map(([email, { id }]) => [email, id]))
  await changeNames(tx, { contacts, known, now })
  await storeValues(tx, { contacts, ids })
  const exclusionsChanged = await changeExclusions(tx, { ...batch, contacts, ids })
  const membersMade = await applyActions(tx, {
    keyId,
    contactIds: [...ids.values()],
    targets,
    firstId: firstId + contacts.length,
    now,
  })
  return { ids, created, membersMade, exclusionsChanged, repeated }
}

async function markTaken(
  tx: Kysely<Schema>,
  { ids, jobId }: { ids: readonly ContactId[]; jobId: ContactJobId | undefined },
): Promise<void> {
  if (jobId === undefined || ids.length === 0) return
  await tx.updateTable('contacts').set({ job_id: jobId }).where('id', 'in', ids).execute()
}

type Known = Map<string, { id: ContactId; name: string; jobId: number | null }>

async function knownContacts(
  tx: Kysely<Schema>,
  { keyId, emails }: { keyId: KeyId; emails: readonly string[] },
): Promise<Known> {
  if (emails.length === 0) return new Map()
  const rows = await tx
    .selectFrom('contacts')
    .select(['id', 'email', 'name', 'job_id as jobId'])
    .where('key_id', '=', keyId)
    .where('email', 'in', emails)
    .execute()
  return new Map(rows.map(({ email, ...contact }) => [email, contact]))
}

/** Whom it brought; nobody, when another was faster. */
async function insertUnknown(
  tx: Kysely<Schema>,
  { batch, known, firstId }: { batch: Batch; known: Known; firstId: number },
): Promise<ReadonlySet<string>> {
  const { keyId, now } = batch
  const unknown = batch.contacts.filter(({ email }) => !known.has(email))
  if (unknown.length === 0) return new Set()
  const rows = await tx
    .insertInto('contacts')
    .values(
      unknown.map(({ email, name = '' }, place) => ({
        id: (firstId + place) as ContactId,
        key_id: keyId,
        email,
        name,
        created_at: now,
        job_id: batch.jobId ?? null,
      })),
    )
    .onConflict((conflict) => conflict.columns(['key_id', 'email']).doNothing())
    .returning(['id', 'email', 'name', 'job_id as jobId'])
    .execute()
  for (const { email, ...contact } of rows) known.set(email, contact)
  const created = new Set(rows.map(({ email }) => email))
  if (rows.length === unknown.length) return created
  // Somebody else brought them at this moment, and has committed: that is what the insert waited for.
  const emails = unknown.map(({ email }) => email).filter((email) => !known.has(email))
  for (const [email, contact] of await knownContacts(tx, { keyId, emails })) known.set(email, contact)
  return created
}

async function changeNames(
  tx: Kysely<Schema>,
  { contacts, known, now }: { contacts: readonly NewContact[]; known: Known; now: Instant },
): Promise<void> {
  const byName = new Map<string, ContactId[]>()
  for (const { email, name } of contacts) {
    const before = known.get(email)
    if (name === undefined || before === undefined || before.name === name) continue
    byName.set(name, [...(byName.get(name) ?? []), before.id])
  }
  for (const [name, ids] of byName) {
    await tx.updateTable('contacts').set({ name, updated_at: now }).where('id', 'in', ids).execute()
  }
}

async function storeValues(
  tx: Kysely<Schema>,
  { contacts, ids }: { contacts: readonly NewContact[]; ids: ReadonlyMap<string, ContactId> },
): Promise<void> {
  const rows: {
    contact_id: ContactId
    property_id: PropertyId
    text_value: string | null
    text_key: string | null
    number_value: number | null
  }[] = []
  const unset = new Map<PropertyId, ContactId[]>()
  for (const { email, values = [] } of contacts) {
    const contactId = ids.get(email)
    if (contactId === undefined) continue
    for (const [propertyId, value] of values) {
      if (value === null) {
        unset.set(propertyId, [...(unset.get(propertyId) ?? []), contactId])
        continue
      }
      rows.push({
        contact_id: contactId,
        property_id: propertyId,
        text_value: 'text' in value ? value.text : null,
        text_key: 'text' in value ? textKey(value.text) : null,
        number_value: 'number' in value ? value.number : null,
      })
    }
  }
  for (let at = 0; at < rows.length; at += valuesPerStatement) {
    await tx
      .insertInto('contact_values')
      .values(rows.slice(at, at + valuesPerStatement))
      .onConflict((conflict) =>
        conflict
          .columns(['contact_id', 'property_id'])
          .doUpdateSet((row) => ({
            text_value: row.ref('excluded.text_value'),
            text_key: row.ref('excluded.text_key'),
            number_value: row.ref('excluded.number_value'),
          }))
          .where(isDifferent),
      )
      .execute()
  }
  for (const [propertyId, contactIds] of unset) {
    await tx
      .deleteFrom('contact_values')
      .where('property_id', '=', propertyId)
      .where('contact_id', 'in', contactIds)
      .execute()
  }
}

const isDifferent = sql<boolean>`contact_values.text_value IS DISTINCT FROM excluded.text_value
  OR contact_values.number_value IS DISTINCT FROM excluded.number_value`

// Databases allow 32,766 parameters.
const valuesPerStatement = 2_000

async function changeExclusions(
  tx: Kysely<Schema>,
  { keyId, contacts, ids, origin, now }: Batch & { ids: ReadonlyMap<string, ContactId> },
): Promise<string[]> {
  const wanted = contacts.filter(({ isExcluded, email }) => isExcluded !== undefined && ids.has(email))
  const excluded = await excludedAmong(tx, { keyId, emails: wanted.map(({ email }) => email) })
  const persons = (isExcluded: boolean) =>
    wanted.flatMap((contact) => {
      const id = ids.get(contact.email)
      if (contact.isExcluded !== isExcluded || excluded.has(contact.email) === isExcluded) return []
      return id === undefined ? [] : [{ id, email: contact.email }]
    })
  const [out, back] = [persons(true), persons(false)]
  await excludeFromCampaigns(tx, { keyId, persons: out, origin, at: now })
  await includeInCampaigns(tx, { keyId, persons: back, at: now })
  return [...out, ...back].map(({ email }) => email)
}
