/** `/api/segments`: formulas that choose contacts, and how many they choose. */
import { z } from 'zod'
import {
  changeSegment,
  countSegment,
  createSegment,
  deleteSegment,
  listSegments,
  previewSegment,
  type Segment,
} from '../../contacts/segments.ts'
import type { ContactListId, KeyId, SegmentId } from '../../mail/ids.ts'
import { Refused } from '../../runtime/refused.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { findList } from './contact-lists.ts'
import { readId } from './messages.ts'
import { type AdminRoute, defineRoute, idNumber } from './route.ts'
import { whichKey } from './which-key.ts'

const key = z.string().optional().describe('API key; the first one when left out')
const keyQuery = z.strictObject({ key })

const segment = z.object({
  id: z.number(),
  name: z.string(),
  description: z.string(),
  expression: z.string(),
  createdAt: z.number(),
  isUsed: z.boolean(),
})

const name = z.string().trim().min(1).max(255)
const description = z.string().max(2_000)
const expression = z
  .string({
    error: ({ input }) =>
      `expression ${input === undefined ? 'is missing; it ' : ''}should be the formula, a text such as (age<35) and (city="Lyon")`,
  })
  .min(1)
  .max(10_000)
  .describe('The formula: (age<35) and (city="Lyon")')

const shownOfPreview = 10

export function segmentRoutes({ storage, clock }: HttpDependencies): AdminRoute[] {
  const { db } = storage

  async function find(keyId: KeyId, id: string | undefined): Promise<Segment> {
    const [found] = await listSegments(db, { keyId, id: readId(id) as SegmentId }, { limit: 1 })
    if (found === undefined) throw new Refused('not-found', `this API key has no segment ${id}`)
    return found
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/segments',
      summary: 'Segments of an API key',
      query: keyQuery,
      answer: z.object({ segments: z.array(segment) }),
      async handle({ query }) {
        const keyId = (await whichKey(storage, query.key)).id
        return { segments: (await listSegments(db, { keyId }, { limit: 10_000 })).map(shapeOf) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/segments',
      summary: 'Make a segment',
      role: 'marketer',
      status: 201,
      body: z.strictObject({ key, name, description: description.default(''), expression }),
      answer: z.object({ segment }),
      async handle({ body: { key: reference, ...wanted } }) {
        const keyId = (await whichKey(storage, reference)).id
        return { segment: untaken(await createSegment(storage, { keyId, ...wanted, now: clock.now() })) }
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/segments/{id}',
      summary: 'Change a segment',
      role: 'marketer',
      body: z.strictObject({
        key,
        name: name.optional(),
        description: description.optional(),
        expression: expression.optional(),
      }),
      answer: z.object({ segment }),
      async handle({ params, body }) {
        const keyId = (await whichKey(storage, body.key)).id
        const before = await find(keyId, params.id)
        const changes = {
          ...(body.name !== undefined && { name: body.name }),
          ...(body.description !== undefined && { description: body.description }),
          ...(body.expression !== undefined && { expression: body.expression }),
        }
        const changed = await changeSegment(db, { ...before, keyId }, { ...changes, now: clock.now() })
        return { segment: untaken(changed) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/segments/{id}',
      summary: 'Delete a segment; its contacts stay',
      role: 'marketer',
      query: keyQuery,
      answer: z.object({ deleted: z.number() }),
      async handle({ params, query }) {
        const keyId = (await whichKey(storage, query.key)).id
        const { id } = await find(keyId, params.id)
        await deleteSegment(db, { id, now: clock.now() })
        return { deleted: id }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/segments/preview',
      summary: 'How many contacts a formula chooses now, and the first of them',
      role: 'viewer',
      body: z.strictObject({
        key,
        expression,
        listId: idNumber.optional().describe('Of this list; of all contacts when left out'),
      }),
      answer: z.object({
        count: z.number().describe('In whatever state they are'),
        contacts: z.array(z.object({ id: z.number(), email: z.string(), name: z.string() })),
      }),
      async handle({ body: { key: reference, expression: formula, listId } }) {
        const keyId = (await whichKey(storage, reference)).id
        const now = clock.now()
        const list = listId === undefined ? undefined : await findList(db, keyId, listId as ContactListId)
        const of = { keyId, expression: formula, now, ...(list !== undefined && { listId: list.id }) }
        return {
          count: await countSegment(db, of),
          contacts: await previewSegment(db, { ...of, limit: shownOfPreview }),
        }
      },
    }),
  ]
}

function untaken(found: Segment | undefined): z.infer<typeof segment> {
  if (found === undefined) throw new Refused('conflict', 'there is a segment of this name already')
  return shapeOf(found)
}

function shapeOf(found: Segment): z.infer<typeof segment> {
  const { id, name: own, description: about, expression: formula, createdAt, isUsed } = found
  return { id, name: own, description: about, expression: formula, createdAt, isUsed: isUsed === 1 }
}
