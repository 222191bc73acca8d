/** `/api/aliases`, `/api/leads` and `/api/inbox`: mail that comes in, and what becomes of it. */
import { z } from 'zod'
import { createAlias, listAliases, removeAlias } from '../../inbound/aliases.ts'
import { findIncoming, listInbox } from '../../inbound/inbox.ts'
import { findLead, listLeads, setLeadState } from '../../inbound/leads.ts'
import { type Address, parseAddress } from '../../mail/address.ts'
import type { InboxId, LeadId } from '../../mail/ids.ts'
import { readIncoming } from '../../mail/incoming-message.ts'
import { findMailRoute } from '../../webhooks/parse-routes.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { BadField } from '../errors.ts'
import { readId } from './messages.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'
import { whichKey } from './which-key.ts'

const key = z.string().optional().describe('An API key of the account; the first one when left out')
const keyQuery = z.strictObject({ key })
const pageQuery = {
  key,
  before: queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
    .optional()
    .describe('Only ids below this one'),
  limit: queryNumber({ min: 1, max: 500 }).optional(),
}
const time = z.number().describe('Milliseconds since 1970')

const alias = z.object({
  id: z.number(),
  address: z.string(),
  name: z.string(),
  domain: z.string(),
  policy: z.enum(['everyone', 'known']),
  anyDomain: z.boolean(),
  defaults: z.record(z.string(), z.string()),
  refusal: z.string().nullable(),
  endsAt: time.nullable().describe('A temporary alias ends by itself then'),
  createdAt: time,
})

const lead = z.object({
  id: z.number(),
  name: z.string(),
  sender: z.string(),
  contact: z.string(),
  cc: z.array(z.string()),
  state: z.enum(['open', 'closed']),
  aliasId: z.number().nullable(),
  details: z.record(z.string(), z.string()),
  answersId: z.number().nullable().describe('The message of ours that it answers'),
  createdAt: time,
  updatedAt: time,
})

const entry = z.object({
  id: z.number(),
  receivedAt: time,
  envelopeFrom: z.string().describe("'' is the null sender"),
  recipients: z.array(z.string()),
  sender: z.string(),
  subject: z.string(),
  messageId: z.string(),
  sizeBytes: z.number(),
  spf: z.string(),
  dkim: z.string(),
  dmarc: z.string(),
  client: z.string(),
  outcome: z.string(),
  because: z.array(z.string()).describe('The steps of the decision'),
})

const attachment = z.object({ name: z.string(), mimeType: z.string(), sizeBytes: z.number() })

export function inboundRoutes(dependencies: HttpDependencies): AdminRoute[] {
  return [...aliasRoutes(dependencies), ...leadRoutes(dependencies), ...inboxRoutes(dependencies)]
}

function aliasRoutes({ storage, clock, webhooks }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/aliases',
      summary: 'Addresses that turn mail into leads',
      query: keyQuery,
      answer: z.object({ aliases: z.array(alias) }),
      async handle({ query }) {
        const { accountId } = await whichKey(storage, query.key)
        return { aliases: await listAliases(storage, { accountId, now: clock.now() }) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/aliases',
      summary: 'Add an alias; with an end it is temporary, and wins over the bounce and catchall addresses',
      query: keyQuery,
      body: z.strictObject({
        name: z.string().describe('A name, or a whole address'),
        domain: z.string().optional().describe('mail.catchall.domain when left out'),
        policy: z.enum(['everyone', 'known']).optional(),
        anyDomain: z.boolean().optional().describe('Its name counts at every domain of the account'),
        defaults: z.record(z.string(), z.string()).optional().describe('What its leads start with'),
        refusal: z
          .string()
          .max(5_000)
          .optional()
          .describe('What strangers are told where known contacts may write'),
        endsAt: time.optional(),
      }),
      answer: z.object({ alias }),
      status: 201,
      async handle({ query, body: { name, domain, policy, anyDomain, defaults, refusal, endsAt } }) {
        const { accountId } = await whichKey(storage, query.key)
        return {
          alias: await createAlias(storage, {
            accountId,
            now: clock.now(),
            isProgram: async (address) =>
              (await findMailRoute(storage, { address, mailDomain: webhooks.mailDomain })) !== undefined,
            name,
            ...(domain !== undefined && { domain }),
            ...(policy !== undefined && { policy }),
            ...(anyDomain !== undefined && { anyDomain }),
            ...(defaults !== undefined && { defaults }),
            ...(refusal !== undefined && { refusal }),
            ...(endsAt !== undefined && { endsAt }),
          }),
        }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/aliases/{alias}',
      summary: 'Take an alias away, by its id, name or address; its leads stay',
      query: keyQuery,
      answer: z.object({ alias }),
      async handle({ params, query }) {
        const { accountId } = await whichKey(storage, query.key)
        const reference = params.alias ?? ''
        return { alias: await removeAlias(storage, { accountId, reference, now: clock.now() }) }
      },
    }),
  ]
}

function leadRoutes({ storage, clock }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/leads',
      summary: 'Leads, the newest first',
      query: z.strictObject({ ...pageQuery, state: z.enum(['open', 'closed']).optional() }),
      answer: z.object({ leads: z.array(lead) }),
      async handle({ query: { key: ofKey, state, before, limit } }) {
        const { accountId } = await whichKey(storage, ofKey)
        return {
          leads: await listLeads(storage, {
            accountId,
            ...(state !== undefined && { state }),
            ...(before !== undefined && { before }),
            ...(limit !== undefined && { limit }),
          }),
        }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/leads/{id}',
      summary: 'A lead with its mail, the newest first',
      query: keyQuery,
      answer: z.object({ lead, messages: z.array(entry) }),
      async handle({ params, query }) {
        const { accountId } = await whichKey(storage, query.key)
        const leadId = readId(params.id) as LeadId
        return {
          lead: await findLead(storage, { accountId, leadId }),
          messages: await listInbox(storage, { accountId, leadId, limit: 500 }),
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/leads/{id}',
      summary: 'Close a lead, or open it again',
      role: 'marketer',
      query: keyQuery,
      body: z.strictObject({ state: z.enum(['open', 'closed']) }),
      answer: z.object({ lead }),
      async handle({ params, query, body: { state } }) {
        const { accountId } = await whichKey(storage, query.key)
        const leadId = readId(params.id) as LeadId
        return { lead: await setLeadState(storage, { accountId, leadId, state, now: clock.now() }) }
      },
    }),
  ]
}

function inboxRoutes({ storage, inbound }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/inbox',
      summary: 'All incoming mail with what was decided, the newest first',
      query: z.strictObject(pageQuery),
      answer: z.object({ messages: z.array(entry) }),
      async handle({ query: { key: ofKey, before, limit } }) {
        const { accountId } = await whichKey(storage, ofKey)
        return {
          messages: await listInbox(storage, {
            accountId,
            ...(before !== undefined && { before }),
            ...(limit !== undefined && { limit }),
          }),
        }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/inbox/{id}',
      summary: 'One incoming mail: its decision, its text and its attachments',
      query: keyQuery,
      answer: z.object({
        message: entry,
        text: z.string().nullable(),
        hasHtml: z.boolean(),
        attachments: z.array(attachment).describe('In the order of /leads/…/attachments/0, 1, …'),
        isKept: z.boolean().describe('false: what was refused, and what is old, has no body any more'),
      }),
      async handle({ params, query }) {
        const { accountId } = await whichKey(storage, query.key)
        const found = await findIncoming(storage, { accountId, inboxId: readId(params.id) as InboxId })
        const read = found.content === undefined ? undefined : await readIncoming(found.content)
        return {
          message: found.entry,
          text: read?.text ?? null,
          hasHtml: read?.html !== undefined,
          attachments: (read?.attachments ?? []).map(({ name = '', mimeType, content }) => ({
            name,
            mimeType,
            sizeBytes: content.length,
          })),
          isKept: read !== undefined,
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/inbox/simulate',
      summary: 'What would be decided about a message; changes nothing',
      body: z.strictObject({
        message: z.base64().describe('The whole message, base64'),
        envelopeFrom: z.string().optional().describe('The null sender when left out'),
        recipients: z.array(z.string()).max(100).optional().describe('Those of its header when left out'),
      }),
      answer: z.object({
        decisions: z.array(
          z.object({ accountId: z.number(), outcome: z.string(), because: z.array(z.string()) }),
        ),
      }),
      async handle({ body: { message, envelopeFrom, recipients } }) {
        const raw = Buffer.from(message, 'base64')
        const read = await readIncoming(raw)
        const decisions = await inbound.simulate({
          raw,
          envelopeFrom: envelopeFrom ?? '',
          recipients: recipients?.map(toAddress) ?? read.recipients.map(({ address }) => address),
          authentication: { spf: 'none', dkim: 'none', dmarc: 'none' },
        })
        return {
          decisions: decisions.map(({ accountId, outcome, because }) => ({ accountId, outcome, because })),
        }
      },
    }),
  ]
}

function toAddress(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new BadField('recipients', `'${text.slice(0, 300)}' is not an address`)
  return address
}
