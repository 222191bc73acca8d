/** `/v3/REST/contactslist` (reference/contacts.md §3). */
import {
  type ContactList,
  changeContactList,
  countContactLists,
  createContactList,
  type ListFilters,
  type ListSort,
  listContactLists,
  NameIsTaken,
} from '../../../contacts/lists.ts'
import type { ContactListId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import { formatTime, type Page, type Query } from '../resource.ts'
import { alreadyExists } from '../rest-errors.ts'
import { importList } from './import-list.ts'
import { manageContact } from './manage-contact.ts'
import { manageManyOfList } from './manage-many-contacts.ts'

export const contactslist = defineResource<ContactList>({
  name: 'contactslist',
  description: 'Contact lists.',
  uniqueKey: ['Address'],
  properties: [
    {
      name: 'Address',
      type: 'text',
      description: 'Random token that names the list.',
      value: (row) => row.address,
    },
    {
      name: 'CreatedAt',
      type: 'time',
      description: 'When it was made.',
      value: (row) => formatTime(row.createdAt),
    },
    { name: 'ID', type: 'integer', description: 'Number of the list.', value: (row) => row.id },
    {
      name: 'IsDeleted',
      type: 'boolean',
      description: 'Deleted; false brings it back with its members.',
      write: 'always',
      default: false,
      value: (row) => row.deletedAt !== null,
    },
    {
      name: 'Name',
      type: 'text',
      description: 'Name; unique among the lists that are there.',
      write: 'always',
      isRequired: true,
      value: (row) => row.name,
    },
    {
      name: 'SubscriberCount',
      type: 'integer',
      description: 'All members, unsubscribed and excluded ones included.',
      value: (row) => row.memberCount,
    },
  ],
  filters: { Address: 'text', ExcludeID: 'integer', IsDeleted: 'boolean', Name: 'text' },
  sort: { ID: true, IsDeleted: true, Name: true, CreatedAt: true },
  unknownId: 'not-found',
  select: async (query, page) =>
    listContactLists(query.db, readFilters(query), { ...page, sort: readSort(page) }),
  count: async (query) => countContactLists(query.db, readFilters(query)),
  create: async ({ keyId, parts, now }, values) =>
    tellTaken(createContactList(parts.storage, { keyId, name: values.text('Name') ?? '', now })),
  async update({ db, keyId, now }, row, values) {
    const name = values.text('Name')
    const isDeleted = values.boolean('IsDeleted')
    const changes = {
      ...(name !== undefined && { name }),
      ...(isDeleted !== undefined && { isDeleted }),
    }
    return tellTaken(changeContactList(db, { ...row, keyId }, { ...changes, now }))
  },
  // It stays, and can come back (reference §3).
  remove: async ({ db, keyId, now }, row) => {
    await changeContactList(db, { ...row, keyId }, { isDeleted: true, now })
  },
  actions: {
    importlist: importList,
    managecontact: manageContact,
    managemanycontacts: manageManyOfList,
  },
})

async function tellTaken(change: Promise<ContactList>): Promise<ContactList> {
  try {
    return await change
  } catch (error) {
    if (!(error instanceof NameIsTaken)) throw error
    throw alreadyExists('Contactslist', { property: 'Name', value: error.taken })
  }
}

function readFilters({ keyId, filters, id, uniqueKey }: Query): ListFilters {
  const [named] = uniqueKey ?? []
  const address = named ?? filters.text('Address')
  const excludeId = filters.integer('ExcludeID')
  const isDeleted = filters.boolean('IsDeleted')
  const name = filters.text('Name')
  return {
    keyId,
    ...(id !== undefined && { id: id as ContactListId }),
    ...(address !== undefined && { address }),
    ...(excludeId !== undefined && { excludeId: excludeId as ContactListId }),
    ...(isDeleted !== undefined && { isDeleted }),
    ...(name !== undefined && { name }),
  }
}

const sorts: Record<string, ListSort['by']> = {
  ID: 'id',
  Name: 'name',
  CreatedAt: 'createdAt',
  IsDeleted: 'isDeleted',
}

function readSort({ sort: [first] }: Page): ListSort {
  return { by: sorts[first?.property ?? 'ID'] ?? 'id', descending: first?.descending ?? false }
}
