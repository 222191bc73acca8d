/** `/v3/REST/listrecipient`: who is in which list (reference/contacts.md §4). */
import { contactEmail, findContact } from '../../../contacts/contacts.ts'
import { type ContactList, findContactList } from '../../../contacts/lists.ts'
import { countMembers, listMembers, type Member, type MemberFilters } from '../../../contacts/members.ts'
import { saveContacts } from '../../../contacts/save-contacts.ts'
import type { ContactId, ContactListId, MemberId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import type { Values } from '../read-values.ts'
import { formatTime, type Query } from '../resource.ts'
import { badRequest, notFound } from '../rest-errors.ts'
import { noStatus } from './contact-filters.ts'
import { invalidEmail, invalidProperty, missingProperty } from './contact-problems.ts'

export const listrecipient = defineResource<Member>({
  name: 'listrecipient',
  description: 'Contacts in lists.',
  absentActions: ['export'],
  properties: [
    {
      name: 'ContactALT',
      type: 'text',
      description: 'Address of the contact; shown with Style=Full.',
      write: 'at-creation',
      maxLength: 320,
      value: (row, filters) => (isFull(filters.text('Style')) ? row.email : undefined),
    },
    {
      name: 'ContactID',
      type: 'integer',
      description: 'Contact concerned.',
      write: 'at-creation',
      value: (row) => row.contactId,
    },
    { name: 'ID', type: 'integer', description: 'Number of the membership.', value: (row) => row.id },
    {
      name: 'IsActive',
      type: 'boolean',
      description: 'Always true.',
      default: true,
      value: () => true,
    },
    {
      name: 'IsUnsubscribed',
      type: 'boolean',
      description: 'The contact is unsubscribed from this list.',
      write: 'always',
      default: false,
      value: (row) => row.isUnsubscribed === 1,
    },
    {
      name: 'ListALT',
      type: 'text',
      description: 'Address or name of the list; its name is shown with Style=Full.',
      write: 'at-creation',
      value: (row, filters) => (isFull(filters.text('Style')) ? row.listName : undefined),
    },
    {
      name: 'ListID',
      type: 'integer',
      description: 'List concerned.',
      write: 'at-creation',
      value: (row) => row.listId,
    },
    { name: 'ListName', type: 'text', description: 'Name of the list.', value: (row) => row.listName },
    {
      name: 'SubscribedAt',
      type: 'time',
      description: 'When the contact was subscribed.',
      value: (row) => formatTime(row.subscribedAt),
    },
    {
      name: 'UnsubscribedAt',
      type: 'time',
      description: 'When the contact unsubscribed last.',
      value: (row) => formatTime(row.unsubscribedAt),
    },
  ],
  filters: {
    Active: 'boolean',
    Blocked: 'boolean',
    Contact: 'integer',
    ContactALT: 'text',
    ContactEmail: 'text',
    ContactID: 'integer',
    ContactsList: 'integer',
    IgnoreDeleted: 'boolean',
    IsExcludedFromCampaigns: 'boolean',
    LastActivityAt: 'time',
    ListID: 'integer',
    ListName: 'text',
    Opened: 'boolean',
    Style: 'text',
    Unsub: 'boolean',
  },
  refusedFilters: { Status: noStatus },
  sort: { ID: false },
  unknownId: 'not-found',
  async select(query, page) {
    const filters = readFilters(query)
    return filters === undefined ? [] : listMembers(query.db, filters, page)
  },
  async count(query) {
    const filters = readFilters(query)
    return filters === undefined ? 0 : countMembers(query.db, filters)
  },
  async create(query, values) {
    const list = await listOf(query, values)
    const contact = await contactOf(query, values)
    const there = { keyId: query.keyId, listId: list.id, contactId: contact.id }
    await saveContacts(query.parts.contacts, {
      keyId: query.keyId,
      origin: '',
      // Neither changes whoever is in the list already: there is nothing to take back when this is refused.
      targets: [{ listId: list.id, action: values.boolean('IsUnsubscribed') ? 'unsub-new' : 'addnoforce' }],
      creates: false,
      contacts: [{ email: contact.email }],
      accept: ({ membersMade }) => {
        if (membersMade === 0) throw badRequest('MJ18 A duplicate ListRecipient already exists.')
      },
    })
    return reread(query, there)
  },
  async update(query, row, values) {
    const isUnsubscribed = values.boolean('IsUnsubscribed') ?? row.isUnsubscribed === 1
    await put(query, { ...row, isUnsubscribed })
    return reread(query, row)
  },
  async remove({ keyId, parts }, { listId, email }) {
    await saveContacts(parts.contacts, {
      keyId,
      origin: '',
      targets: [{ listId, action: 'remove' }],
      creates: false,
      contacts: [{ email }],
    })
  },
})

async function put(
  { keyId, parts }: Query,
  { listId, email, isUnsubscribed }: { listId: ContactListId; email: string; isUnsubscribed: boolean },
): Promise<void> {
  await saveContacts(parts.contacts, {
    keyId,
    origin: '',
    targets: [{ listId, action: isUnsubscribed ? 'unsub' : 'addforce' }],
    creates: false,
    contacts: [{ email }],
  })
}

async function reread(
  { db, keyId }: Query,
  { listId, contactId }: { listId: ContactListId; contactId: ContactId },
): Promise<Member> {
  const [member] = await listMembers(db, { keyId, listId, contactId }, { limit: 1 })
  if (member === undefined) throw notFound()
  return member
}

/** By number, address or name. */
async function listOf({ db, keyId }: Query, values: Values): Promise<ContactList> {
  const id = values.integer('ListID')
  const named = values.text('ListALT')?.trim()
  if (id === undefined && !named) throw missingProperty('ListID')
  const found =
    id !== undefined
      ? await findContactList(db, { keyId, id: id as ContactListId })
      : ((await findContactList(db, { keyId, address: named ?? '' })) ??
        (await findContactList(db, { keyId, name: named ?? '' })))
  if (found === undefined || found.deletedAt !== null) {
    throw invalidProperty('List', `List ${id ?? `"${named}"`} is invalid or deleted`)
  }
  return found
}

async function contactOf({ db, keyId }: Query, values: Values): Promise<{ id: ContactId; email: string }> {
  const id = values.integer('ContactID')
  const text = values.text('ContactALT')
  if (id === undefined && !text) throw missingProperty('ContactID')
  const email = text === undefined ? undefined : contactEmail(text)
  if (id === undefined && email === undefined) throw invalidEmail(text ?? '')
  const by = id !== undefined ? { id: id as ContactId } : { email: email ?? '' }
  const found = await findContact(db, { keyId, ...by })
  if (found === undefined) throw invalidProperty('Contact', `Contact ${id ?? `"${email}"`} does not exist`)
  return found
}

function isFull(style: string | undefined): boolean {
  return style?.toLowerCase() === 'full'
}

/** Undefined when nothing can match. */
function readFilters({ keyId, filters, id }: Query): MemberFilters | undefined {
  if (filters.boolean('Active') === false) return undefined
  const wanted: MemberFilters = { keyId, ignoreDeleted: filters.boolean('IgnoreDeleted') ?? false }
  if (id !== undefined) wanted.id = id as MemberId
  const contactId = filters.integer('Contact') ?? filters.integer('ContactID')
  if (contactId !== undefined) wanted.contactId = contactId as ContactId
  const address = filters.text('ContactEmail') ?? filters.text('ContactALT')
  if (address !== undefined) {
    // What is no address belongs to nobody.
    const email = contactEmail(address)
    if (email === undefined) return undefined
    wanted.email = email
  }
  const listId = filters.integer('ContactsList') ?? filters.integer('ListID')
  if (listId !== undefined) wanted.listId = listId as ContactListId
  const listName = filters.text('ListName')
  if (listName !== undefined) wanted.listName = listName
  const isUnsubscribed = filters.boolean('Unsub')
  if (isUnsubscribed !== undefined) wanted.isUnsubscribed = isUnsubscribed
  const isExcluded = filters.boolean('IsExcludedFromCampaigns')
  if (isExcluded !== undefined) wanted.isExcluded = isExcluded
  const isBlocked = filters.boolean('Blocked')
  if (isBlocked !== undefined) wanted.isBlocked = isBlocked
  const hasOpened = filters.boolean('Opened')
  if (hasOpened !== undefined) wanted.hasOpened = hasOpened
  const activeSince = filters.time('LastActivityAt')
  if (activeSince !== undefined) wanted.activeSince = activeSince
  return wanted
}
