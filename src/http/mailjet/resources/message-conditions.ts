/**
 * The filters that messages and their statistics share, as conditions on `messages`, `deliveries` and
 * `stat_deliveries` (reference/statistics.md §1). A filter that is named twice in the list of facts (`Campaign`,
 * `CampaignID`) may be given by either name.
 */
import { type RawBuilder, sql } from 'kysely'
import { contactEmail } from '../../../contacts/contacts.ts'
import { isOfSender } from '../../../stats/sender-of.ts'
import {
  classesOfState,
  hardClasses,
  listedClasses,
  messageStates,
  otherState,
  statusWords,
} from '../reasons.ts'
import type { FilterKind, Filters, Query } from '../resource.ts'

export type Condition = RawBuilder<boolean>

export const campaignFilters = {
  CampaignID: 'integer',
  CampaignStatus: 'integer',
  CustomCampaign: 'text',
  FromType: 'integer',
  IsDeleted: 'boolean',
  IsNewsletterTool: 'boolean',
  IsStarred: 'boolean',
} as const satisfies Record<string, FilterKind>

/** What all of them take, but for the times, which each reads in its own way. */
export const commonFilters = {
  ...campaignFilters,
  ContactsList: 'integer',
  ContactsListID: 'integer',
  From: 'text',
  FromDomain: 'text',
  FromID: 'integer',
  FromTS: 'time',
  MessageStatus: 'list',
  Period: 'text',
  ToTS: 'time',
} as const satisfies Record<string, FilterKind>

/** The first that is given of several names for one thing. */
function integerOf(filters: Filters, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = filters.integer(name)
    if (value !== undefined) return value
  }
  return undefined
}

const noRow: Condition = sql`1 = 0`

/** Names that the resource does not declare read as not given. `campaignId`: where it is known without the message. */
export function commonConditions(
  { keyId, filters }: Pick<Query, 'keyId' | 'filters'>,
  campaignId = sql<number | null>`messages.campaign_id`,
): Condition[] {
  const conditions = campaignConditions({ keyId, filters, campaignId })
  const listId = integerOf(filters, 'ContactsListID', 'ContactsList')
  if (listId !== undefined) conditions.push(ofList(listId, keyId))
  const from = filters.text('From')
  if (from !== undefined) conditions.push(sql`lower(${author}) = lower(${contactEmail(from) ?? from})`)
  const domain = filters.text('FromDomain')
  if (domain !== undefined) {
    const pattern = `%@${domain.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}`
    conditions.push(sql`${author} LIKE ${pattern} ESCAPE '\\'`)
  }
  const senderId = integerOf(filters, 'FromID', 'SenderID', 'Sender')
  if (senderId !== undefined) conditions.push(isOfSender(author, { keyId, senderId }))
  const contactId = integerOf(filters, 'ContactID', 'Contact')
  if (contactId !== undefined) {
    conditions.push(
      sql`lower(${recipient}) = (SELECT lower(email) FROM contacts WHERE id = ${contactId} AND key_id = ${keyId})`,
    )
  }
  const contact = filters.text('ContactAlt')
  if (contact !== undefined) {
    conditions.push(sql`lower(${recipient}) = lower(${contactEmail(contact) ?? contact})`)
  }
  const statuses = filters.list('MessageStatus')
  if (statuses !== undefined && statuses.length > 0) {
    conditions.push(sql`(${sql.join(statuses.map(ofStatus), sql` OR `)})`)
  }
  return conditions
}

const author = sql<string>`messages.from_address`
const recipient = sql<string>`deliveries.recipient`

function campaignConditions({
  keyId,
  filters,
  campaignId,
}: Pick<Query, 'keyId' | 'filters'> & { campaignId: RawBuilder<number | null> }): Condition[] {
  const id = integerOf(filters, 'CampaignID', 'Campaign')
  const conditions = campaignChoice(filters).map(({ such, isWithoutToo }): Condition => {
    const own: Condition = sql`${campaignId} IN (SELECT id FROM campaigns WHERE key_id = ${keyId} AND ${such})`
    return isWithoutToo ? sql`(${campaignId} IS NULL OR ${own})` : own
  })
  return id === undefined ? conditions : [sql`${campaignId} = ${id}`, ...conditions]
}

type CampaignChoice = {
  /** Of a row of `campaigns`. */
  such: Condition
  /** Mail of no campaign is chosen as well. */
  isWithoutToo: boolean
}

/**
 * Which campaigns are chosen, but for `CampaignID`. Marketing is what went out as a campaign to a list; all other mail is
 * transactional, with a name or without.
 */
export function campaignChoice(filters: Filters): CampaignChoice[] {
  const choices: CampaignChoice[] = []
  const whether = (is: boolean | undefined, such: Condition) => {
    if (is === undefined) return
    choices.push(is ? { such, isWithoutToo: false } : { such: sql`NOT ${such}`, isWithoutToo: true })
  }
  const name = filters.text('CustomCampaign')
  if (name !== undefined) whether(true, sql`campaigns.name = ${name}`)
  // All campaigns have the same status.
  const status = filters.integer('CampaignStatus')
  if (status !== undefined) whether(true, status === 0 ? sql`1 = 1` : noRow)
  const isMailing = sql<boolean>`(campaigns.mailing_id IS NOT NULL)`
  const type = filters.integer('FromType')
  if (type !== undefined) whether(type !== 1, type === 1 || type === 2 ? isMailing : noRow)
  whether(filters.boolean('IsNewsletterTool'), isMailing)
  // The star of a mailing is the same one, and is given there.
  const star = sql`SELECT mailings.is_starred FROM mailings WHERE mailings.id = campaigns.mailing_id`
  whether(filters.boolean('IsStarred'), sql`(coalesce((${star}), campaigns.is_starred) = 1)`)
  whether(filters.boolean('IsDeleted'), sql`(campaigns.deleted_at IS NOT NULL)`)
  return choices
}

/**
 * The list that a message counts for, as contacts/counts.ts reads it out of its options. An unescaped quote before the
 * colon stands in no value, so that what is found is the name of an option.
 */
function ofList(listId: number, keyId: number): Condition {
  const has = (name: string): Condition => {
    const option = `%"${name}":${listId}`
    return sql`(messages.options LIKE ${`${option},%`} OR messages.options LIKE ${`${option}}%`})`
  }
  return sql`(${has('listId')}
    OR ${has('statisticsContactsListId')} AND messages.options NOT LIKE ${'%"listId":%'})
    AND EXISTS (SELECT 1 FROM contact_lists WHERE id = ${listId} AND key_id = ${keyId})`
}

const readings = [
  ['spam', sql`stat_deliveries.complained_at`],
  ['unsub', sql`stat_deliveries.unsubscribed_at`],
  ['clicked', sql`stat_deliveries.clicked_at`],
  ['opened', sql`stat_deliveries.opened_at`],
] as const

function ofStatus(status: string): Condition {
  const word = wordOf(status)
  switch (word) {
    case 'queued':
      return sql`deliveries.state IN ('queued', 'held')`
    case 'sent':
    case 'opened':
    case 'clicked':
    case 'unsub':
    case 'spam': {
      // The most advanced of them counts (`statusOf`): that one is reached, and none before it.
      const found = readings.findIndex(([name]) => name === word)
      const end = found === -1 ? readings.length : found
      return sql`(${sql.join(
        [
          sql`deliveries.state = 'delivered'`,
          ...readings.slice(0, end).map(([, at]) => sql`${at} IS NULL`),
          ...readings.slice(end, end + 1).map(([, at]) => sql`${at} IS NOT NULL`),
        ],
        sql` AND `,
      )})`
    }
    case 'deferred':
      return sql`deliveries.state = 'deferred'`
    case 'blocked':
      return sql`deliveries.state IN ('blocked', 'dropped')`
    case 'bounce':
      return sql`deliveries.state = 'failed'`
    case 'hardbounced':
      return sql`(deliveries.state = 'failed' AND deliveries.class IN (${sql.join(hardClasses)}))`
    case 'softbounced':
      return sql`(deliveries.state = 'failed' AND deliveries.class NOT IN (${sql.join(hardClasses)}))`
    default:
      // No status of messages.
      return noRow
  }
}

/** Numbers and words are both in use. */
function wordOf(status: string): string | undefined {
  return /^\d+$/.test(status) ? statusWords[Number(status)] : statusWords.find((word) => word === status)
}

/** What messages show as `StateID`. */
export function ofState(stateId: number): Condition {
  const listed = sql`deliveries.class IN (${sql.join([...classesOfState(stateId), ''])})`
  if (stateId !== otherState) return sql`(deliveries.state NOT IN ('delivered', 'dropped') AND ${listed})`
  const others = sql`(${listed} OR deliveries.class NOT IN (${sql.join(listedClasses)}))`
  return sql`(deliveries.state = 'dropped' OR (deliveries.state <> 'delivered' AND ${others}))`
}

/** What `messagesentstatistics` shows as `BounceReason`, in any case. */
export function ofBounceReason(text: string): Condition {
  const state = messageStates.find((reason) => reason.state === text.trim().toLowerCase())
  return state === undefined ? noRow : sql`(deliveries.state = 'failed' AND ${ofState(state.stateId)})`
}

/** Nothing of ours has these numbers: 0 is what all rows show. */
export function isNothingOf(filters: Filters, ...names: string[]): Condition[] {
  return names.some((name) => (filters.integer(name) ?? 0) !== 0) ? [noRow] : []
}
