/** `/api/stats`: counts for the console, altogether and over time. */
import { z } from 'zod'
import { titlesOfCampaigns } from '../../campaigns/titles-of-campaigns.ts'
import { trackedCampaign } from '../../campaigns/tracked.ts'
import type { KeyId, MailingId } from '../../mail/ids.ts'
import { Refused } from '../../runtime/refused.ts'
import { addTo, noMetrics, sliceMs, sliceOf } from '../../stats/metrics.ts'
import {
  campaignsOf,
  latestCampaignsOf,
  readCounters,
  readSumOfSenders,
  readTotal,
  readTotals,
} from '../../stats/read.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { trackedShape } from './campaign-shapes.ts'
import { readId } from './messages.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'
import { counts, partCounts, showCounts, showPart } from './stat-counts.ts'
import { whichKey } from './which-key.ts'

const key = z.string().optional().describe('API key; the first one when left out')
const campaign = queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
  .optional()
  .describe('Its id in these statistics, or that of `/campaigns`')
const instant = queryNumber({ min: 0, max: Number.MAX_SAFE_INTEGER }).optional()
const time = {
  resolution: z.enum(['five-minutes', 'hour', 'day']).optional().describe('day when left out'),
  from: instant.describe('Milliseconds since 1970; 30 days before the end when left out'),
  to: instant.describe('Now when left out'),
}
const timeQuery = z.object(time)

const isComplete = z.boolean().describe('false: the latest events are still being counted, ask again')
const listedCampaign = counts.extend({
  id: z.number(),
  name: z.string().describe('The tag that its messages carry'),
  title: z.string().nullable().describe('Of what was sent to a list: its title, or its subject'),
  createdAt: z.number(),
  lastAt: z.number().nullable().describe('Of the latest event'),
})

const day = 86_400_000
const mostSlices = 1_000
const mostSenders = 100

export function statsRoutes({
  storage,
  statistics,
  clock,
}: Pick<HttpDependencies, 'storage' | 'statistics' | 'clock'>): AdminRoute[] {
  const { db } = storage

  /** By its own number, or by that of what was sent to a list: no two things have the same. */
  async function findCampaign(keyId: KeyId, id: number) {
    const [named] = await campaignsOf(db, keyId, { ids: [id] })
    if (named !== undefined) return named
    const mailing = await db
      .selectFrom('mailings')
      .select('campaign_id as campaignId')
      .where('id', '=', id as MailingId)
      .where('key_id', '=', keyId)
      .executeTakeFirst()
    if (mailing?.campaignId === null) {
      throw new Refused('not-found', `no mail of campaign ${id} was sent yet, so that nothing is counted`)
    }
    const [found] = mailing === undefined ? [] : await campaignsOf(db, keyId, { ids: [mailing.campaignId] })
    if (found === undefined) throw new Refused('not-found', `this API key has no campaign ${id}`)
    return found
  }

  async function sourceOf(query: { key?: string | undefined; campaign?: number | undefined }) {
    const { id: keyId } = await whichKey(storage, query.key)
    if (query.campaign === undefined) return { source: 'key', sourceId: keyId as number } as const
    const { id } = await findCampaign(keyId, query.campaign)
    return { source: 'campaign', sourceId: id as number } as const
  }

  /** From where to where, in whole slices. */
  function timeOf(query: z.infer<typeof timeQuery>) {
    const { resolution = 'day', to = clock.now() } = query
    const from = query.from ?? to - 30 * day
    if ((to - from) / sliceMs[resolution] > mostSlices) {
      throw new Refused(
        'bad-value',
        `from ${from} to ${to} there are more than ${mostSlices} slices of this resolution; ask for less time, or for a coarser one`,
      )
    }
    return { resolution, to, from: sliceOf(from, resolution) }
  }

  async function withTotals(rows: readonly { id: number; name: string; createdAt: number }[]) {
    const ids = rows.map(({ id }) => id)
    const totals = await readTotals(db, { source: 'campaign', sourceIds: ids })
    const titles = await titlesOfCampaigns(db, ids)
    return rows.flatMap(({ id, name, createdAt }, i) => {
      const own = totals[i]
      if (own === undefined) return []
      const title = titles.get(id) ?? null
      return [
        {
          ...{ id, name, createdAt },
          title,
          lastAt: own.last_at,
          ...showCounts(own),
        },
      ]
    })
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/stats',
      summary: 'Counts of a key or a campaign, altogether and over time',
      query: z.strictObject({
        key,
        campaign,
        ...time,
        timing: z
          .enum(['message', 'event'])
          .optional()
          .describe('By the time of the message (when left out), or of what happened to it'),
      }),
      answer: z.object({
        totals: counts.describe('Since the beginning'),
        lastAt: z.number().nullable().describe('Of the latest event'),
        sum: counts.describe('Of the series'),
        series: z.array(counts.extend({ at: z.number() })).describe('Slices in which something happened'),
        isComplete,
      }),
      async handle({ query }) {
        const isFresh = await statistics.fresh()
        const { timing = 'message' } = query
        const place = await sourceOf(query)
        const { source, sourceId } = place
        const total = await readTotal(db, place)
        const rows = await readCounters(db, { source, sourceIds: [sourceId], timing, ...timeOf(query) })
        const sum = noMetrics()
        for (const row of rows) addTo(sum, row)
        return {
          totals: showCounts(total),
          lastAt: total.last_at,
          sum: showCounts(sum),
          series: rows.map((row) => ({ at: row.slice, ...showCounts(row) })),
          isComplete: isFresh,
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
      summary: 'Mailbox providers, programs and countries of the readers of a key or a campaign',
      query: z.strictObject({ key, campaign }),
      answer: z.object({
        agents: z.array(partCounts.extend({ platform: z.string(), agent: z.string() })),
        countries: z.array(partCounts.extend({ country: z.string() })),
        providers: z.array(partCounts.extend({ provider: z.string() })),
      }),
      async handle({ query }) {
        await statistics.fresh()
        const { source, sourceId } = await sourceOf(query)
        const read = (what: 'agent' | 'country' | 'esp') =>
          readCounters(db, { source: `${source}-${what}`, sourceIds: [sourceId] })
        return {
          agents: (await read('agent')).map((row) => {
            const [platform = '', agent = ''] = row.detail.split('\t')
            return { platform, agent, ...showPart(row) }
          }),
          countries: (await read('country')).map((row) => ({ country: row.detail, ...showPart(row) })),
          providers: (await read('esp')).map((row) => ({ provider: row.detail, ...showPart(row) })),
        }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/stats/senders',
      summary: `Counts of the senders of a key in a time, by the time of the message; the ${mostSenders} that sent most`,
      query: z.strictObject({ key, ...time }),
      answer: z.object({ senders: z.array(counts.extend({ id: z.number(), email: z.string() })) }),
      async handle({ query }) {
        await statistics.fresh()
        const { id: keyId } = await whichKey(storage, query.key)
        const senders = await readSumOfSenders(db, { keyId, limit: mostSenders, ...timeOf(query) })
        return { senders: senders.map((row) => ({ id: row.id, email: row.email, ...showCounts(row) })) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/stats/campaigns',
      summary: 'Campaigns with their totals, the latest first',
      query: z.strictObject({
        key,
        search: z.string().max(200).optional().describe('Somewhere in the name'),
        before: queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
          .optional()
          .describe('Id of the last campaign seen'),
        limit: queryNumber({ min: 1, max: 1000 }).optional().describe('50 when left out'),
      }),
      answer: z.object({ campaigns: z.array(listedCampaign) }),
      async handle({ query: { key: reference, before, search, limit = 50 } }) {
        await statistics.fresh()
        const { id: keyId } = await whichKey(storage, reference)
        const rows = await latestCampaignsOf(db, keyId, {
          limit,
          ...(before !== undefined && { before }),
          ...(search !== undefined && { search }),
        })
        return { campaigns: await withTotals(rows) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/stats/campaigns/{id}',
      summary: 'A campaign with its totals, by its id here, or by that of `/campaigns`',
      query: z.strictObject({ key }),
      answer: z.object({
        campaign: listedCampaign,
        tracked: trackedShape
          .nullable()
          .describe('As its latest message is; null when no message of it is kept'),
      }),
      async handle({ params, query }) {
        await statistics.fresh()
        const { id: keyId } = await whichKey(storage, query.key)
        const found = await findCampaign(keyId, readId(params.id))
        const [shown] = await withTotals([found])
        if (shown === undefined) throw new Error('a campaign that was found has no totals')
        return { campaign: shown, tracked: await trackedCampaign(db, found.id) }
      },
    }),
  ]
}
