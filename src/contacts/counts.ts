/**
 * What became of the mail to each contact, altogether and by the list that it went to. Counted are messages that were
 * accepted since the contact is there: so each is counted from its beginning or not at all.
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

export type CountChange = Partial<Record<keyof ContactCounts, number>>

/** Stands for all mail, whichever list it went to. */
export const noList = 0

const insertCounts = defineInsert('contact_counts', ['contact_id', 'list_id', 'last_at', ...countNames])
const updateCounts = defineUpdate('contact_counts', ['last_at', ...countNames], ['contact_id', 'list_id'])

/** One change to one contact. `listId`: of the list that the message went to, if any. */
export type ContactChange = { contactId: ContactId; listId: number | null; at: Instant; change: CountChange }

/** New values of the counts concerned. Nobody else writes these. */
export async function countWrites(
  { db }: Pick<Storage, 'db'>,
  changes: readonly ContactChange[],
): Promise<Write[]> {
  const all = changes.filter(({ change }) => countNames.some((name) => change[name] !== undefined))
  if (all.length === 0) return []
  const rows = await db
    .selectFrom('contact_counts')
    .selectAll()
    .where('contact_id', 'in', [...new Set(all.map(({ contactId }) => contactId))])
    .execute()
  const known = new Map(rows.map((row) => [nameOf(row), row]))
  const sums = new Map<string, Schema['contact_counts']>()
  for (const { contactId, listId, at, change } of all) {
    for (const list of listId === null ? [noList] : [noList, listId]) {
      const place = { contact_id: contactId, list_id: list }
      const name = nameOf(place)
      const before = sums.get(name) ?? known.get(name) ?? { ...place, ...noCounts, last_at: 0 }
      sums.set(name, { ...before, ...add(before, change), last_at: Math.max(before.last_at, at) })
    }
  }
  return [...sums].map(([name, row]) => (known.has(name) ? updateCounts(row) : insertCounts(row)))
}

function nameOf({ contact_id, list_id }: Pick<Schema['contact_counts'], 'contact_id' | 'list_id'>): string {
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

function add(counts: ContactCounts, change: CountChange): ContactCounts {
  const sum = { ...noCounts }
  // Never below zero: what was counted before there were these counts may still move.
  for (const name of countNames) sum[name] = Math.max(0, counts[name] + (change[name] ?? 0))
  return sum
}

/** `queued`: messages that wait for their first outcome. `lastAt`: of the latest event; null for none. */
export type CountsOfContact = ContactCounts & { queued: number; lastAt: Instant | null }

type Person = { contactId: ContactId; email: string; createdAt: Instant }

/**
 * For each of the people, in their order; of a list where one is named with the person. One query for all of what is
 * counted, one for what waits.
 */
export async function readContactCounts(
  db: Kysely<Schema>,
  { keyId, people }: { keyId: KeyId; people: readonly (Person & { listId?: number })[] },
): Promise<CountsOfContact[]> {
  if (people.length === 0) return []
  const rows = await db
    .selectFrom('contact_counts')
    .selectAll()
    .where('contact_id', 'in', [...new Set(people.map(({ contactId }) => contactId))])
    .execute()
  const known = new Map(rows.map((row) => [nameOf(row), row]))
  const waiting = await readWaiting(db, { keyId, emails: [...new Set(people.map(({ email }) => email))] })
  return people.map(({ contactId, email, createdAt, listId }) => {
    const row = known.get(nameOf({ contact_id: contactId, list_id: listId ?? noList }))
    const counts = { ...noCounts }
    for (const name of countNames) counts[name] = row?.[name] ?? 0
    const queued = (waiting.get(email) ?? []).filter(
      (one) => one.acceptedAt >= createdAt && (listId === undefined || one.listId === listId),
    ).length
    return { ...counts, queued, lastAt: row?.last_at ?? null }
  })
}

type Waiting = { acceptedAt: Instant; listId: number | null }

/**
 * What waits for these addresses and is counted nowhere yet. An address that a client wrote in capitals is found when
 * its message is settled: the index has addresses as they were written.
 */
async function readWaiting(
  db: Kysely<Schema>,
  { keyId, emails }: { keyId: KeyId; emails: readonly string[] },
): Promise<Map<string, Waiting[]>> {
  const rows = await db
    .selectFrom('deliveries')
    .innerJoin('messages', 'messages.id', 'deliveries.message_id')
    .select(['deliveries.recipient', 'messages.accepted_at as acceptedAt', 'messages.options'])
    .where('deliveries.recipient', 'in', emails)
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
  const waiting = new Map<string, Waiting[]>()
  for (const { recipient, acceptedAt, options } of rows) {
    const all = waiting.get(recipient) ?? []
    all.push({ acceptedAt, listId: listOf(options) })
    waiting.set(recipient, all)
  }
  return waiting
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
