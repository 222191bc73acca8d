/** `/api/contacts` and `/api/contact-properties`: people, and what may be known of them. */
import { z } from 'zod'
import { type Contact, contactEmail, findContact, listContacts } from '../../contacts/contacts.ts'
import { eraseContact } from '../../contacts/erase.ts'
import { deleteProperty } from '../../contacts/forget-property.ts'
import { listActions, listsOfContact } from '../../contacts/members.ts'
import {
  createProperty,
  findProperty,
  listProperties,
  propertiesByName,
  propertyTypes,
} from '../../contacts/properties.ts'
import { valuesOf } from '../../contacts/read-values.ts'
import { readValues, saveContacts } from '../../contacts/save-contacts.ts'
import { plainValue } from '../../contacts/values.ts'
import type { ContactId, ContactListId, KeyId, PropertyId } from '../../mail/ids.ts'
import { Refused } from '../../runtime/refused.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { BadField } from '../errors.ts'
import { findList } from './contact-lists.ts'
import { readId } from './messages.ts'
import { type AdminRoute, defineRoute, idNumber, queryNumber } from './route.ts'
import { whichKey } from './which-key.ts'

const key = z.string().optional().describe('API key; the first one when left out')
const keyQuery = z.strictObject({ key })

const contactShape = z.object({
  id: z.number(),
  keyId: z.number(),
  email: z.string(),
  name: z.string(),
  createdAt: z.number().describe('Milliseconds since 1970'),
  lastActivityAt: z.number().nullable(),
  isExcluded: z.boolean().describe('Gets no campaigns'),
  blockedBecause: z.string().nullable().describe('Gets no mail at all: the reason in the suppression list'),
  isOptInPending: z.boolean(),
  leftListAt: z
    .number()
    .nullable()
    .describe('When they left the list that was asked for; null for who is in it'),
  deliveredCount: z.number(),
})

const value = z.union([z.string(), z.number(), z.boolean()])
const details = contactShape.extend({
  properties: z.record(z.string(), value),
  lists: z.array(
    z.object({
      id: z.number(),
      name: z.string(),
      isUnsubscribed: z.boolean(),
      subscribedAt: z.number().nullable(),
      unsubscribedAt: z.number().nullable(),
    }),
  ),
})

const changes = {
  name: z.string().max(255).optional(),
  isExcluded: z.boolean().optional(),
  properties: z.record(z.string(), value.nullable()).optional().describe('By name; null takes a value away'),
  lists: z
    .array(z.strictObject({ id: idNumber, action: z.enum(listActions) }))
    .max(1_000)
    .optional()
    .describe('What to do about lists'),
}
type Changes = {
  name?: string | undefined
  isExcluded?: boolean | undefined
  properties?: Record<string, string | number | boolean | null> | undefined
  lists?: { id: number; action: (typeof listActions)[number] }[] | undefined
}

const property = z.object({ id: z.number(), name: z.string(), type: z.enum(propertyTypes) })

export function contactRoutes({ storage, clock, contacts }: HttpDependencies): AdminRoute[] {
  const { db } = storage

  /** By number or address. */
  async function find(keyId: KeyId, reference = ''): Promise<Contact> {
    const by = /^\d{1,15}$/.test(reference)
      ? { id: Number(reference) as ContactId }
      : { email: contactEmail(reference) ?? '' }
    const found = await findContact(db, { keyId, ...by })
    if (found === undefined) {
      throw new Refused('not-found', `this API key has no contact ${reference.slice(0, 300)}`)
    }
    return found
  }

  async function save(keyId: KeyId, email: string, body: Changes): Promise<void> {
    const given = Object.entries(body.properties ?? {})
    const { values, problems } = readValues(given, await propertiesByName(db, keyId))
    const [first] = problems
    if (first !== undefined) {
      const what = first.problem === 'unknown' ? 'is no property; make it first' : 'has another type'
      throw new BadField(`properties.${first.name}`, `${first.name} ${what}`)
    }
    const lists = body.lists ?? []
    for (const { id } of lists) await findList(db, keyId, id as ContactListId)
    await saveContacts(contacts, {
      keyId,
      origin: 'by hand',
      targets: lists.map(({ id, action }) => ({ listId: id as ContactListId, action })),
      contacts: [
        {
          email,
          values,
          ...(body.name !== undefined && { name: body.name }),
          ...(body.isExcluded !== undefined && { isExcluded: body.isExcluded }),
        },
      ],
    })
  }

  async function describe(keyId: KeyId, email: string) {
    const contact = await find(keyId, email)
    const known = (await valuesOf(db, { keyId, contactIds: [contact.id] })).get(contact.id) ?? []
    const lists = await listsOfContact(db, { keyId, contactId: contact.id })
    return {
      ...shapeOf(contact),
      properties: Object.fromEntries(
        known.map(({ property: { name, type }, value: stored }) => [name, plainValue(type, stored)]),
      ),
      lists: lists.map(({ listId, listName, isUnsubscribed, subscribedAt, unsubscribedAt }) => ({
        ...{ id: listId, name: listName, isUnsubscribed: isUnsubscribed === 1, subscribedAt, unsubscribedAt },
      })),
    }
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/contacts',
      summary: 'Contacts of an API key, in the order of their numbers',
      query: z.strictObject({
        key,
        search: z.string().max(320).optional().describe('The beginning of an address, or @domain'),
        list: queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
          .optional()
          .describe('Members of this list'),
        excluded: z.enum(['true', 'false']).optional(),
        unsubscribed: z.enum(['true', 'false']).optional(),
        after: queryNumber({ min: 0, max: Number.MAX_SAFE_INTEGER })
          .optional()
          .describe('The last number of the page before'),
        limit: queryNumber({ min: 1, max: 1000 }).optional().describe('100 when left out'),
      }),
      answer: z.object({ contacts: z.array(contactShape) }),
      async handle({ query: { list, excluded, unsubscribed, after, limit = 100, search, ...query } }) {
        const keyId = (await whichKey(storage, query.key)).id
        const found = await listContacts(
          db,
          {
            keyId,
            ...(search !== undefined && { search }),
            ...(list !== undefined && { listId: list as ContactListId }),
            ...(excluded !== undefined && { isExcluded: excluded === 'true' }),
            ...(unsubscribed !== undefined && { isUnsubscribed: unsubscribed === 'true' }),
            ...(after !== undefined && { after: after as ContactId }),
          },
          { limit },
        )
        return { contacts: found.map(shapeOf) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/contacts/{contact}',
      summary: 'A contact, by number or address, with its properties and lists',
      query: keyQuery,
      answer: z.object({ contact: details }),
      async handle({ params, query }) {
        const keyId = (await whichKey(storage, query.key)).id
        return { contact: await describe(keyId, params.contact ?? '') }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/contacts',
      summary: 'Add a contact, or change the one with this address',
      role: 'marketer',
      body: z.strictObject({ key, email: z.string().max(500), ...changes }),
      answer: z.object({ contact: details }),
      async handle({ body, about }) {
        const keyId = (await whichKey(storage, body.key)).id
        const email = contactEmail(body.email)
        if (email === undefined)
          throw new BadField('email', `'${body.email.slice(0, 300)}' is not an e-mail address`)
        about(`contact=${email}`)
        await save(keyId, email, body)
        return { contact: await describe(keyId, email) }
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/contacts/{contact}',
      summary: 'Change a contact',
      role: 'marketer',
      body: z.strictObject({ key, ...changes }),
      answer: z.object({ contact: details }),
      async handle({ params, body }) {
        const keyId = (await whichKey(storage, body.key)).id
        const { email } = await find(keyId, params.contact)
        await save(keyId, email, body)
        return { contact: await describe(keyId, email) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/contacts/{contact}',
      summary: 'Erase what is known of a contact, for good',
      role: 'marketer',
      query: keyQuery,
      answer: z.object({ erased: z.number() }),
      async handle({ params, query }) {
        const keyId = (await whichKey(storage, query.key)).id
        const { id } = await find(keyId, params.contact)
        await eraseContact(contacts, { keyId, id })
        return { erased: id }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/contact-properties',
      summary: 'What may be known of contacts',
      query: keyQuery,
      answer: z.object({ properties: z.array(property) }),
      async handle({ query }) {
        const keyId = (await whichKey(storage, query.key)).id
        const all = await listProperties(db, { keyId, namespace: 'static' })
        return { properties: all.map(({ id, name, type }) => ({ id, name, type })) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/contact-properties',
      summary: 'Make a property',
      role: 'marketer',
      status: 201,
      body: z.strictObject({ key, name: z.string().max(100), type: z.enum(propertyTypes) }),
      answer: z.object({ property }),
      async handle({ body: { key: reference, name, type } }) {
        const keyId = (await whichKey(storage, reference)).id
        const added = await createProperty(storage, { keyId, name, type, now: clock.now() })
        if (added === undefined) throw new Refused('conflict', `there is a property ${name} already`)
        return { property: { id: added.id, name: added.name, type: added.type } }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/contact-properties/{id}',
      summary: 'Delete a property with its values',
      role: 'marketer',
      query: keyQuery,
      answer: z.object({ deleted: z.number() }),
      async handle({ params, query }) {
        const keyId = (await whichKey(storage, query.key)).id
        const id = readId(params.id) as PropertyId
        if ((await findProperty(db, { keyId, id })) === undefined) {
          throw new Refused('not-found', `this API key has no property ${id}`)
        }
        await deleteProperty(contacts, { keyId, id })
        return { deleted: id }
      },
    }),
  ]
}

function shapeOf(contact: Contact): z.infer<typeof contactShape> {
  const { suppressedBecause: reason } = contact
  return {
    id: contact.id,
    keyId: contact.keyId,
    email: contact.email,
    name: contact.name,
    createdAt: contact.createdAt,
    lastActivityAt: contact.lastActivityAt,
    isExcluded: contact.optedOutAt !== null,
    blockedBecause: reason === 'unsubscribe' ? null : reason,
    isOptInPending: contact.isOptInPending === 1,
    leftListAt: contact.leftListAt,
    deliveredCount: contact.deliveredCount,
  }
}
