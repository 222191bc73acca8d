/** `POST /contactslist/{id}/managecontact`: one contact with its properties and its place in the list (reference/contacts.md §5.2). */
import { contactEmail, findContact } from '../../../contacts/contacts.ts'
import type { ContactList } from '../../../contacts/lists.ts'
import { readListAction } from '../../../contacts/members.ts'
import { propertiesByName } from '../../../contacts/properties.ts'
import { valuesOf } from '../../../contacts/read-values.ts'
import { readValues, saveContacts } from '../../../contacts/save-contacts.ts'
import { plainValue } from '../../../contacts/values.ts'
import type { Action } from '../resource.ts'
import { badRequest } from '../rest-errors.ts'
import { invalidEmail, invalidProperty, invalidValues, missingProperty } from './contact-problems.ts'

export const manageContact: Action<ContactList> = {
  description: 'Adds a contact to the list with its properties, unsubscribes it or removes it.',
  async post({ db, keyId, parts }, list, body) {
    const given = body.get('email')
    if (typeof given !== 'string' || given.trim() === '') throw missingProperty('Email')
    const email = contactEmail(given)
    if (email === undefined) throw invalidEmail(given)
    if (!body.has('action')) throw missingProperty('Action')
    const action = readListAction(body.get('action'))
    if (action === undefined) {
      throw invalidProperty('Action', 'MJ04 Value must be one of: addforce, addnoforce, remove, unsub')
    }
    if (list.deletedAt !== null) throw badRequest(`List ID ${list.id} is invalid or deleted`)
    const properties = await propertiesByName(db, keyId)
    const { values, problems } = readValues(readObject(body.get('properties')), properties)
    if (problems.length > 0) throw invalidValues(problems)
    const name = body.get('name')
    const { ids } = await saveContacts(parts.contacts, {
      keyId,
      origin: 'set through the API',
      targets: [{ listId: list.id, action }],
      // Nobody becomes a contact by being taken out of a list.
      creates: action !== 'remove',
      contacts: [{ email, values, ...(typeof name === 'string' && { name }) }],
    })
    const contactId = ids.get(email)
    const contact = contactId && (await findContact(db, { keyId, id: contactId }))
    const shown =
      contactId === undefined
        ? []
        : ((await valuesOf(db, { keyId, contactIds: [contactId] })).get(contactId) ?? [])
    return [
      {
        ...(contactId !== undefined && { ContactID: contactId }),
        Email: email,
        Action: action,
        Name: contact?.name ?? '',
        Properties: Object.fromEntries(
          shown.map(({ property, value }) => [property.name, plainValue(property.type, value)]),
        ),
      },
    ]
  },
}

/** An object; PHP sends an empty one as an empty list. */
export function readObject(given: unknown): [string, unknown][] {
  if (given === undefined || given === null) return []
  if (Array.isArray(given) && given.length === 0) return []
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw invalidProperty('Properties', 'MJ04 Value must be an object')
  }
  return Object.entries(given)
}
