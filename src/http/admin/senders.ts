/** `/api/senders` and `/api/metasenders`: who may be in From. */
import { z } from 'zod'
import { createSender, deleteSender, reviveSender, updateSender } from '../../domains/create-sender.ts'
import { createMetasender, listMetasenders, updateMetasender } from '../../domains/metasenders.ts'
import { addSender, findSender, listSenders, type Sender } from '../../domains/senders.ts'
import { validateSender } from '../../domains/validate-sender.ts'
import type { KeyId, SenderId } from '../../mail/ids.ts'
import { Refused } from '../../runtime/refused.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { readId } from './messages.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { whichKey } from './which-key.ts'

const kind = z.enum(['unknown', 'transactional', 'bulk'])

const sender = z.object({
  id: z.number(),
  keyId: z.number(),
  email: z.string().describe('*@domain stands for all addresses of a domain'),
  name: z.string(),
  kind,
  status: z.enum(['inactive', 'active', 'deleted']),
  isDefault: z.boolean(),
  domainId: z.number().nullable(),
  activationMailAt: z.number().nullable(),
  createdAt: z.number().describe('Milliseconds since 1970'),
})

export const validation = z.object({
  method: z.enum(['File', 'DNS', 'Domain', 'ActivationEmail', '']),
  errors: z.object({ dns: z.string(), file: z.string() }),
  globalError: z.string(),
})

const metasender = z.object({
  id: z.number(),
  accountId: z.number(),
  email: z.string(),
  description: z.string(),
  isEnabled: z.boolean(),
  fileName: z.string(),
  createdAt: z.number(),
})

const keyQuery = z.strictObject({ key: z.string().optional() })

export function senderRoutes({ storage, clock, domains }: HttpDependencies): AdminRoute[] {
  /** By id or by address. */
  async function find(reference: string | undefined, key: string | undefined): Promise<Sender> {
    const keyId = (await whichKey(storage, key)).id
    const text = reference ?? ''
    const by = /^\d+$/.test(text) ? { id: Number(text) as SenderId } : { email: text }
    const found = await findSender(storage, { keyId, ...by })
    if (found === undefined || found.status === 'deleted') {
      throw new Refused('not-found', `this API key has no sender ${text.slice(0, 300)}`)
    }
    return found
  }

  async function add(keyId: KeyId, body: z.infer<typeof newSender>): Promise<Sender> {
    const { email, name, kind: wantedKind, isDefault, trust } = body
    const wanted = {
      ...(name !== undefined && { name }),
      ...(wantedKind !== undefined && { kind: wantedKind }),
    }
    if (trust) {
      const added = await addSender(storage, { keyId, email, ...wanted, now: clock.now() })
      domains.changed({ keyId, email: added.email })
      return isDefault ? updateSender(domains, { keyId, senderId: added.id, isDefault }) : added
    }
    const known = await findSender(storage, { keyId, email })
    if (known?.status === 'deleted') {
      await updateSender(domains, {
        keyId,
        senderId: known.id,
        ...wanted,
        ...(isDefault !== undefined && { isDefault }),
      })
      return reviveSender(domains, { keyId, senderId: known.id })
    }
    return createSender(domains, { keyId, email, ...wanted, ...(isDefault !== undefined && { isDefault }) })
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/senders',
      summary: 'Addresses and domains that keys may use as From',
      query: keyQuery,
      answer: z.object({ senders: z.array(sender) }),
      async handle({ query }) {
        const filter = query.key === undefined ? {} : { keyId: (await whichKey(storage, query.key)).id }
        return { senders: await listSenders(storage, filter) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/senders',
      summary: 'Add a sender; an activation mail goes to its address unless its domain is proved',
      body: newSender,
      answer: z.object({ sender }),
      status: 201,
      handle: async ({ body }) => ({ sender: await add((await whichKey(storage, body.key)).id, body) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/senders/{sender}',
      summary: 'Change the name or the kind of a sender, or make it the default one',
      query: keyQuery,
      body: z.strictObject({
        name: z.string().optional(),
        kind: kind.optional(),
        isDefault: z.boolean().optional(),
      }),
      answer: z.object({ sender }),
      async handle({ params, query, body: { name, kind: newKind, isDefault } }) {
        const { id, keyId } = await find(params.sender, query.key)
        return {
          sender: await updateSender(domains, {
            keyId,
            senderId: id,
            ...(name !== undefined && { name }),
            ...(newKind !== undefined && { kind: newKind }),
            ...(isDefault !== undefined && { isDefault }),
          }),
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/senders/{sender}/validate',
      summary: 'Try to prove a sender: by its domain, a TXT record, a file, or a mail to it',
      query: keyQuery,
      answer: z.object({ sender, validation }),
      async handle({ params, query }) {
        const { id, keyId, email } = await find(params.sender, query.key)
        const tried = await validateSender(domains, { keyId, senderId: id })
        return { sender: await find(email, query.key), validation: tried }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/senders/{sender}',
      summary: 'Take a sender away; mail that it has sent still goes out',
      query: keyQuery,
      answer: z.object({ removed: z.literal(true) }),
      async handle({ params, query }) {
        const { id, keyId } = await find(params.sender, query.key)
        await deleteSender(domains, { keyId, senderId: id })
        return { removed: true as const }
      },
    }),
    ...metasenderRoutes({ storage, domains }),
  ]
}

const newSender = z.strictObject({
  email: z.string(),
  key: z.string().optional().describe('API key; the first one when left out'),
  name: z.string().optional(),
  kind: kind.optional(),
  isDefault: z.boolean().optional(),
  trust: z.boolean().optional().describe('It is known to be theirs: active at once, without a mail'),
})

function metasenderRoutes({ storage, domains }: Pick<HttpDependencies, 'storage' | 'domains'>): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/metasenders',
      summary: 'Senders of a whole account, which all its keys may use',
      query: keyQuery,
      answer: z.object({ metasenders: z.array(metasender) }),
      async handle({ query }) {
        const { accountId } = await whichKey(storage, query.key)
        return { metasenders: await listMetasenders(storage, { accountId }) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/metasenders',
      summary: 'Add a sender of a whole account; it is off until it is enabled',
      query: keyQuery,
      body: z.strictObject({ email: z.string(), description: z.string().optional() }),
      answer: z.object({ metasender }),
      status: 201,
      async handle({ query, body: { email, description = '' } }) {
        const { accountId } = await whichKey(storage, query.key)
        return { metasender: await createMetasender(domains, { accountId, email, description }) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/metasenders/{id}',
      summary:
        'Enable a sender of a whole account (all its keys may then send as it, without proof), or change it',
      query: keyQuery,
      body: z.strictObject({ description: z.string().optional(), isEnabled: z.boolean().optional() }),
      answer: z.object({ metasender }),
      async handle({ params, query, body: { description, isEnabled } }) {
        const { accountId } = await whichKey(storage, query.key)
        return {
          metasender: await updateMetasender(domains, {
            accountId,
            id: readId(params.id),
            ...(description !== undefined && { description }),
            ...(isEnabled !== undefined && { isEnabled }),
          }),
        }
      },
    }),
  ]
}
