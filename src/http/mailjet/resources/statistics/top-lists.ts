/** Links, user agents and countries of a key or of one campaign (reference/statistics.md §10). */
import { type CounterRow, campaignsOf, readCounters } from '../../../../stats/read.ts'
import type { Schema } from '../../../../storage/schema.ts'
import { type AnyResource, defineResource } from '../../define-resource.ts'
import type { Page, Query } from '../../resource.ts'
import { whole, words } from './shape.ts'

/** Undefined: a campaign that is none of this key's. */
async function sourceOf({ db, keyId, filters, parts }: Query) {
  await parts.statistics.fresh()
  const campaignId = filters.integer('CampaignID')
  if (campaignId === undefined) return { kind: 'key', id: keyId as number } as const
  const [found] = await campaignsOf(db, keyId, { ids: [campaignId] })
  return found === undefined ? undefined : ({ kind: 'campaign', id: found.id as number } as const)
}

async function details(query: Query, what: 'agent' | 'country'): Promise<CounterRow[]> {
  const source = await sourceOf(query)
  if (source === undefined) return []
  return readCounters(query.db, { source: `${source.kind}-${what}`, sourceIds: [source.id] })
}

type Link = Pick<Schema['stat_links'], 'id' | 'url' | 'clicked_events'>

async function countLinks(query: Query): Promise<number> {
  const source = await sourceOf(query)
  if (source === undefined) return 0
  const row = await query.db
    .selectFrom('stat_links')
    .select(({ fn }) => fn.countAll<number | string | bigint>().as('count'))
    .where('source', '=', source.kind)
    .where('source_id', '=', source.id)
    .executeTakeFirst()
  return Number(row?.count ?? 0)
}

async function topLinks(query: Query, { limit, offset }: Pick<Page, 'limit' | 'offset'>): Promise<Link[]> {
  const source = await sourceOf(query)
  if (source === undefined) return []
  return query.db
    .selectFrom('stat_links')
    .select(['id', 'url', 'clicked_events'])
    .where('source', '=', source.kind)
    .where('source_id', '=', source.id)
    .orderBy('clicked_events', 'desc')
    .limit(limit)
    .offset(offset)
    .execute()
}

type Agent = { platform: string; name: string; count: number; distinct: number }

async function agents(query: Query): Promise<Agent[]> {
  const { filters } = query
  const event = filters.text('Event')?.toLowerCase()
  const platform = filters.text('Platform')?.toLowerCase()
  const excluded = filters.text('ExcludePlatform')?.toLowerCase()
  const rows = (await details(query, 'agent')).map((row): Agent => {
    const [system = '', name = ''] = row.detail.split('\t')
    const opens = event === 'click' ? [0, 0] : [row.opens, row.opened]
    const clicks = event === 'open' ? [0, 0] : [row.clicks, row.clicked]
    const sum = (i: 0 | 1) => (opens[i] ?? 0) + (clicks[i] ?? 0)
    return { platform: system, name, count: sum(0), distinct: sum(1) }
  })
  return rows
    .filter((row) => row.count > 0)
    .filter((row) => platform === undefined || row.platform.toLowerCase() === platform)
    .filter((row) => row.platform.toLowerCase() !== excluded)
    .toSorted((a, b) => b.count - a.count)
}

async function countries(query: Query): Promise<CounterRow[]> {
  const rows = await details(query, 'country')
  const country = query.uniqueKey?.[0]?.toUpperCase()
  return country === undefined ? rows : rows.filter(({ detail }) => detail === country)
}

export const topLists: readonly AnyResource[] = [
  defineResource<CounterRow>({
    name: 'geostatistics',
    description: 'Messages opened and clicked, by country.',
    uniqueKey: ['Country'],
    properties: [
      whole('ClickedCount', 'Messages with a click.', (row) => row.clicked),
      words('Country', 'Two letters.', (row) => row.detail),
      whole('OpenedCount', 'Messages opened.', (row) => row.opened),
    ],
    filters: { CampaignID: 'integer' },
    sort: { Country: false },
    unknownId: 'empty',
    select: async (query, { limit, offset }) => (await countries(query)).slice(offset, offset + limit),
    count: async (query) => (await countries(query)).length,
  }),
  defineResource<Link>({
    name: 'toplinkclicked',
    description: 'Links by how often they were followed.',
    absentActions: ['export'],
    properties: [
      whole('ClickedCount', 'How often it was followed.', (row) => row.clicked_events),
      whole('LinkId', 'Of the link.', (row) => row.id),
      words('Url', 'Where the link leads.', (row) => row.url),
    ],
    filters: { CampaignID: 'integer' },
    sort: { ClickedCount: true },
    unknownId: 'empty',
    select: topLinks,
    count: countLinks,
  }),
  defineResource<Agent>({
    name: 'useragentstatistics',
    description: 'Opens and clicks by user agent.',
    properties: [
      whole('Count', 'Opens and clicks.', (row) => row.count),
      whole('DistinctCount', 'Messages opened or clicked.', (row) => row.distinct),
      words('Platform', 'Operating system, or Webmail.', (row) => row.platform),
      words('UserAgent', 'Program.', (row) => row.name),
    ],
    filters: { CampaignID: 'integer', Event: 'text', Platform: 'text', ExcludePlatform: 'text' },
    sort: { Count: true },
    unknownId: 'empty',
    select: async (query, { limit, offset }) => (await agents(query)).slice(offset, offset + limit),
    count: async (query) => (await agents(query)).length,
  }),
]
