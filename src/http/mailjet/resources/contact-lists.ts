/** Actions on one contact's memberships (reference/contacts.md §5.1, §5.3). */
import type { Contact } from '../../../contacts/contacts.ts'
import { listContactLists } from '../../../contacts/lists.ts'
import { type ListTarget, listsOfContact, readListAction } from '../../../contacts/members.ts'
import { saveContacts } from '../../../contacts/save-contacts.ts'
import type { ContactListId } from '../../../mail/ids.ts'
import { type Properties, propertiesOf } from '../properties.ts'
import { type Action, formatTime, type Query } from '../resource.ts'
import { badRequest } from '../rest-errors.ts'
import { missingProperty } from './contact-problems.ts'

const mostLists = 1_000

export const getContactsLists: Action<Contact> = {
  description: 'The lists that the contact is in.',
  async get({ db, keyId }, { id }) {
    const members = await listsOfContact(db, { keyId, contactId: id })
    return members.map(({ listId, isUnsubscribed, subscribedAt }) => ({
      IsActive: true,
      IsUnsub: isUnsubscribed === 1,
      ListID: listId,
      SubscribedAt: formatTime(subscribedAt),
    }))
  },
}

export const manageContactsLists: Action<Contact> = {
  description: 'Adds the contact to lists, unsubscribes it from lists or removes it.',
  async post(query, { email }, body) {
    const { targets, shown } = await readTargets(query, body)
    await saveContacts(query.parts.contacts, {
      keyId: query.keyId,
      origin: 'set through the API',
      targets,
      creates: false,
      contacts: [{ email }],
    })
    return [{ ContactsLists: shown }]
  },
}

/** `ContactsLists` of a body; all faulty entries are told at once. */
export async function readTargets(
  { db, keyId }: Query,
  body: Properties,
): Promise<{ targets: ListTarget[]; shown: object[] }> {
  const given = body.get('contactslists')
  if (!Array.isArray(given) || given.length === 0) throw missingProperty('ContactsLists')
  if (given.length > mostLists) {
    throw badRequest(
      'Object properties invalid',
      `MJ08 Property ContactsLists is invalid: more than ${mostLists} lists`,
    )
  }
  const entries = given.map((entry: unknown) => {
    const properties = propertiesOf(entry)
    const listId = Number(properties?.get('listid') ?? Number.NaN)
    const given = { ListID: sent(properties?.get('listid')), Action: sent(properties?.get('action')) }
    return { listId, action: readListAction(properties?.get('action')), given }
  })
  const wanted = entries.map(({ listId }) => listId).filter((id) => Number.isSafeInteger(id))
  const there = await existingLists({ db, keyId }, wanted)
  const faults = entries.flatMap(({ listId, action, given }) => {
    if (given.ListID === undefined) return [{ ...given, Error: 'listID missing or not valid' }]
    if (!there.has(listId)) return [{ ...given, Error: `List ID ${given.ListID} is invalid or deleted` }]
    return action === undefined ? [{ ...given, Error: 'action missing or not valid' }] : []
  })
  if (faults.length > 0) throw badRequest('Object properties invalid', { ContactsLists: faults })
  // Of several actions on one list the last one holds.
  const targets = new Map<number, ListTarget>()
  for (const { listId, action } of entries) {
    if (action !== undefined) targets.set(listId, { listId: listId as ContactListId, action })
  }
  return {
    targets: [...targets.values()],
    shown: entries.map(({ listId, action }) => ({ ListID: listId, Action: action })),
  }
}

/** What the caller finds its entry by; undefined is left out of the answer. */
function sent(value: unknown): string | number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? value.slice(0, 100).toWellFormed() : undefined
}

async function existingLists(
  { db, keyId }: Pick<Query, 'db' | 'keyId'>,
  ids: readonly number[],
): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set()
  const wanted = [...new Set(ids)] as ContactListId[]
  const lists = await listContactLists(db, { keyId, ids: wanted, isDeleted: false }, { limit: wanted.length })
  return new Set(lists.map(({ id }) => id))
}
