/** What may be known of the contacts of a key: names with types (reference: contacts.md §6). */
import type { Kysely } from 'kysely'
import type { KeyId, PropertyId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import type { PropertyType } from '../storage/tables/contacts.ts'

export const propertyTypes = [
  'str',
  'int',
  'float',
  'bool',
  'datetime',
] as const satisfies readonly PropertyType[]

export type Property = {
  id: PropertyId
  name: string
  type: PropertyType
  namespace: 'static' | 'historic'
}

const mostProperties = 1_000

export async function listProperties(
  db: Kysely<Schema>,
  { keyId, namespace }: { keyId: KeyId; namespace?: Property['namespace'] },
): Promise<Property[]> {
  let query = db
    .selectFrom('contact_properties')
    .select(['id', 'name', 'type', 'namespace'])
    .where('key_id', '=', keyId)
    .where('deleted_at', 'is', null)
  if (namespace !== undefined) query = query.where('namespace', '=', namespace)
  return query.orderBy('id').execute()
}

/** The ones that contacts have values of, by lower-case name. */
export async function propertiesByName(
  db: Kysely<Schema>,
  keyId: KeyId,
): Promise<ReadonlyMap<string, Property>> {
  const all = await listProperties(db, { keyId, namespace: 'static' })
  return new Map(all.map((property) => [property.name.toLowerCase(), property]))
}

export async function findProperty(
  db: Kysely<Schema>,
  {
    keyId,
    ...by
  }: { keyId: KeyId } & ({ id: PropertyId } | { name: string; namespace: Property['namespace'] }),
): Promise<Property | undefined> {
  const all = db
    .selectFrom('contact_properties')
    .select(['id', 'name', 'type', 'namespace'])
    .where('key_id', '=', keyId)
    .where('deleted_at', 'is', null)
  const one =
    'id' in by
      ? all.where('id', '=', by.id)
      : all.where('name_key', '=', by.name.toLowerCase()).where('namespace', '=', by.namespace)
  return one.executeTakeFirst()
}

/** Undefined when the name is taken. */
export async function createProperty(
  { db, reserveIds }: Pick<Storage, 'db' | 'reserveIds'>,
  property: {
    keyId: KeyId
    name: string
    type: PropertyType
    namespace?: Property['namespace']
    now: Instant
  },
): Promise<Property | undefined> {
  const { keyId, type, namespace = 'static', now } = property
  const name = propertyName(property.name)
  const { count } = await db
    .selectFrom('contact_properties')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('key_id', '=', keyId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (Number(count) >= mostProperties) {
    throw new Refused('bad-value', `an API key has ${mostProperties} properties at most; delete one first`)
  }
  const id = (await reserveIds(1)) as PropertyId
  const added = await db
    .insertInto('contact_properties')
    .values({
      id,
      key_id: keyId,
      name,
      name_key: name.toLowerCase(),
      type,
      namespace,
      created_at: now,
      deleted_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return added && { id, name, type, namespace }
}

/** Undefined when another property has the name. The type of one that has values stays. */
export async function changeProperty(
  db: Kysely<Schema>,
  property: Property & { keyId: KeyId },
  changes: { name?: string; type?: PropertyType },
): Promise<Property | undefined> {
  const name = changes.name === undefined ? property.name : propertyName(changes.name)
  const type = changes.type ?? property.type
  if (type !== property.type) {
    const value = await db
      .selectFrom('contact_values')
      .select('contact_id')
      .where('property_id', '=', property.id)
      .limit(1)
      .executeTakeFirst()
    if (value !== undefined) {
      throw new Refused(
        'bad-value',
        `the property ${property.name} has values, so it stays ${property.type}; make another one`,
      )
    }
  }
  const { id, keyId, namespace } = property
  const other = await findProperty(db, { keyId, name, namespace })
  if (other !== undefined && other.id !== id) return undefined
  await db
    .updateTable('contact_properties')
    .set({ name, name_key: name.toLowerCase(), type })
    .where('id', '=', id)
    .execute()
  return { id, name, type, namespace }
}

/** Letters of any language, digits and underscores: what segments and templates can name. */
export function isPropertyName(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]{0,99}$/u.test(text)
}

function propertyName(text: string): string {
  const name = text.trim().normalize('NFC')
  if (isPropertyName(name)) return name
  throw new Refused(
    'bad-value',
    `'${text.slice(0, 100)}' is no name of a property; it begins with a letter and holds letters, digits and _, 100 at most`,
  )
}
