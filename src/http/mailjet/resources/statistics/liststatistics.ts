/** `/v3/REST/liststatistics` (reference/statistics.md §9). */
import type { ContactListId } from '../../../../mail/ids.ts'
import {
  countListStatistics,
  countMembersOf,
  type ListStatistics,
  type ListStatisticsFilters,
  listStatistics,
  type MembersOfList,
} from '../../../../stats/of-lists.ts'
import { defineResource } from '../../define-resource.ts'
import type { Page, Query } from '../../resource.ts'
import { countFilters, readCountFilters, sortBy } from './count-filters.ts'
import { countProperties, moment, whole, words, yes } from './shape.ts'

type Row = ListStatistics & { members: MembersOfList }

/** These cost a count of the members, and are 0 unless they are asked for. */
const calculated = {
  CalcActive: 'boolean',
  CalcActiveExcludedSubscriber: 'boolean',
  CalcActiveUnsub: 'boolean',
  CalcExcludedSubscriber: 'boolean',
} as const

function which(query: Query): ListStatisticsFilters {
  const { keyId, filters } = query
  const id = query.id ?? filters.integer('ContactsListID')
  const excludeId = filters.integer('ExcludeID')
  const address = filters.text('Address')
  const name = filters.text('Name')
  const part = filters.text('NameLike')
  const partInAnyCase = filters.text('NameLikeCI')
  const nameInAnyCase = filters.text('NameCI')
  const isDeleted = filters.boolean('IsDeleted')
  return {
    keyId,
    ...readCountFilters(query),
    ...(id !== undefined && { id: id as ContactListId }),
    ...(excludeId !== undefined && { excludeId: excludeId as ContactListId }),
    ...(address !== undefined && { address }),
    ...(name !== undefined && { name }),
    ...(nameInAnyCase !== undefined && { nameInAnyCase }),
    ...(part !== undefined && { nameContains: part }),
    ...(partInAnyCase !== undefined && { nameContainsInAnyCase: partInAnyCase }),
    ...(isDeleted !== undefined && { isDeleted }),
  }
}

const sorts = { Name: 'name', ProcessedCount: 'processed', IsDeleted: 'isDeleted' } as const

async function select(query: Query, page: Page): Promise<Row[]> {
  const { db, filters, parts } = query
  await parts.statistics.fresh()
  const rows = await listStatistics(db, which(query), { ...page, sort: sortBy(page, sorts, 'id') })
  const isAsked = Object.keys(calculated).some((name) => filters.boolean(name))
  const members = await countMembersOf(db, isAsked ? rows.map(({ id }) => id) : [])
  return rows.map((row) => ({ ...row, members: members.get(row.id) ?? { unsubscribed: 0, excluded: 0 } }))
}

const list = countProperties<Row>()

export const listStatisticsResource = defineResource<Row>({
  name: 'liststatistics',
  description: 'Totals of contact lists: the messages that went to them.',
  properties: [
    {
      name: 'ActiveCount',
      type: 'integer',
      description: 'Members; counted with CalcActive=true.',
      value: (row, filters) => (filters.boolean('CalcActive') ? row.memberCount : 0),
    },
    {
      name: 'ActiveExcludedSubscriberCount',
      type: 'integer',
      description: 'Members excluded from campaigns; counted with CalcActiveExcludedSubscriber=true.',
      value: (row, filters) => (filters.boolean('CalcActiveExcludedSubscriber') ? row.members.excluded : 0),
    },
    {
      name: 'ActiveUnsubscribedCount',
      type: 'integer',
      description: 'Members who unsubscribed; counted with CalcActiveUnsub=true.',
      value: (row, filters) => (filters.boolean('CalcActiveUnsub') ? row.members.unsubscribed : 0),
    },
    words('Address', 'Random token that names the list.', (row) => row.address),
    list.blocked,
    list.bounced,
    list.clicked,
    moment('CreatedAt', 'When it was made.', (row) => row.createdAt),
    list.deferred,
    list.delivered,
    {
      name: 'ExcludedSubscriberCount',
      type: 'integer',
      description: 'Members excluded from campaigns; counted with CalcExcludedSubscriber=true.',
      value: (row, filters) => (filters.boolean('CalcExcludedSubscriber') ? row.members.excluded : 0),
    },
    list.hard,
    whole('ID', 'Number of the list.', (row) => row.id),
    yes('IsDeleted', 'Deleted.', (row) => row.deletedAt !== null),
    list.lastActivity,
    words('Name', 'Name.', (row) => row.name),
    list.opened,
    list.preQueued,
    list.processed,
    list.queued,
    list.soft,
    list.spam,
    whole(
      'SubscriberCount',
      'All members, unsubscribed and excluded ones included.',
      (row) => row.memberCount,
    ),
    list.unsubscribed,
    list.workflow,
  ],
  filters: {
    ...countFilters,
    ...calculated,
    Address: 'text',
    ContactsListID: 'integer',
    ExcludeID: 'integer',
    IsDeleted: 'boolean',
    Name: 'text',
    NameCI: 'text',
    NameLike: 'text',
    NameLikeCI: 'text',
  },
  sort: { ID: true, ProcessedCount: true, IsDeleted: true, Name: true },
  unknownId: 'not-found',
  select,
  count: (query) => countListStatistics(query.db, which(query)),
})
