/** Links, user agents and countries of a key, of one campaign, or of what is chosen (reference/statistics.md §10). */
import { sql } from 'kysely'
import { readAgent } from '../../../../stats/agent.ts'
import { linkOf } from '../../../../stats/links.ts'
import { campaignsOf, readCounters } from '../../../../stats/read.ts'
import type { Schema } from '../../../../storage/schema.ts'
import { type AnyResource, defineResource } from '../../define-resource.ts'
import type { FilterKind, Page, Query } from '../../resource.ts'
import { commonConditions, commonFilters } from '../message-conditions.ts'
import { selectVisits } from './select-visits.ts'
import { startOf, whole, words } from './shape.ts'

const filters = {
  ...commonFilters,
  Contact: 'integer',
  ContactID: 'integer',
  Message: 'integer',
  MessageID: 'integer',
} as const satisfies Record<string, FilterKind>

/**
 * Where the counts are: they are kept for the key and for each campaign, altogether. Whatever else is asked for is
 * counted among the visits themselves, as long as those are kept. Undefined: a campaign that is none of this key's.
 */
async function sourceOf(query: Query) {
  const { db, keyId, filters, parts } = query
  await parts.statistics.fresh()
  const id = filters.integer('CampaignID')
  const name = filters.text('CustomCampaign')
  const ofCampaign = [id, name].filter((value) => value !== undefined).length
  const narrower = [
    startOf(query),
    filters.time('ToTS'),
    filters.integer('Message'),
    filters.integer('MessageID'),
  ]
  if (commonConditions(query).length > ofCampaign || narrower.some((value) => value !== undefined)) {
    return { kind: 'visits' } as const
  }
  if (ofCampaign === 0) return { kind: 'key', id: keyId as number } as const
  const [found] = await campaignsOf(db, keyId, {
    ...(id !== undefined && { ids: [id] }),
    ...(name !== undefined && { name }),
  })
  return found === undefined ? undefined : ({ kind: 'campaign', id: found.id as number } as const)
}

function visitsIn(query: Query, kinds: readonly ('open' | 'click')[]) {
  const from = startOf(query)
  const to = query.filters.time('ToTS')
  return selectVisits(query, {
    kinds,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  })
}

const isFirst = sql<boolean>`visits.id = (SELECT MIN(first.id) FROM visits AS first
  WHERE first.delivery_id = visits.delivery_id AND first.kind = visits.kind AND first.machine IS NULL)`

type Sums = { opens: number; opened: number; clicks: number; clicked: number }

/** A message counts where it was opened, or a link of it followed, for the first time. */
async function details(query: Query, what: 'agent' | 'country'): Promise<(Sums & { detail: string })[]> {
  const source = await sourceOf(query)
  if (source === undefined) return []
  if (source.kind !== 'visits') {
    return readCounters(query.db, { source: `${source.kind}-${what}`, sourceIds: [source.id] })
  }
  const number = (condition: ReturnType<typeof sql<boolean>>) =>
    sql<number | string | bigint>`SUM(CASE WHEN ${condition} THEN 1 ELSE 0 END)`
  const column = `visits.${what}` as const
  const rows = await visitsIn(query, ['open', 'click'])
    .select([
      `${column} as detail`,
      number(sql`visits.kind = 'open'`).as('opens'),
      number(sql`visits.kind = 'open' AND ${isFirst}`).as('opened'),
      number(sql`visits.kind = 'click'`).as('clicks'),
      number(sql`visits.kind = 'click' AND ${isFirst}`).as('clicked'),
    ])
    .where(column, '!=', '')
    .groupBy(column)
    .execute()
  const sums = new Map<string, Sums>()
  for (const row of rows) {
    const { platform, name } = readAgent(row.detail)
    const detail = what === 'agent' ? `${platform}\t${name}` : row.detail
    const before = sums.get(detail) ?? { opens: 0, opened: 0, clicks: 0, clicked: 0 }
    sums.set(detail, {
      opens: before.opens + Number(row.opens),
      opened: before.opened + Number(row.opened),
      clicks: before.clicks + Number(row.clicks),
      clicked: before.clicked + Number(row.clicked),
    })
  }
  return [...sums]
    .map(([detail, sum]) => ({ detail, ...sum }))
    .toSorted((a, b) => (a.detail < b.detail ? -1 : 1))
}

type Link = Pick<Schema['stat_links'], 'id' | 'url' | 'clicked_events'>

async function countLinks(query: Query): Promise<number> {
  const source = await sourceOf(query)
  if (source === undefined) return 0
  if (source.kind === 'visits') return (await linksOfVisits(query)).length
  const row = await query.db
    .selectFrom('stat_links')
    .select(({ fn }) => fn.countAll<number | string | bigint>().as('count'))
    .where('source', '=', source.kind)
    .where('source_id', '=', source.id)
    .executeTakeFirst()
  return Number(row?.count ?? 0)
}

async function topLinks(query: Query, { limit, offset, sort: [first] }: Page): Promise<Link[]> {
  const source = await sourceOf(query)
  if (source === undefined) return []
  const isById = first?.property === 'ID'
  if (source.kind === 'visits') {
    const links = await linksOfVisits(query)
    return (isById ? links.toSorted((a, b) => a.id - b.id) : links).slice(offset, offset + limit)
  }
  let links = query.db
    .selectFrom('stat_links')
    .select(['id', 'url', 'clicked_events'])
    .where('source', '=', source.kind)
    .where('source_id', '=', source.id)
  if (!isById) links = links.orderBy('clicked_events', 'desc')
  return links.orderBy('id').limit(limit).offset(offset).execute()
}

/** Those followed most first, with the numbers that they have among the counts of the key. */
async function linksOfVisits(query: Query): Promise<Link[]> {
  const rows = await visitsIn(query, ['click'])
    .select(({ fn }) => [
      'visits.url',
      'visits.position',
      fn.countAll<number | string | bigint>().as('clicks'),
    ])
    .groupBy(['visits.url', 'visits.position'])
    .orderBy('clicks', 'desc')
    .orderBy('visits.url')
    .orderBy('visits.position')
    .limit(mostLinks)
    .execute()
  const known = await query.db
    .selectFrom('stat_links')
    .select(['id', 'link'])
    .where('source', '=', 'key')
    .where('source_id', '=', query.keyId)
    .where('link', 'in', [...rows.map(linkOf), ''])
    .execute()
  const ids = new Map(known.map(({ id, link }) => [link, id]))
  return rows.map((row) => ({
    id: ids.get(linkOf(row)) ?? 0,
    url: row.url,
    clicked_events: Number(row.clicks),
  }))
}

/** More than anybody looks at, and than fits into a question to the database. */
const mostLinks = 1_000

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

async function countries(query: Query): Promise<(Sums & { detail: string })[]> {
  const rows = await details(query, 'country')
  const country = query.uniqueKey?.[0]?.toUpperCase()
  return country === undefined ? rows : rows.filter(({ detail }) => detail === country)
}

export const topLists: readonly AnyResource[] = [
  defineResource<Sums & { detail: string }>({
    name: 'geostatistics',
    description: 'Messages opened and clicked, by country.',
    uniqueKey: ['Country'],
    properties: [
      whole('ClickedCount', 'Messages with a click.', (row) => row.clicked),
      words('Country', 'Two letters.', (row) => row.detail),
      whole('OpenedCount', 'Messages opened.', (row) => row.opened),
    ],
    filters,
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
    filters,
    sort: { ClickedCount: true, ID: false },
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
    filters: { ...filters, Event: 'text', Platform: 'text', ExcludePlatform: 'text' },
    sort: { Count: true },
    unknownId: 'empty',
    select: async (query, { limit, offset }) => (await agents(query)).slice(offset, offset + limit),
    count: async (query) => (await agents(query)).length,
  }),
]
