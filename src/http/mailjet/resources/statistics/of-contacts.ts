/** `contactstatistics` and `listrecipientstatistics` (reference/statistics.md §9). */
import { type KnownValue, valuesOf } from '../../../../contacts/read-values.ts'
import { formatValue } from '../../../../contacts/values.ts'
import type { ContactId, ContactListId, MemberId } from '../../../../mail/ids.ts'
import { noMetrics } from '../../../../stats/metrics.ts'
import {
  type ContactStatisticsFilters,
  type CountsOfContact,
  contactStatistics,
  countContactStatistics,
} from '../../../../stats/of-contacts.ts'
import {
  countMemberStatistics,
  type MemberStatisticsFilters,
  memberStatistics,
} from '../../../../stats/of-members.ts'
import { type AnyResource, defineResource } from '../../define-resource.ts'
import type { Page, Query } from '../../resource.ts'
import { contactInPath } from '../contact.ts'
import { countFilters, readCountFilters, sortBy } from './count-filters.ts'
import { type Counts, countProperties, moment, whole } from './shape.ts'

type OfContact = { id: ContactId; counts: Counts }
type OfMember = { id: MemberId; counts: Counts; values: readonly KnownValue[] }

function countsOf({ queued, lastAt, ...numbers }: CountsOfContact): Counts {
  const { sent, blocked, soft_bounced: soft, hard_bounced: hard, deferred } = numbers
  const processed = queued + sent + blocked + soft + hard + deferred
  return { ...noMetrics(), ...numbers, processed, last_at: lastAt }
}

function whichContacts(query: Query): ContactStatisticsFilters {
  return { keyId: query.keyId, ...contactInPath(query), ...readCountFilters(query) }
}

async function ofContacts(query: Query, page: Page): Promise<OfContact[]> {
  await query.parts.statistics.fresh()
  const sort = sortBy(page, { ProcessedCount: 'processed' } as const, 'id')
  const rows = await contactStatistics(query.db, whichContacts(query), { ...page, sort })
  return rows.map(({ id, counts }) => ({ id, counts: countsOf(counts) }))
}

function whichMembers(query: Query): MemberStatisticsFilters {
  const { keyId, filters, id } = query
  const listId = filters.integer('ContactsList')
  const contactId = filters.integer('Contact')
  const isUnsubscribed = filters.boolean('IsUnsubscribed')
  const isExcluded = filters.boolean('IsExcludedFromCampaigns')
  const unsubscribedFrom = filters.time('MinUnsubscribedAt')
  const unsubscribedTo = filters.time('MaxUnsubscribedAt')
  return {
    keyId,
    ...readCountFilters(query),
    ...(id !== undefined && { id: id as MemberId }),
    ...(listId !== undefined && { listId: listId as ContactListId }),
    ...(contactId !== undefined && { contactId: contactId as ContactId }),
    ...(isUnsubscribed !== undefined && { isUnsubscribed }),
    ...(isExcluded !== undefined && { isExcluded }),
    ...(unsubscribedFrom !== undefined && { unsubscribedFrom }),
    ...(unsubscribedTo !== undefined && { unsubscribedTo }),
  }
}

const memberSorts = { ProcessedCount: 'processed', Email: 'email' } as const

async function ofMembers(query: Query, page: Page): Promise<OfMember[]> {
  const { db, keyId, filters, parts } = query
  // Whoever is in a list is active.
  if (filters.boolean('IsActive') === false) return []
  await parts.statistics.fresh()
  const rows = await memberStatistics(db, whichMembers(query), {
    ...page,
    sort: sortBy(page, memberSorts, 'id'),
  })
  const contactIds = filters.boolean('ShowExtraData') ? rows.map((row) => row.contactId) : []
  const values = await valuesOf(db, { keyId, contactIds: [...new Set(contactIds)] })
  return rows.map(({ id, contactId, counts }) => ({
    id,
    counts: countsOf(counts),
    values: values.get(contactId) ?? [],
  }))
}

const contact = countProperties<OfContact>()
const member = countProperties<OfMember>()

export const statisticsOfContacts: readonly AnyResource[] = [
  defineResource<OfContact>({
    name: 'contactstatistics',
    description: 'Totals of contacts: the messages accepted since the contact is there.',
    absentActions: ['export'],
    uniqueKey: ['Email'],
    properties: [
      contact.blocked,
      contact.bounced,
      contact.clicked,
      whole('ContactID', 'Contact concerned.', (row) => row.id),
      contact.deferred,
      contact.delivered,
      contact.hard,
      moment('LastActivityAt', 'Last mail, open, click or unsubscription.', ({ counts }) => counts.last_at),
      whole('MarketingContacts', 'Always 0.', () => 0),
      contact.opened,
      contact.preQueued,
      contact.processed,
      contact.queued,
      contact.soft,
      contact.spam,
      contact.unsubscribed,
      whole('UserMarketingContacts', 'Always 0.', () => 0),
      contact.workflow,
    ],
    filters: countFilters,
    sort: { ID: false, ProcessedCount: true },
    unknownId: 'not-found',
    select: ofContacts,
    count: (query) => countContactStatistics(query.db, whichContacts(query)),
  }),
  defineResource<OfMember>({
    name: 'listrecipientstatistics',
    description: 'Totals of members of lists: the messages that went to the list.',
    absentActions: ['export'],
    properties: [
      member.blocked,
      member.bounced,
      member.clicked,
      {
        name: 'Data',
        type: 'list',
        description: 'Names and values of the properties of the contact; shown with ShowExtraData=true.',
        value: ({ values }, filters) =>
          filters.boolean('ShowExtraData')
            ? values.map(({ property, value }) => ({
                Name: property.name,
                Value: formatValue(property.type, value),
              }))
            : undefined,
      },
      member.deferred,
      member.delivered,
      member.hard,
      member.lastActivity,
      whole('ListRecipientID', 'Membership concerned.', (row) => row.id),
      member.opened,
      member.preQueued,
      member.processed,
      member.queued,
      member.soft,
      member.spam,
      member.unsubscribed,
      member.workflow,
    ],
    filters: {
      ...countFilters,
      Contact: 'integer',
      ContactsList: 'integer',
      IsActive: 'boolean',
      IsExcludedFromCampaigns: 'boolean',
      IsUnsubscribed: 'boolean',
      MinUnsubscribedAt: 'time',
      MaxUnsubscribedAt: 'time',
      ShowExtraData: 'boolean',
    },
    sort: { ID: false, ProcessedCount: true, Email: true },
    unknownId: 'not-found',
    select: ofMembers,
    count: async (query) =>
      query.filters.boolean('IsActive') === false ? 0 : countMemberStatistics(query.db, whichMembers(query)),
  }),
]
