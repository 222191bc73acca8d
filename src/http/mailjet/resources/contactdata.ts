/** `/v3/REST/contactdata`: values of a contact's properties (reference/contacts.md §6). */
import { isDeepStrictEqual } from 'node:util'
import {
  type Contact,
  type ContactFilters,
  contactEmail,
  countContacts,
  findContact,
  listContacts,
} from '../../../contacts/contacts.ts'
import { propertiesByName } from '../../../contacts/properties.ts'
import { type KnownValue, valuesOf } from '../../../contacts/read-values.ts'
import { readValues, saveContacts } from '../../../contacts/save-contacts.ts'
import { formatValue, type NewValues } from '../../../contacts/values.ts'
import type { ContactId, ContactListId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import { propertiesOf } from '../properties.ts'
import type { Values } from '../read-values.ts'
import type { Query } from '../resource.ts'
import { notFound } from '../rest-errors.ts'
import { contactInPath, readSort } from './contact.ts'
import { noStatus } from './contact-filters.ts'
import { invalidEmail, invalidProperty, invalidValues, missingProperty } from './contact-problems.ts'

type Row = { contact: Contact; values: readonly KnownValue[] }

export const contactdata = defineResource<Row>({
  name: 'contactdata',
  description: 'Values of the properties of contacts; a row for each contact.',
  uniqueKey: ['ContactEmail'],
  properties: [
    {
      name: 'ContactALT',
      type: 'text',
      description: 'Address of the contact, to name it when writing.',
      write: 'at-creation',
      maxLength: 320,
      value: () => undefined,
    },
    {
      name: 'ContactID',
      type: 'integer',
      description: 'Contact that the values are of.',
      write: 'at-creation',
      value: ({ contact }) => contact.id,
    },
    {
      name: 'Data',
      type: 'list',
      description: 'Names and values.',
      write: 'always',
      value: ({ values }, filters) => {
        const wanted = filters.list('Fields')
        return values
          .filter(({ property }) => wanted === undefined || wanted.includes(property.name.toLowerCase()))
          .map(({ property, value }) => ({ Name: property.name, Value: formatValue(property.type, value) }))
      },
    },
    {
      name: 'ID',
      type: 'integer',
      description: 'Always equal to ContactID.',
      value: ({ contact }) => contact.id,
    },
    { name: 'MethodCollection', type: 'text', description: 'Always empty.', value: () => '' },
  ],
  filters: {
    Campaign: 'integer',
    ContactEmail: 'text',
    ContactsList: 'integer',
    Fields: 'list',
    IsExcludedFromCampaigns: 'boolean',
    IsUnsubscribed: 'boolean',
    LastActivityAt: 'time',
  },
  refusedFilters: {
    Status: noStatus,
    DateFormat: 'dates are shown like 2026-01-31T12:00:00Z',
    TimeZone: 'dates are shown in UTC',
  },
  sort: { ID: false, Email: true, DeliveredCount: true, CreatedAt: true },
  unknownId: 'not-found',
  async select(query, page) {
    const filters = readFilters(query)
    if (filters === undefined) return []
    return withValues(query, await listContacts(query.db, filters, { ...page, sort: readSort(page) }))
  },
  async count(query) {
    const filters = readFilters(query)
    return filters === undefined ? 0 : countContacts(query.db, filters)
  },
  async create(query, values) {
    const contact = await contactOf(query, values)
    return store(query, contact, await readData(query, values.raw('Data')))
  },
  async update(query, row, values) {
    const given = await readData(query, values.raw('Data'))
    return isKnown(row, given) ? undefined : store(query, row.contact, given)
  },
  async remove({ db }, { contact }) {
    await db.deleteFrom('contact_values').where('contact_id', '=', contact.id).execute()
  },
})

async function readData({ db, keyId }: Query, data: unknown): Promise<NewValues> {
  const { values, problems } = readValues(readEntries(data), await propertiesByName(db, keyId))
  if (problems.length > 0) throw invalidValues(problems)
  return values
}

/** Nothing of it is different from what the contact has. */
function isKnown({ values: known }: Row, given: NewValues): boolean {
  return [...given].every(([propertyId, value]) => {
    const before = known.find(({ property }) => property.id === propertyId)?.value
    return value === null || before === undefined
      ? value === null && before === undefined
      : isDeepStrictEqual(value, before)
  })
}

/** What is not named stays as it is; null takes a value away. */
async function store(query: Query, contact: Contact, values: NewValues): Promise<Row> {
  const { keyId, parts } = query
  await saveContacts(parts.contacts, {
    keyId,
    origin: '',
    targets: [],
    creates: false,
    contacts: [{ email: contact.email, values }],
  })
  const [row] = await withValues(query, [contact])
  return row ?? { contact, values: [] }
}

function readEntries(data: unknown): [string, unknown][] {
  if (data === undefined) return []
  if (!Array.isArray(data)) throw invalidProperty('Data', 'MJ04 Value must be a list of names and values')
  return data.map((entry: unknown) => {
    const properties = propertiesOf(entry)
    const name = properties?.get('name')
    if (typeof name !== 'string') throw invalidProperty('Data', 'MJ04 Each entry needs a Name and a Value')
    return [name, properties?.get('value') ?? null]
  })
}

async function withValues({ db, keyId }: Query, contacts: readonly Contact[]): Promise<Row[]> {
  const known = await valuesOf(db, { keyId, contactIds: contacts.map(({ id }) => id) })
  return contacts.map((contact) => ({ contact, values: known.get(contact.id) ?? [] }))
}

async function contactOf({ db, keyId }: Query, values: Values): Promise<Contact> {
  const id = values.integer('ContactID')
  const text = values.text('ContactALT')
  if (id === undefined && !text) throw missingProperty('ContactID')
  const email = text === undefined ? undefined : contactEmail(text)
  if (id === undefined && email === undefined) throw invalidEmail(text ?? '')
  const found = await findContact(db, {
    keyId,
    ...(id !== undefined ? { id: id as ContactId } : { email: email ?? '' }),
  })
  if (found === undefined) throw notFound()
  return found
}

/** Undefined when nothing can match. */
function readFilters(query: Query): ContactFilters | undefined {
  const { keyId, filters } = query
  const wanted: ContactFilters = { keyId, ...contactInPath(query) }
  const address = filters.text('ContactEmail')
  if (address !== undefined) {
    const email = contactEmail(address)
    if (email === undefined) return undefined
    wanted.email = email
  }
  const listId = filters.integer('ContactsList')
  if (listId !== undefined) wanted.listId = listId as ContactListId
  const isExcluded = filters.boolean('IsExcludedFromCampaigns')
  if (isExcluded !== undefined) wanted.isExcluded = isExcluded
  const isUnsubscribed = filters.boolean('IsUnsubscribed')
  if (isUnsubscribed !== undefined) wanted.isUnsubscribed = isUnsubscribed
  const activeSince = filters.time('LastActivityAt')
  if (activeSince !== undefined) wanted.activeSince = activeSince
  const campaign = filters.integer('Campaign')
  if (campaign !== undefined) wanted.campaign = campaign
  return wanted
}
