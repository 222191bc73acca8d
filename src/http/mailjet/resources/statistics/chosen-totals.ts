/** `messagestatistics` and `openstatistics`: totals of the key, of campaigns and of times (reference/statistics.md §9). */
import { sql } from 'kysely'
import { readChosenTotals } from '../../../../stats/chosen.ts'
import { type AnyResource, defineResource } from '../../define-resource.ts'
import type { FilterKind, Page, Query } from '../../resource.ts'
import { badRequest } from '../../rest-errors.ts'
import { campaignChoice, campaignFilters } from '../message-conditions.ts'
import { type Counts, countProperties, startOf, whole } from './shape.ts'

type Chosen = { counts: Counts; ofMailings: number }

/** Nothing is counted by these; they are refused, lest the whole is taken for a part. */
const notCounted = {
  ContactEmail: 'text',
  ContactID: 'text',
  ContactListID: 'text',
  ContactsList: 'text',
  ContactsListID: 'text',
  From: 'text',
  FromDomain: 'text',
  FromID: 'text',
  MessageStatus: 'text',
} as const satisfies Record<string, FilterKind>

const filters = {
  ...campaignFilters,
  ...notCounted,
  FromTS: 'time',
  Period: 'text',
  ToTS: 'time',
} as const satisfies Record<string, FilterKind>

async function chosen(query: Query): Promise<Chosen[]> {
  const { db, keyId, now, filters, parts } = query
  const refused = Object.keys(notCounted).filter((name) => filters.text(name) !== undefined)
  if (refused.length > 0) {
    throw badRequest(
      'Invalid filter',
      `These totals are kept of the API key and of its campaigns: they cannot be told by ${refused.join(', ')}`,
    )
  }
  await parts.statistics.fresh()
  const from = startOf(query)
  const to = filters.time('ToTS')
  const id = filters.integer('CampaignID')
  const choices = [
    ...campaignChoice(filters),
    ...(id === undefined ? [] : [{ such: sql<boolean>`campaigns.id = ${id}`, isWithoutToo: false }]),
  ]
  const { ofMailings, ...counts } = await readChosenTotals(db, {
    keyId,
    now,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ofCampaigns: choices.map(({ such }) => such),
    withoutCampaign: choices.every(({ isWithoutToo }) => isWithoutToo),
  })
  return [{ counts: { ...counts, last_at: null }, ofMailings }]
}

const total = countProperties<Chosen>()

const one = {
  sort: { ID: false },
  unknownId: 'empty',
  select: async (query: Query, { offset }: Page) => (offset > 0 ? [] : chosen(query)),
  count: async () => 1,
} as const

function share(part: number, all: number): number {
  return all === 0 ? 0 : part / all
}

export const chosenTotals: readonly AnyResource[] = [
  defineResource<Chosen>({
    name: 'messagestatistics',
    description: 'Averages and totals of the API key, or of some of its campaigns, in a time.',
    properties: [
      {
        name: 'AverageClickDelay',
        type: 'number',
        description: 'Seconds between open and first click.',
        value: ({ counts }) => share(counts.click_delay, counts.clicked),
      },
      {
        name: 'AverageClickedCount',
        type: 'number',
        description: 'Clicks of a clicked message.',
        value: ({ counts }) => share(counts.clicks, counts.clicked),
      },
      {
        name: 'AverageOpenDelay',
        type: 'number',
        description: 'Seconds between sending and first open.',
        value: ({ counts }) => share(counts.open_delay, counts.opened),
      },
      {
        name: 'AverageOpenedCount',
        type: 'number',
        description: 'Opens of an opened message.',
        value: ({ counts }) => share(counts.opens, counts.opened),
      },
      total.blocked,
      total.bounced,
      whole('CampaignCount', 'Messages of campaigns to lists.', (row) => row.ofMailings),
      total.clicked,
      total.deferred,
      total.delivered,
      total.hard,
      total.opened,
      total.processed,
      total.queued,
      total.soft,
      total.spam,
      {
        name: 'TotalClicksCount',
        type: 'integer',
        description: 'Clicks; counted with ProcessTotalClicksCount=true.',
        value: ({ counts }, filters) => (filters.boolean('ProcessTotalClicksCount') ? counts.clicks : 0),
      },
      {
        name: 'TotalOpensCount',
        type: 'integer',
        description: 'Opens; counted with ProcessTotalOpensCount=true.',
        value: ({ counts }, filters) => (filters.boolean('ProcessTotalOpensCount') ? counts.opens : 0),
      },
      whole(
        'TransactionalCount',
        'All other messages.',
        ({ counts, ofMailings }) => counts.processed - ofMailings,
      ),
      total.unsubscribed,
    ],
    filters: {
      ...filters,
      ProcessTotalClicksCount: 'boolean',
      ProcessTotalOpensCount: 'boolean',
    },
    ...one,
  }),
  defineResource<Chosen>({
    name: 'openstatistics',
    description: 'Opens of the API key, or of some of its campaigns, in a time.',
    properties: [
      total.opened,
      whole(
        'OpenedDelay',
        'Seconds between sending and first open, summed.',
        ({ counts }) => counts.open_delay,
      ),
      total.processed,
    ],
    filters,
    ...one,
  }),
]
