import { z } from 'zod'
import { readIncoming } from '../../mail/incoming-message.ts'
import { Refused } from '../../runtime/refused.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { readId } from './messages.ts'
import { RawAnswer } from './raw-answer.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'
import { safePageAnswer } from './safe-page-answer.ts'

const message = z.object({
  id: z.number(),
  from: z.string(),
  to: z.string(),
  subject: z.string(),
  dkim: z.string(),
  spf: z.string(),
  dmarc: z.string(),
  tls: z.string(),
  receivedAt: z.number().describe('Milliseconds since 1970'),
  envelopeFrom: z.string(),
})

const record = z.object({
  id: z.number(),
  name: z.string(),
  type: z.string(),
  value: z.string(),
  ttl: z.number().describe('Seconds'),
})

const anyId = queryNumber({ min: 0, max: Number.MAX_SAFE_INTEGER })

export function labRoutes({ lab }: HttpDependencies): AdminRoute[] {
  const open = () => {
    if (lab === undefined) throw new Refused('not-found', 'this instance is live: it has no lab')
    return lab
  }
  return [
    defineRoute({
      method: 'GET',
      path: '/lab/inbox',
      summary: 'What the receiving host of the lab took, newest first',
      query: z.strictObject({
        to: z.string().optional(),
        from: z.string().optional(),
        subject: z.string().optional(),
        after: anyId.optional().describe('Only newer than this id'),
        before: anyId.optional().describe('Only older than this id'),
        limit: queryNumber({ min: 1, max: 1000 }).optional(),
        waitMs: queryNumber({ min: 0, max: 60_000 }).optional().describe('Wait this long for a first match'),
      }),
      answer: z.object({ messages: z.array(message) }),
      handle: async ({ query, signal }) => ({ messages: await open().inbox.list({ ...query, signal }) }),
    }),
    defineRoute({
      method: 'GET',
      path: '/lab/inbox/{id}',
      summary: 'One received message as it came over the wire',
      answer: z.object({
        message: message.extend({
          authenticationResults: z.string(),
          content: z.string().describe('Bytes that are not UTF-8 are replaced'),
        }),
      }),
      async handle({ params }) {
        const id = readId(params.id)
        const found = await open().inbox.show(id)
        if (found === undefined) throw new Refused('not-found', `the inbox has no message ${id}`)
        return { message: { ...found, content: found.content.toString('utf8') } }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/lab/inbox/{id}/html',
      summary: 'The same as it may be looked at: without scripts, and without images from elsewhere',
      answer: z.string(),
      produces: ['text/html'],
      async handle({ params }) {
        const id = readId(params.id)
        const found = await open().inbox.show(id)
        if (found === undefined) throw new Refused('not-found', `the inbox has no message ${id}`)
        const { html, headers } = await safePageAnswer(await readIncoming(found.content))
        return new RawAnswer('text/html; charset=utf-8', html, headers)
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/lab/inbox',
      summary: 'Forget all received messages',
      answer: z.object({ cleared: z.number() }),
      handle: async () => ({ cleared: await open().inbox.clear() }),
    }),
    defineRoute({
      method: 'GET',
      path: '/lab/records',
      summary: 'Records that people put into the DNS of the lab',
      answer: z.object({ records: z.array(record) }),
      handle: async () => ({ records: await open().records.list() }),
    }),
    defineRoute({
      method: 'POST',
      path: '/lab/records',
      summary: 'Put a record into the DNS of the lab',
      body: z.strictObject({
        name: z.string(),
        type: z.string(),
        value: z.string(),
        ttl: z.number().int().optional(),
      }),
      answer: z.object({ record }),
      status: 201,
      handle: async ({ body }) => ({ record: await open().records.put(body) }),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/lab/records/{id}',
      summary: 'Take a record out of the DNS of the lab',
      answer: z.object({ removed: z.literal(true) }),
      async handle({ params }) {
        const id = readId(params.id)
        if (!(await open().records.remove(id))) throw new Refused('not-found', `the lab has no record ${id}`)
        return { removed: true as const }
      },
    }),
  ]
}
