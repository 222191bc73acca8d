import { z } from 'zod'
import { changeQueue, type QueueAction } from '../../delivery/queue-admin.ts'
import { listWaitingSites } from '../../delivery/queue-sites.ts'
import { listQueue, type QueueFilter, showQueued, waitingStates } from '../../delivery/queue-view.ts'
import { normaliseDomain } from '../../domains/domains.ts'
import type { MessageId } from '../../mail/ids.ts'
import { Refused } from '../../runtime/refused.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { deliveryStates, readId } from './messages.ts'
import { type AdminRoute, defineRoute, idNumber, queryNumber } from './route.ts'
import { whichKey } from './which-key.ts'

const instant = z.number().describe('Milliseconds since 1970')

const queued = z
  .object({
    id: z.number(),
    messageId: z.number(),
    keyId: z.number(),
    from: z.string(),
    recipient: z.string(),
    subject: z.string(),
    lane: z.enum(['transactional', 'bulk']),
    state: z.enum(deliveryStates),
    class: z.string().nullable(),
    replyText: z.string().nullable(),
    attempts: z.number(),
    nextAttemptAt: instant.nullable(),
    acceptedAt: instant,
    expiresAt: instant,
    isBeingSent: z.boolean(),
  })
  .describe('A message to one recipient that is still to be delivered')

const filterFields = {
  state: z.enum(waitingStates).optional(),
  domain: z.string().optional().describe('Domain of the recipient'),
  key: z.string().optional().describe('API key'),
}

const changeBody = z
  .strictObject({
    ids: z.array(idNumber).min(1).max(10_000).optional().describe('Of messages or of single deliveries'),
    filter: z.strictObject({ ...filterFields, all: z.literal(true).optional() }).optional(),
  })
  .describe('Either ids or a filter; a filter that names nothing needs "all": true')

const changed = z.object({
  changed: z.array(z.number()).describe('Ids of the deliveries that were changed'),
  refused: z.array(z.object({ id: z.number(), reason: z.string() })),
})

const summaries = {
  retry: 'Try again now',
  hold: 'Keep from being sent until released',
  release: 'Let go of what is on hold',
  drop: 'Give up for good, without telling the sender',
} as const satisfies Record<QueueAction, string>

export function queueRoutes(dependencies: HttpDependencies): AdminRoute[] {
  const { storage, clock, queue, wakeDelivery } = dependencies

  async function toFilter({
    state,
    domain,
    key,
  }: {
    state?: QueueFilter['state']
    domain?: string
    key?: string
  }) {
    const filter: QueueFilter = {}
    if (state !== undefined) filter.state = state
    if (domain !== undefined) filter.domain = normaliseDomain(domain)
    if (key !== undefined) filter.keyId = (await whichKey(storage, key)).id
    return filter
  }

  const actions = (Object.keys(summaries) as QueueAction[]).map((action) =>
    defineRoute({
      method: 'POST',
      path: `/queue/${action}`,
      summary: summaries[action],
      body: changeBody,
      answer: changed,
      async handle({ body }) {
        const filter = body.filter && (await toFilter(body.filter))
        if ((body.ids === undefined) === (filter === undefined)) {
          throw new Refused('bad-value', 'give either ids or a filter')
        }
        if (filter !== undefined && Object.keys(filter).length === 0 && body.filter?.all !== true) {
          throw new Refused('bad-value', 'a filter without conditions means the whole queue: say "all": true')
        }
        const change = await changeQueue(storage, { action, ids: body.ids, filter, now: clock.now() })
        if (action === 'retry' || action === 'release') wakeDelivery()
        return change
      },
    }),
  )

  return [
    defineRoute({
      method: 'GET',
      path: '/queue',
      summary: 'What is still to be delivered, oldest first',
      query: z.strictObject({
        ...filterFields,
        message: queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER }).optional().describe('Id of a message'),
        after: queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
          .optional()
          .describe('Last id of the page before'),
        limit: queryNumber({ min: 1, max: 1000 }).optional().describe('50 when left out'),
      }),
      answer: z.object({ deliveries: z.array(queued) }),
      async handle({ query }) {
        const filter = await toFilter(query)
        if (query.message !== undefined) filter.messageId = query.message as MessageId
        const { after, limit } = query
        return { deliveries: await listQueue(storage.db, { ...filter, after, limit }) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/queue/counts',
      summary: 'Work by lane; one unit is a message for up to 50 recipients of a domain',
      answer: z.object({
        lanes: z.array(
          z.object({
            lane: z.string(),
            due: z.number(),
            waiting: z.number(),
            leased: z.number().describe('Being sent'),
            held: z.number(),
          }),
        ),
      }),
      handle: async () => ({ lanes: await queue.counts() }),
    }),
    defineRoute({
      method: 'GET',
      path: '/queue/sites',
      summary: 'What waits by the domain of its recipients, the most first; at most 200',
      answer: z.object({
        sites: z.array(
          z.object({
            domain: z.string().describe('A-label form; a filter of the queue takes it'),
            name: z.string(),
            due: z.number(),
            waiting: z.number(),
            sending: z.number(),
            held: z.number(),
            oldestAt: instant,
            nextAttemptAt: instant.nullable(),
            lastReply: z.string().nullable().describe('What the other side said about the oldest'),
          }),
        ),
      }),
      handle: async () => ({ sites: await listWaitingSites(storage.db, { now: clock.now() }) }),
    }),
    defineRoute({
      method: 'GET',
      path: '/queue/{id}',
      summary: 'Deliveries of a message, or one delivery',
      answer: z.object({ deliveries: z.array(queued) }),
      handle: async ({ params }) => ({ deliveries: await showQueued(storage.db, readId(params.id)) }),
    }),
    ...actions,
  ]
}
