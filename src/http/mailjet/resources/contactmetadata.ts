/** `/v3/REST/contactmetadata`: what may be known of contacts (reference/contacts.md §6). */
import { deleteProperty } from '../../../contacts/forget-property.ts'
import {
  changeProperty,
  createProperty,
  findProperty,
  listProperties,
  type Property,
  propertyTypes,
} from '../../../contacts/properties.ts'
import type { PropertyId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import type { Page, Query } from '../resource.ts'
import { alreadyExists } from '../rest-errors.ts'
import { tellProperty } from './contact-problems.ts'

export const contactmetadata = defineResource<Property>({
  name: 'contactmetadata',
  description: 'Properties of contacts.',
  uniqueKey: ['Namespace', 'Name'],
  properties: [
    {
      name: 'Datatype',
      type: 'text',
      description: 'Type of the values; it stays as soon as there are some.',
      write: 'always',
      default: 'str',
      allowed: propertyTypes,
      value: (row) => row.type,
    },
    { name: 'ID', type: 'integer', description: 'Number of the property.', value: (row) => row.id },
    {
      name: 'Name',
      type: 'text',
      description: 'Name; found in any letter case.',
      write: 'always',
      isRequired: true,
      maxLength: 100,
      isOneLine: true,
      value: (row) => row.name,
    },
    {
      name: 'NameSpace',
      type: 'text',
      description: 'static, or historic (kept for old clients; has no values).',
      write: 'at-creation',
      default: 'static',
      allowed: ['static', 'historic'],
      value: (row) => row.namespace,
    },
  ],
  filters: { DataType: 'text', Namespace: 'text' },
  sort: { ID: true, Name: true },
  unknownId: 'not-found',
  select: async (query, page) => {
    const { limit, offset } = page
    return sorted(await matching(query), page).slice(offset, offset + limit)
  },
  count: async (query) => (await matching(query)).length,
  async create({ keyId, parts, now }, values) {
    const name = values.text('Name') ?? ''
    const type = typeOf(values.text('Datatype')) ?? 'str'
    const namespace = values.text('NameSpace') === 'historic' ? 'historic' : 'static'
    const added = await tellProperty(
      'Name',
      createProperty(parts.storage, { keyId, name, type, namespace, now }),
    )
    if (added === undefined) throw alreadyExists('Contactmetadata', { property: 'Name', value: name })
    return added
  },
  async update({ keyId, db }, row, values) {
    const name = values.text('Name')
    const type = typeOf(values.text('Datatype'))
    const changes = { ...(name !== undefined && { name }), ...(type !== undefined && { type }) }
    const named = type === undefined ? 'Name' : 'Datatype'
    const changed = await tellProperty(named, changeProperty(db, { ...row, keyId }, changes))
    if (changed === undefined) {
      throw alreadyExists('Contactmetadata', { property: 'Name', value: name ?? row.name })
    }
    return changed
  },
  remove: ({ keyId, parts }, { id }) => deleteProperty(parts.contacts, { keyId, id }),
})

/** There are few: a thousand at most. */
async function matching({ db, keyId, id, uniqueKey, filters }: Query): Promise<Property[]> {
  if (id !== undefined) return listOf(await findProperty(db, { keyId, id: id as PropertyId }))
  if (uniqueKey !== undefined) {
    const [namespace = '', name = ''] = uniqueKey
    const known = (['static', 'historic'] as const).find((one) => one === namespace.toLowerCase())
    return known === undefined ? [] : listOf(await findProperty(db, { keyId, name, namespace: known }))
  }
  const type = filters.text('DataType')?.toLowerCase()
  const namespace = filters.text('Namespace')?.toLowerCase()
  const all = await listProperties(db, { keyId })
  return all.filter(
    (property) =>
      (type === undefined || property.type === type) &&
      (namespace === undefined || property.namespace === namespace),
  )
}

function listOf(property: Property | undefined): Property[] {
  return property === undefined ? [] : [property]
}

function sorted(all: readonly Property[], { sort: [first] }: Page): Property[] {
  const up = first?.descending ? -1 : 1
  return all.toSorted((a, b) =>
    first?.property === 'Name' ? up * (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) : up * (a.id - b.id),
  )
}

function typeOf(text: string | undefined): Property['type'] | undefined {
  return propertyTypes.find((type) => type === text)
}
