/** `/api/webhooks`: programs that are told what happens; and what they have in common with parse routes. */
import { z } from 'zod'
import { listTries } from '../../webhooks/call-log.ts'
import { addCallbacks, changeCallback } from '../../webhooks/callbacks.ts'
import { replay } from '../../webhooks/replay.ts'
import { rotateSecret } from '../../webhooks/rotate-secret.ts'
import { eventTopics } from '../../webhooks/topics.ts'
import { tryWebhook } from '../../webhooks/try-webhook.ts'
import { findWebhook, listWebhooks, removeWebhook } from '../../webhooks/webhooks.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'
import { given, idOf, key, shown, shownAll, state, time, url, webhook, withSecret } from './webhook-shape.ts'
import { whichKey } from './which-key.ts'

const tried = z.object({
  id: z.number(),
  at: time,
  attempt: z.number(),
  isTest: z.boolean(),
  outcome: z.enum(['delivered', 'failed', 'given-up']),
  status: z.number().nullable().describe('HTTP status; null without an answer'),
  problem: z.string(),
  durationMs: z.number(),
  events: z.number(),
  sizeBytes: z.number(),
  body: z.string().describe('The beginning of what was sent'),
  answer: z.string().describe('The beginning of what was answered'),
})

const topic = z.enum(eventTopics)
const version = z.union([z.literal(1), z.literal(2)])

export function webhookRoutes(dependencies: HttpDependencies): AdminRoute[] {
  return [...callbackRoutes(dependencies), ...commonRoutes(dependencies)]
}

function callbackRoutes({ storage, webhooks }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/webhooks',
      summary: 'Webhooks of an API key that are told events, with how they do',
      query: z.strictObject({ key }),
      answer: z.object({ webhooks: z.array(webhook) }),
      async handle({ query }) {
        const { id: keyId } = await whichKey(storage, query.key)
        return { webhooks: await shownAll(webhooks, await listWebhooks(webhooks, { keyId, kind: 'events' })) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/webhooks',
      summary: 'Tell a program of events: a webhook for each of them, all with one secret',
      query: z.strictObject({ key }),
      body: z.strictObject({
        topics: z.array(topic).min(1).max(eventTopics.length),
        url,
        version: version.optional().describe('1 when left out'),
        isBackup: z.boolean().optional(),
      }),
      answer: z.object({ webhooks: z.array(webhook), secret: withSecret.shape.secret }),
      status: 201,
      async handle({ query, body, about }) {
        const { id: keyId } = await whichKey(storage, query.key)
        const added = await addCallbacks(webhooks, {
          keyId,
          ...given(body),
          topics: body.topics,
          url: body.url,
        })
        for (const { id } of added.webhooks) about(`webhook=${id}`)
        return { webhooks: await shownAll(webhooks, added.webhooks), secret: added.secret }
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/webhooks/{id}',
      summary: 'Change a webhook; what is left out stays as it is. A new URL makes a dead one alive',
      body: z.strictObject({
        topic: topic.optional(),
        url: url.optional(),
        version: version.optional(),
        isBackup: z.boolean().optional(),
        state: state.optional(),
      }),
      answer: z.object({ webhook }),
      async handle({ params, body }) {
        const found = await findWebhook(webhooks, { id: idOf(params.id), kind: 'events' })
        return { webhook: await shown(webhooks, await changeCallback(webhooks, found, given(body))) }
      },
    }),
  ]
}

/** The same for both. */
function commonRoutes({ storage, webhooks }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/webhooks/{id}',
      summary: 'One webhook or parse route',
      answer: z.object({ webhook }),
      handle: async ({ params }) => ({
        webhook: await shown(webhooks, await findWebhook(webhooks, { id: idOf(params.id) })),
      }),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/webhooks/{id}',
      summary: 'Remove a webhook or parse route, with what it was owed and its log',
      answer: z.object({ webhook }),
      async handle({ params }) {
        const found = await shown(webhooks, await findWebhook(webhooks, { id: idOf(params.id) }))
        await removeWebhook(webhooks, idOf(params.id))
        return { webhook: found }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/webhooks/{id}/rotate',
      summary: 'A new secret, for all that were added together; the old one signs too for a day',
      answer: withSecret.extend({
        webhooks: z.array(webhook).describe('All that have the new secret, this one among them'),
      }),
      async handle({ params }) {
        const rotated = await rotateSecret(webhooks, idOf(params.id))
        return {
          webhook: await shown(webhooks, await findWebhook(webhooks, { id: idOf(params.id) })),
          webhooks: await shownAll(webhooks, rotated.webhooks),
          secret: rotated.secret,
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/webhooks/{id}/test',
      summary: 'Call it at once with something that did not happen',
      answer: z.object({
        isDelivered: z.boolean(),
        status: z.number().nullable(),
        problem: z.string(),
        answer: z.string(),
        durationMs: z.number(),
      }),
      async handle({ params }) {
        const { isDelivered, status, problem, answer, durationMs } = await tryWebhook(
          webhooks,
          idOf(params.id),
        )
        return { isDelivered, status, problem, answer, durationMs }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/webhooks/{id}/calls',
      summary: 'What was sent and what was answered, the newest first; kept for webhooks.log_days',
      query: z.strictObject({
        outcome: z.enum(['delivered', 'failed', 'given-up']).optional(),
        before: queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
          .optional()
          .describe('Only ids below this one'),
        limit: queryNumber({ min: 1, max: 200 }).optional(),
      }),
      answer: z.object({ calls: z.array(tried) }),
      async handle({ params, query }) {
        const { id: webhookId } = await findWebhook(webhooks, { id: idOf(params.id) })
        const rows = await listTries(storage, { webhookId, ...given(query) })
        return {
          calls: rows.map((row) => ({
            id: row.id,
            at: row.at,
            attempt: row.attempt,
            isTest: row.call_id === null,
            outcome: row.outcome,
            status: row.status,
            problem: row.problem,
            durationMs: row.duration_ms,
            events: row.events,
            sizeBytes: row.size_bytes,
            body: row.body,
            answer: row.answer,
          })),
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/webhooks/{id}/replay',
      summary: 'Send again what happened, or what came, in a range of time',
      body: z.strictObject({
        from: time,
        to: time,
        after: z.number().optional().describe('`next` of the answer before, where there is more to send'),
      }),
      answer: z.object({
        count: z.number().describe('Events or mails that are sent again'),
        next: z.number().nullable().describe('Ask again with this as `after`; null: that is all'),
      }),
      async handle({ params, body }) {
        const found = await findWebhook(webhooks, { id: idOf(params.id) })
        return replay(webhooks, found, { from: body.from, to: body.to, ...given({ after: body.after }) })
      },
    }),
  ]
}
