/**
 * What became of the mail to each contact: altogether, in its own row, and by the list that it went to. Counted are
 * messages that were accepted since the contact is there, so that each is counted from its beginning or not at all.
 */
import { type Kysely, sql } from 'kysely'
import type { ContactId, DeliveryId, KeyId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { defineInsert, defineUpdate, type Storage, type Write } from '../storage/storage.ts'
import type { ContactCounts } from '../storage/tables/contacts.ts'

export const countNames = [
  'sent',
  'blocked',
  'soft_bounced',
  'hard_bounced',
  'deferred',
  'opened',
  'clicked',
  'unsubscribed',
  'complained',
] as const satisfies readonly (keyof ContactCounts)[]

/** The same numbers in the row of a contact. */
export const countColumns = {
  sent: 'delivered_count',
  blocked: 'blocked_count',
  soft_bounced: 'soft_bounced_count',
  hard_bounced: 'hard_bounced_count',
  deferred: 'deferred_count',
  opened: 'opened_count',
  clicked: 'clicked_count',
  unsubscribed: 'unsubscribed_count',
  complained: 'complained_count',
} as const satisfies Record<keyof ContactCounts, keyof Schema['contacts']>

export type CountChange = Partial<Record<keyof ContactCounts, number>>

/** Never below zero: what was counted before there were these counts may still move. */
export function afterChange(count: number, change: number | undefined): number {
  return Math.max(0, count + (change ?? 0))
}

export function isCounted(change: CountChange): boolean {
  return countNames.some((name) => change[name] !== undefined)
}

/** One change to one contact, by a message that went to a list. */
export type MemberChange = { contactId: ContactId; listId: number; at: Instant; change: CountChange }

const insertCounts = defineInsert('member_counts', ['contact_id', 'list_id', 'last_at', ...countNames])
const updateCounts = defineUpdate('member_counts', ['last_at', ...countNames], ['contact_id', 'list_id'])

/** New values of the counts by list. Nobody else writes these. */
export async function memberCountWrites(
  { db }: Pick<Storage, 'db'>,
  changes: readonly MemberChange[],
): Promise<Write[]> {
  if (changes.length === 0) return []
  const rows = await db
    .selectFrom('member_counts')
    .selectAll()
    .where('contact_id', 'in', [...new Set(changes.map(({ contactId }) => contactId))])
    .execute()
  const known = new Map(rows.map((row) => [nameOf(row), row]))
  const sums = new Map<string, Schema['member_counts']>()
  for (const { contactId, listId, at, change } of changes) {
    const place = { contact_id: contactId, list_id: listId }
    const name = nameOf(place)
    const sum = { ...(sums.get(name) ?? known.get(name) ?? { ...place, ...noCounts, last_at: 0 }) }
    for (const count of countNames) sum[count] = afterChange(sum[count], change[count])
    sums.set(name, { ...sum, last_at: Math.max(sum.last_at, at) })
  }
  return [...sums].map(([name, row]) => (known.has(name) ? updateCounts(row) : insertCounts(row)))
}

function nameOf({ contact_id, list_id }: Pick<Schema['member_counts'], 'contact_id' | 'list_id'>): string {
  return `${contact_id} ${list_id}`
}

const noCounts: ContactCounts = {
  sent: 0,
  blocked: 0,
  soft_bounced: 0,
  hard_bounced: 0,
  deferred: 0,
  opened: 0,
  clicked: 0,
  unsubscribed: 0,
  complained: 0,
}

export type Waiting = { acceptedAt: Instant; listId: number | null }

const inLowerCase = sql<string>`lower(deliveries.recipient)`

/** What waits for these addresses and is counted nowhere yet. */
export async function readWaiting(
  db: Kysely<Schema>,
  { keyId, emails }: { keyId: KeyId; emails: readonly string[] },
): Promise<ReadonlyMap<string, readonly Waiting[]>> {
  if (emails.length === 0) return new Map()
  const rows = await db
    .selectFrom('deliveries')
    .innerJoin('messages', 'messages.id', 'deliveries.message_id')
    .select([inLowerCase.as('recipient'), 'messages.accepted_at as acceptedAt', 'messages.options'])
    .where(inLowerCase, 'in', [...new Set(emails)])
    // The plus keeps a database from walking all deliveries of the key.
    .where(sql<boolean>`${sql.ref('deliveries.key_id')} + 0 = ${keyId}`)
    .where('deliveries.state', 'in', ['queued', 'held'])
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('stat_deliveries')
            .select(sql<DeliveryId>`1`.as('one'))
            .whereRef('stat_deliveries.delivery_id', '=', 'deliveries.id')
            .where('stat_deliveries.counted_as', '!=', ''),
        ),
      ),
    )
    .execute()
  return Map.groupBy(
    rows.map(({ recipient, acceptedAt, options }) => ({ recipient, acceptedAt, listId: listOf(options) })),
    ({ recipient }) => recipient,
  )
}

/**
 * The list that a message counts for: the one that its campaign went to, or that its sender named. Most messages name
 * none, and their options need not be read for that.
 */
export function listOf(options: string | null): number | null {
  if (options === null || !/istId"/.test(options)) return null
  const { listId, statisticsContactsListId } = JSON.parse(options) as Record<string, unknown>
  const list = listId ?? statisticsContactsListId
  return typeof list === 'number' && Number.isSafeInteger(list) && list > 0 ? list : null
}
