/** `/v3/REST/contactslistsignup`: who signed up, and when they confirmed (reference/contacts.md §12). */
import { contactEmail } from '../../../contacts/contacts.ts'
import { countSignups, listSignups, type SignupFilters, type SignupRow } from '../../../contacts/signups.ts'
import type { ContactId, ContactListId, SignupId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import type { Query } from '../resource.ts'
import { isOfOther, span } from './contact-filters.ts'

export const contactslistsignup = defineResource<SignupRow>({
  name: 'contactslistsignup',
  description: 'Sign-ups to lists.',
  properties: [
    {
      name: 'ConfirmAt',
      type: 'integer',
      description: 'When it was confirmed; 0 while it is not.',
      value: (row) => seconds(row.confirmed_at),
    },
    {
      name: 'ConfirmIp',
      type: 'text',
      description: 'Where from it was confirmed.',
      value: (row) => row.confirmed_from ?? '',
    },
    { name: 'ContactID', type: 'integer', description: 'Contact concerned.', value: (row) => row.contact_id },
    { name: 'Email', type: 'text', description: 'Its address.', value: (row) => row.email },
    { name: 'ID', type: 'integer', description: 'Number of the sign-up.', value: (row) => row.id },
    { name: 'ListID', type: 'integer', description: 'List concerned.', value: (row) => row.list_id },
    {
      name: 'SignupAt',
      type: 'integer',
      description: 'When the person signed up.',
      value: (row) => seconds(row.signed_up_at),
    },
    { name: 'SignupIp', type: 'text', description: 'Where from.', value: (row) => row.signed_up_from },
    {
      name: 'SignupKey',
      type: 'text',
      description: 'Always empty: the key stands in the mail alone.',
      value: () => '',
    },
    { name: 'Source', type: 'text', description: 'Where the person signed up.', value: (row) => row.source },
    { name: 'SourceId', type: 'integer', description: 'Its number.', value: (row) => row.source_id ?? 0 },
  ],
  filters: {
    APIKey: 'integer',
    Contact: 'integer',
    ContactsList: 'integer',
    Domain: 'text',
    Email: 'text',
    LocalPart: 'text',
    MaxConfirmAt: 'time',
    MaxSignupAt: 'time',
    MinConfirmAt: 'time',
    MinSignupAt: 'time',
    SignupIp: 'text',
    Source: 'text',
    SourceID: 'integer',
  },
  refusedFilters: { ThrottleCheck: 'sign-ups that were held back are not kept' },
  sort: { ID: false },
  unknownId: 'not-found',
  select: async (query, page) => (isOfOther(query) ? [] : listSignups(query.db, readFilters(query), page)),
  count: async (query) => (isOfOther(query) ? 0 : countSignups(query.db, readFilters(query))),
})

/** Times are Unix seconds here (reference §12). */
function seconds(at: number | null): number {
  return at === null ? 0 : Math.floor(at / 1000)
}

function readFilters({ keyId, id, filters }: Query): SignupFilters {
  const contactId = filters.integer('Contact')
  const listId = filters.integer('ContactsList')
  const email = filters.text('Email')
  const localPart = filters.text('LocalPart')
  const domain = filters.text('Domain')
  const source = filters.text('Source')
  const sourceId = filters.integer('SourceID')
  const address = filters.text('SignupIp')
  return {
    keyId,
    ...(id !== undefined && { id: id as SignupId }),
    ...(contactId !== undefined && { contactId: contactId as ContactId }),
    ...(listId !== undefined && { listId: listId as ContactListId }),
    ...(email !== undefined && { email: contactEmail(email) ?? email }),
    ...(localPart !== undefined && { localPart }),
    ...(domain !== undefined && { domain }),
    ...(source !== undefined && { source }),
    ...(sourceId !== undefined && { sourceId }),
    ...(address !== undefined && { address }),
    signedUp: span(filters.time('MinSignupAt'), filters.time('MaxSignupAt')),
    confirmed: span(filters.time('MinConfirmAt'), filters.time('MaxConfirmAt')),
  }
}
