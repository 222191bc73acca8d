/** `/api/stats`: counts for the console, altogether and over time. */
import { z } from 'zod'
import { Refused } from '../../runtime/refused.ts'
import { queuedOf, sliceMs, sliceOf } from '../../stats/metrics.ts'
import { type CounterRow, campaignsOf, readCounters, readTotal } from '../../stats/read.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'
import { whichKey } from './which-key.ts'

const key = z.string().optional().describe('API key; the first one when left out')
const campaign = queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER }).optional().describe('Its id')
const instant = queryNumber({ min: 0, max: Number.MAX_SAFE_INTEGER }).optional()

const counts = z.object({
  processed: z.number().describe('Messages accepted, one for each recipient'),
  queued: z.number(),
  sent: z.number(),
  deferred: z.number(),
  softBounced: z.number(),
  hardBounced: z.number(),
  blocked: z.number(),
  opened: z.number().describe('Messages; by people, as far as one can tell'),
  clicked: z.number(),
  unsubscribed: z.number(),
  complained: z.number(),
  opens: z.number().describe('Events: a message may be opened often'),
  clicks: z.number(),
  machineOpens: z.number().describe('Events by scanners and the like, in none of the others'),
  machineClicks: z.number(),
})

function show(row: CounterRow): z.infer<typeof counts> {
  return {
    processed: row.processed,
    queued: queuedOf(row),
    sent: row.sent,
    deferred: row.deferred,
    softBounced: row.soft_bounced,
    hardBounced: row.hard_bounced,
    blocked: row.blocked,
    opened: row.opened,
    clicked: row.clicked,
    unsubscribed: row.unsubscribed,
    complained: row.complained,
    opens: row.opens,
    clicks: row.clicks,
    machineOpens: row.machine_opens,
    machineClicks: row.machine_clicks,
  }
}

const day = 86_400_000
const mostSlices = 1_000

export function statsRoutes({ storage, statistics, clock }: HttpDependencies): AdminRoute[] {
  const { db } = storage

  async function sourceOf(query: { key?: string | undefined; campaign?: number | undefined }) {
    const { id: keyId } = await whichKey(storage, query.key)
    if (query.campaign === undefined) return { source: 'key', sourceId: keyId as number } as const
    const [found] = await campaignsOf(db, keyId, { ids: [query.campaign] })
    if (found === undefined) {
      throw new Refused('not-found', `this API key has no campaign ${query.campaign}`)
    }
    return { source: 'campaign', sourceId: found.id as number } as const
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/stats',
      summary: 'Counts of a key or a campaign, altogether and over time',
      query: z.strictObject({
        key,
        campaign,
        resolution: z.enum(['five-minutes', 'hour', 'day']).optional().describe('day when left out'),
        timing: z
          .enum(['message', 'event'])
          .optional()
          .describe('By the time of the message (when left out), or of what happened to it'),
        from: instant.describe('Milliseconds since 1970; 30 days before the end when left out'),
        to: instant.describe('Now when left out'),
      }),
      answer: z.object({
        totals: counts,
        lastAt: z.number().nullable().describe('Of the latest event'),
        series: z.array(counts.extend({ at: z.number() })).describe('Slices in which something happened'),
      }),
      async handle({ query }) {
        await statistics.fresh()
        const { resolution = 'day', timing = 'message', to = clock.now() } = query
        const from = query.from ?? to - 30 * day
        if ((to - from) / sliceMs[resolution] > mostSlices) {
          throw new Refused(
            'bad-value',
            `from ${from} to ${to} there are more than ${mostSlices} slices of this resolution; ask for less time, or for a coarser one`,
          )
        }
        const place = await sourceOf(query)
        const total = await readTotal(db, place)
        const rows = await readCounters(db, {
          source: place.source,
          sourceIds: [place.sourceId],
          ...{ resolution, timing, to },
          from: sliceOf(from, resolution),
        })
        return {
          totals: show(total),
          lastAt: total.last_at,
          series: rows.map((row) => ({ at: row.slice, ...show(row) })),
        }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/stats/links',
      summary: 'Links of a key or a campaign, most followed first',
      query: z.strictObject({ key, campaign, limit: queryNumber({ min: 1, max: 1000 }).optional() }),
      answer: z.object({
        links: z.array(
          z.object({ url: z.string(), position: z.number(), messages: z.number(), clicks: z.number() }),
        ),
      }),
      async handle({ query }) {
        await statistics.fresh()
        const { source, sourceId } = await sourceOf(query)
        const links = await db
          .selectFrom('stat_links')
          .select(['url', 'position', 'clicked_messages as messages', 'clicked_events as clicks'])
          .where('source', '=', source)
          .where('source_id', '=', sourceId)
          .orderBy('clicked_events', 'desc')
          .limit(query.limit ?? 100)
          .execute()
        return { links }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/stats/readers',
      summary: 'Programs, countries and (of a campaign) mailbox providers of its readers',
      query: z.strictObject({ key, campaign }),
      answer: z.object({
        agents: z.array(counts.extend({ platform: z.string(), agent: z.string() })),
        countries: z.array(counts.extend({ country: z.string() })),
        providers: z.array(counts.extend({ provider: z.string() })),
      }),
      async handle({ query }) {
        await statistics.fresh()
        const { source, sourceId } = await sourceOf(query)
        const read = (what: 'agent' | 'country') =>
          readCounters(db, { source: `${source}-${what}`, sourceIds: [sourceId] })
        const providers =
          source === 'key' ? [] : await readCounters(db, { source: 'campaign-esp', sourceIds: [sourceId] })
        return {
          agents: (await read('agent')).map((row) => {
            const [platform = '', agent = ''] = row.detail.split('\t')
            return { platform, agent, ...show(row) }
          }),
          countries: (await read('country')).map((row) => ({ country: row.detail, ...show(row) })),
          providers: providers.map((row) => ({ provider: row.detail, ...show(row) })),
        }
      },
    }),
  ]
}
