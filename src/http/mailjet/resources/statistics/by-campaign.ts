/** `/v3/REST/statistics/link-click` and `/v3/REST/statistics/recipient-esp` (reference/statistics.md §7, §8). */
import { type CounterRow, campaignsOf, readCounters } from '../../../../stats/read.ts'
import type { Schema } from '../../../../storage/schema.ts'
import { defineResource } from '../../define-resource.ts'
import type { Property, Query } from '../../resource.ts'
import { badRequest } from '../../rest-errors.ts'
import { whole, words } from './shape.ts'

/** Undefined: none of this key's. */
async function campaignOf({ db, keyId, filters }: Query): Promise<number | undefined> {
  const id = filters.integer('CampaignID')
  if (id === undefined) throw badRequest('Invalid filter', 'CampaignID is missing')
  const [found] = await campaignsOf(db, keyId, { ids: [id] })
  return found?.id
}

type Link = Pick<Schema['stat_links'], 'url' | 'position' | 'clicked_messages' | 'clicked_events'>

async function links(query: Query, page?: { limit: number; offset: number }): Promise<Link[]> {
  await query.parts.statistics.fresh()
  const campaignId = await campaignOf(query)
  if (campaignId === undefined) return []
  let selection = query.db
    .selectFrom('stat_links')
    .select(['url', 'position', 'clicked_messages', 'clicked_events'])
    .where('source', '=', 'campaign')
    .where('source_id', '=', campaignId)
    .orderBy('clicked_events', 'desc')
    .orderBy('position')
    .orderBy('url')
  if (page !== undefined) selection = selection.limit(page.limit).offset(page.offset)
  return selection.execute()
}

export const linkClick = defineResource<Link>({
  name: 'statistics/link-click',
  description: 'Clicks by link of a campaign.',
  properties: [
    whole('ClickedEventsCount', 'How often it was followed.', (row) => row.clicked_events),
    whole('ClickedMessagesCount', 'Messages in which it was followed.', (row) => row.clicked_messages),
    whole('PositionIndex', 'Which link of the message it is, from 1.', (row) => row.position),
    words('URL', 'Where the link leads.', (row) => row.url),
  ],
  filters: { CampaignID: 'integer' },
  sort: { URL: false },
  unknownId: 'empty',
  select: links,
  count: async (query) => (await links(query)).length,
})

async function providers(query: Query): Promise<CounterRow[]> {
  await query.parts.statistics.fresh()
  const campaignId = await campaignOf(query)
  if (campaignId === undefined) return []
  const rows = await readCounters(query.db, { source: 'campaign-esp', sourceIds: [campaignId] })
  const wanted = query.filters.list('ESP_Name') ?? query.filters.list('EspNames')
  return wanted === undefined ? rows : rows.filter(({ detail }) => wanted.includes(detail.toLowerCase()))
}

/** Blocked ones were not attempted. */
function attempted({ sent, soft_bounced: soft, hard_bounced: hard, deferred }: CounterRow): number {
  return sent + soft + hard + deferred
}

function rate(
  name: string,
  description: string,
  of: (row: CounterRow) => readonly [part: number, whole: number],
): Property<CounterRow> {
  return {
    name,
    type: 'number',
    description,
    value(row) {
      const [part, all] = of(row)
      return all === 0 ? 0 : Math.round((part / all) * 10_000) / 10_000
    },
  }
}

export const recipientEsp = defineResource<CounterRow>({
  name: 'statistics/recipient-esp',
  description: 'Results of a campaign by mailbox provider.',
  properties: [
    whole('AttemptedMessagesCount', 'Messages tried.', attempted),
    rate('ClickThroughRate', 'Clicked of opened.', (row) => [row.clicked, row.opened]),
    whole('ClickedMessagesCount', 'Messages with a click.', (row) => row.clicked),
    whole('DeferredMessagesCount', 'Messages put off.', (row) => row.deferred),
    rate('DeferredRate', 'Put off, of tried.', (row) => [row.deferred, attempted(row)]),
    whole('DeliveredMessagesCount', 'Messages taken by their hosts.', (row) => row.sent),
    words('ESPName', 'Mailbox provider.', (row) => row.detail),
    whole('HardBouncedMessagesCount', 'Messages bounced for good.', (row) => row.hard_bounced),
    rate('HardBouncedRate', 'Bounced for good, of tried.', (row) => [row.hard_bounced, attempted(row)]),
    rate('OpenRate', 'Opened of tried.', (row) => [row.opened, attempted(row)]),
    whole('OpenedMessagesCount', 'Messages opened.', (row) => row.opened),
    whole('SoftBouncedMessagesCount', 'Messages bounced for now.', (row) => row.soft_bounced),
    rate('SoftBouncedRate', 'Bounced for now, of tried.', (row) => [row.soft_bounced, attempted(row)]),
    whole('SpamReportsCount', 'Messages complained about.', (row) => row.complained),
    rate('SpamReportsRate', 'Complained of delivered.', (row) => [row.complained, row.sent]),
    whole('UnsubscribedMessagesCount', 'Messages whose reader unsubscribed.', (row) => row.unsubscribed),
    rate('UnsubscribedRate', 'Unsubscribed of delivered.', (row) => [row.unsubscribed, row.sent]),
  ],
  filters: { CampaignID: 'integer', ESP_Name: 'list', EspNames: 'list' },
  sort: { ESPName: false },
  unknownId: 'empty',
  select: async (query, { limit, offset }) => (await providers(query)).slice(offset, offset + limit),
  count: async (query) => (await providers(query)).length,
})
