/** `/v3/REST/contact` (reference/contacts.md §2). */
import {
  type Contact,
  type ContactFilters,
  type ContactSort,
  contactEmail,
  countContacts,
  findContact,
  listContacts,
} from '../../../contacts/contacts.ts'
import { saveContacts } from '../../../contacts/save-contacts.ts'
import type { ContactId, ContactListId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import { formatTime, type Page, type Query } from '../resource.ts'
import { alreadyExists } from '../rest-errors.ts'
import { noStatus } from './contact-filters.ts'
import { getContactsLists, manageContactsLists } from './contact-lists.ts'
import { invalidEmail } from './contact-problems.ts'
import { manageMany } from './manage-many-contacts.ts'

export const contact = defineResource<Contact>({
  name: 'contact',
  description: 'People, one row for each address.',
  absentActions: ['export'],
  uniqueKey: ['Email'],
  properties: [
    {
      name: 'CreatedAt',
      type: 'time',
      description: 'When the contact was added to the key.',
      value: (row) => formatTime(row.createdAt),
    },
    {
      name: 'DeliveredCount',
      type: 'integer',
      description: 'Messages delivered to this contact.',
      value: (row) => row.deliveredCount,
    },
    {
      name: 'Email',
      type: 'text',
      description: 'Address; unique, and it stays.',
      write: 'at-creation',
      isRequired: true,
      maxLength: 320,
      value: (row) => row.email,
    },
    {
      name: 'ExclusionFromCampaignsUpdatedAt',
      type: 'time',
      description: 'When the exclusion from campaigns last changed.',
      value: (row) => formatTime(exclusionChangedAt(row)),
    },
    { name: 'ID', type: 'integer', description: 'Number of the contact.', value: (row) => row.id },
    {
      name: 'IsExcludedFromCampaigns',
      type: 'boolean',
      description: 'The contact gets no marketing mail.',
      write: 'always',
      default: false,
      value: (row) => row.optedOutAt !== null,
    },
    {
      name: 'IsOptInPending',
      type: 'boolean',
      description: 'A sign-up that is not confirmed yet.',
      default: false,
      value: (row) => row.isOptInPending === 1,
    },
    {
      name: 'IsSpamComplaining',
      type: 'boolean',
      description: 'The person there complained about mail.',
      default: false,
      value: (row) => row.suppressedBecause === 'complaint',
    },
    {
      name: 'LastActivityAt',
      type: 'time',
      description: 'Last mail, open, click or unsubscription.',
      value: (row) => formatTime(row.lastActivityAt),
    },
    {
      name: 'LastUpdateAt',
      type: 'time',
      description: 'Last change of the name or of the exclusion from campaigns.',
      value: (row) => formatTime(row.updatedAt),
    },
    {
      name: 'Name',
      type: 'text',
      description: 'Name.',
      write: 'always',
      default: '',
      value: (row) => row.name,
    },
    {
      name: 'UnsubscribedAt',
      type: 'time',
      description: 'When the contact unsubscribed from everything.',
      value: (row) => formatTime(row.unsubscribedAt),
    },
    { name: 'UnsubscribedBy', type: 'text', description: 'Always empty.', value: () => '' },
  ],
  filters: {
    Campaign: 'integer',
    ContactsList: 'integer',
    IsExcludedFromCampaigns: 'boolean',
    IsUnsubscribed: 'boolean',
    LastActivityAt: 'time',
  },
  refusedFilters: { Status: noStatus },
  sort: { ID: false, Email: true, DeliveredCount: true, CreatedAt: true },
  unknownId: 'not-found',
  select: async (query, page) =>
    listContacts(query.db, readFilters(query), { ...page, sort: readSort(page) }),
  count: async (query) => countContacts(query.db, readFilters(query)),
  async create(query, values) {
    const { keyId, parts } = query
    const given = values.text('Email') ?? ''
    const email = contactEmail(given)
    if (email === undefined) throw invalidEmail(given)
    const name = values.text('Name')
    const isExcluded = values.boolean('IsExcludedFromCampaigns')
    await saveContacts(parts.contacts, {
      keyId,
      origin: 'set through the API',
      targets: [],
      contacts: [
        { email, ...(name !== undefined && { name }), ...(isExcluded !== undefined && { isExcluded }) },
      ],
      // Clients look first and create then, several at a time: all but one of them must be told.
      accept: ({ created }) => {
        if (!created.has(email)) throw alreadyExists('Contact', { property: 'Email', value: email })
      },
    })
    return reread(query, { email })
  },
  async update(query, row, values) {
    const name = values.text('Name')
    const isExcluded = values.boolean('IsExcludedFromCampaigns')
    await saveContacts(query.parts.contacts, {
      keyId: query.keyId,
      origin: 'set through the API',
      targets: [],
      creates: false,
      contacts: [
        {
          email: row.email,
          ...(name !== undefined && { name }),
          ...(isExcluded !== undefined && { isExcluded }),
        },
      ],
    })
    return reread(query, { id: row.id })
  },
  actions: { getcontactslists: getContactsLists, managecontactslists: manageContactsLists },
  globalActions: { managemanycontacts: manageMany },
})

/** By the number or the address in the path; what is no address is told so, as an unknown one is not. */
export function contactInPath({ id, uniqueKey }: Query): { id?: ContactId; email?: string } {
  if (id !== undefined) return { id: id as ContactId }
  if (uniqueKey === undefined) return {}
  const email = contactEmail(uniqueKey[0] ?? '')
  if (email === undefined) throw invalidEmail(uniqueKey[0] ?? '')
  return { email }
}

function readFilters(query: Query): ContactFilters {
  const { keyId, filters } = query
  const listId = filters.integer('ContactsList')
  const isExcluded = filters.boolean('IsExcludedFromCampaigns')
  const isUnsubscribed = filters.boolean('IsUnsubscribed')
  const activeSince = filters.time('LastActivityAt')
  const campaign = filters.integer('Campaign')
  return {
    keyId,
    ...contactInPath(query),
    ...(listId !== undefined && { listId: listId as ContactListId }),
    ...(isExcluded !== undefined && { isExcluded }),
    ...(isUnsubscribed !== undefined && { isUnsubscribed }),
    ...(activeSince !== undefined && { activeSince }),
    ...(campaign !== undefined && { campaign }),
  }
}

const sorts: Record<string, ContactSort['by']> = {
  ID: 'id',
  Email: 'email',
  DeliveredCount: 'deliveredCount',
  CreatedAt: 'createdAt',
}

export function readSort({ sort: [first] }: Page): ContactSort {
  return { by: sorts[first?.property ?? 'ID'] ?? 'id', descending: first?.descending ?? false }
}

async function reread({ db, keyId }: Query, by: { id: ContactId } | { email: string }): Promise<Contact> {
  const found = await findContact(db, { keyId, ...by })
  if (found === undefined) throw new Error('a contact was erased while it was changed')
  return found
}

/** Somebody set it, or the person unsubscribed. */
function exclusionChangedAt({ exclusionChangedAt: changedAt, optedOutAt }: Contact): number | null {
  return changedAt === null || optedOutAt === null
    ? (changedAt ?? optedOutAt)
    : Math.max(changedAt, optedOutAt)
}
