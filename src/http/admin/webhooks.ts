/** `/api/webhooks` and `/api/parse-routes`: programs that are told what happens, and that mail came for them. */
import { z } from 'zod'
import type { WebhookId } from '../../mail/ids.ts'
import { listTries } from '../../webhooks/call-log.ts'
import { addCallbacks, changeCallback } from '../../webhooks/callbacks.ts'
import { addParseRoute, changeParseRoute } from '../../webhooks/parse-routes.ts'
import { replay } from '../../webhooks/replay.ts'
import { eventTopics } from '../../webhooks/topics.ts'
import { tryWebhook } from '../../webhooks/try-webhook.ts'
import { countWaiting } from '../../webhooks/waiting.ts'
import {
  findWebhook,
  listWebhooks,
  removeWebhook,
  rotateSecret,
  type Webhook,
} from '../../webhooks/webhooks.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { readId } from './messages.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'
import { whichKey } from './which-key.ts'

const key = z.string().optional().describe('An API key; the first one when left out')
const time = z.number().describe('Milliseconds since 1970')

const webhook = z.object({
  id: z.number(),
  keyId: z.number(),
  kind: z.enum(['events', 'mail']),
  topic: z.string().describe('The event that it is told of; of mail: the address'),
  address: z.string().nullable().describe('Of mail'),
  url: z.string().describe('Without its password'),
  isBackup: z.boolean().describe('Is called only while the other webhook of its event is dead'),
  version: z.union([z.literal(1), z.literal(2)]).describe('1: an event a call; 2: several in an array'),
  state: z
    .enum(['alive', 'dead'])
    .describe('dead: it has not answered for a day, and is not called any more'),
  createdAt: time,
  failingSince: time.nullable(),
  lastSuccessAt: time.nullable(),
  lastProblem: z.string(),
  deadSince: time.nullable(),
  missedSince: time.nullable().describe('Since when it may have missed something that was not sent again'),
  waiting: z.number().describe('Calls that it is owed'),
})

const withSecret = z.object({ webhook, secret: z.string().describe('Signs the bodies; shown this once') })

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
const url = z.string().max(2_000).describe('http or https, with a login where it needs one')
const version = z.union([z.literal(1), z.literal(2)])
const state = z.enum(['alive', 'dead'])

export function webhookRoutes(dependencies: HttpDependencies): AdminRoute[] {
  return [...callbackRoutes(dependencies), ...parseRouteRoutes(dependencies), ...commonRoutes(dependencies)]
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

function parseRouteRoutes({ storage, webhooks }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/parse-routes',
      summary: 'Addresses of an API key whose mail is posted to a program',
      query: z.strictObject({ key }),
      answer: z.object({ routes: z.array(webhook), domain: z.string().describe('Where addresses are made') }),
      async handle({ query }) {
        const { id: keyId } = await whichKey(storage, query.key)
        const routes = await shownAll(webhooks, await listWebhooks(webhooks, { keyId, kind: 'mail' }))
        return { routes, domain: webhooks.mailDomain }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/parse-routes',
      summary: 'Post the mail of an address to a program',
      query: z.strictObject({ key }),
      body: z.strictObject({
        url,
        address: z
          .string()
          .max(320)
          .optional()
          .describe('Of a domain that the API key has proved; one is made when it is left out'),
      }),
      answer: withSecret,
      status: 201,
      async handle({ query, body, about }) {
        const { id: keyId } = await whichKey(storage, query.key)
        const added = await addParseRoute(webhooks, { keyId, ...given(body), url: body.url })
        about(`webhook=${added.webhook.id}`)
        return { webhook: await shown(webhooks, added.webhook), secret: added.secret }
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/parse-routes/{id}',
      summary: 'Change a parse route; what is left out stays as it is. A new URL makes a dead one alive',
      body: z.strictObject({
        url: url.optional(),
        address: z.string().max(320).optional(),
        state: state.optional(),
      }),
      answer: z.object({ webhook }),
      async handle({ params, body }) {
        const found = await findWebhook(webhooks, { id: idOf(params.id), kind: 'mail' })
        return { webhook: await shown(webhooks, await changeParseRoute(webhooks, found, given(body))) }
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
      summary: 'A new secret; bodies are signed with the old one too for a day',
      answer: withSecret,
      async handle({ params }) {
        const secret = await rotateSecret(webhooks, idOf(params.id))
        return {
          webhook: await shown(webhooks, await findWebhook(webhooks, { id: idOf(params.id) })),
          secret,
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

type Shown = z.infer<typeof webhook>

async function shownAll(webhooks: HttpDependencies['webhooks'], found: readonly Webhook[]): Promise<Shown[]> {
  const waiting = await countWaiting(
    webhooks.storage,
    found.map(({ id }) => id),
  )
  return found.map(({ url: _, shownUrl, ...one }) => ({
    ...one,
    url: shownUrl,
    waiting: waiting.get(one.id) ?? 0,
  }))
}

async function shown(webhooks: HttpDependencies['webhooks'], found: Webhook): Promise<Shown> {
  const [one] = await shownAll(webhooks, [found])
  if (one === undefined) throw new Error('a webhook was lost while it was shown')
  return one
}

function idOf(text: string | undefined): WebhookId {
  return readId(text) as WebhookId
}

type Given<T> = { [Name in keyof T]: Exclude<T[Name], undefined> }

/** Without what was left out. */
function given<T extends object>(values: T): Partial<Given<T>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Given<T>
  >
}
