/** `/api/suppressions`: addresses that an API key does not send to. */
import { z } from 'zod'
import {
  addSuppression,
  importSuppressions,
  listSuppressions,
  removeSuppression,
  suppressionReasons,
} from '../../contacts/suppressions.ts'
import { normaliseAddress, parseAddress } from '../../mail/address.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'
import { whichKey } from './which-key.ts'

const reason = z.enum(suppressionReasons)

const suppression = z.object({
  address: z.string(),
  keyId: z.number(),
  reason,
  origin: z.string().describe('What told us'),
  messageId: z.number().nullable(),
  deliveryId: z.number().nullable(),
  createdAt: z.number().describe('Milliseconds since 1970'),
  optedOutAt: z.number().nullable().describe('Since when no mass mail is wanted; outlives a stronger reason'),
})

const key = z.string().optional().describe('API key; the first one when left out')
const keyQuery = z.strictObject({ key })
const note = z.string().max(500).optional().describe('Why, for people')

const mostInACall = 5_000

export function suppressionRoutes({ storage, clock, suppressionCheck }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/suppressions',
      summary: 'Addresses that are not sent to, in their order',
      query: z.strictObject({
        key,
        search: z.string().max(320).optional().describe('The beginning of an address, or @domain'),
        reason: reason.optional(),
        after: z.string().max(320).optional().describe('The last address of the page before'),
        limit: queryNumber({ min: 1, max: 1000 }).optional().describe('100 when left out'),
      }),
      answer: z.object({ suppressions: z.array(suppression) }),
      async handle({ query: { key, limit = 100, ...query } }) {
        const keyId = (await whichKey(storage, key)).id
        return { suppressions: await listSuppressions(storage, { keyId, limit, ...query }) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/suppressions',
      summary: 'Put an address on the list; one that is there already stays as it is',
      role: 'marketer',
      body: z.strictObject({ key, address: z.string().max(500), note }),
      answer: z.object({ suppression, isNew: z.boolean() }),
      async handle({ body }) {
        const keyId = (await whichKey(storage, body.key)).id
        const added = await addSuppression(storage, {
          keyId,
          address: body.address,
          reason: 'manual',
          origin: body.note ?? 'by hand',
          at: clock.now(),
        })
        suppressionCheck.forget(keyId, added.suppression.address)
        return added
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/suppressions/{address}',
      summary: 'Take an address off the list: it is sent to again, and counts from nothing',
      role: 'marketer',
      query: keyQuery,
      answer: z.object({ removed: suppression }),
      async handle({ params, query }) {
        const keyId = (await whichKey(storage, query.key)).id
        const removed = await removeSuppression(storage, { keyId, address: params.address ?? '' })
        suppressionCheck.forget(keyId, removed.address)
        return { removed }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/suppressions/import',
      summary: 'Put many addresses on the list; those that are none are told, and the others are taken',
      role: 'marketer',
      body: z.strictObject({
        key,
        entries: z
          .array(z.strictObject({ address: z.string().max(500), reason: reason.optional(), note }))
          .max(mostInACall),
      }),
      answer: z.object({
        added: z.number(),
        known: z.number().describe('On the list before, or twice in the call'),
        refused: z.array(z.object({ index: z.number(), address: z.string(), problem: z.string() })),
      }),
      async handle({ body }) {
        const keyId = (await whichKey(storage, body.key)).id
        const at = clock.now()
        const refused: { index: number; address: string; problem: string }[] = []
        const entries = body.entries.flatMap(({ address: text, reason = 'import', note }, index) => {
          const parsed = parseAddress(text.trim())
          if (parsed !== undefined) {
            return [{ keyId, address: normaliseAddress(parsed), reason, origin: note ?? 'imported', at }]
          }
          refused.push({ index, address: text.slice(0, 320), problem: 'not an e-mail address' })
          return []
        })
        const added = await importSuppressions(storage, entries)
        for (const { address } of entries) suppressionCheck.forget(keyId, address)
        return { added, known: entries.length - added, refused }
      },
    }),
  ]
}
