/** How many a campaign would reach, and how many not and why: counted by the database. */
import { type Kysely, sql } from 'kysely'
import type { Schema } from '../storage/schema.ts'
import type { SuppressionReason } from '../storage/tables/suppressions.ts'
import { conditionOf, type Exclusion, type RecipientsQuery } from './recipients.ts'

/** As `Exclusion`, in one word. */
export type ExclusionWord =
  | Exclude<SuppressionReason, 'unsubscribe'>
  | Exclude<Exclusion['kind'], 'suppressed'>

export function exclusionWord(exclusion: Exclusion): ExclusionWord {
  if (exclusion.kind !== 'suppressed') return exclusion.kind
  return exclusion.reason === 'unsubscribe' ? 'excluded-from-campaigns' : exclusion.reason
}

export type RecipientCounts = {
  recipients: number
  excluded: Partial<Record<ExclusionWord, number>>
}

/** In the order in which `recipients.ts` looks for them. */
const word = sql<string>`CASE
  WHEN suppressions.reason IS NOT NULL AND suppressions.reason <> 'unsubscribe' THEN suppressions.reason
  WHEN suppressions.reason IS NOT NULL THEN 'excluded-from-campaigns'
  WHEN list_members.is_unsubscribed = 1 THEN 'unsubscribed'
  WHEN contacts.is_opt_in_pending = 1 THEN 'opt-in-pending'
  ELSE '' END`

/** Throws `Refused` when the segment cannot be understood. */
export async function countRecipients(db: Kysely<Schema>, query: RecipientsQuery): Promise<RecipientCounts> {
  const rows = await (await members(db, query))
    .select([word.as('word'), sql<number>`COUNT(*)`.as('count')])
    .groupBy(word)
    .execute()
  const excluded: RecipientCounts['excluded'] = {}
  let recipients = 0
  for (const { word: found, count } of rows) {
    if (found === '') recipients = Number(count)
    else excluded[found as ExclusionWord] = Number(count)
  }
  return { recipients, excluded }
}

/** Is there anybody whom it would reach? Looks no further than the first. */
export async function hasRecipients(db: Kysely<Schema>, query: RecipientsQuery): Promise<boolean> {
  const first = await (await members(db, query))
    .select('contacts.id')
    .where(sql<boolean>`${word} = ''`)
    .limit(1)
    .executeTakeFirst()
  return first !== undefined
}

/** Is anybody at all on the list, whether it would reach them or not? */
export async function hasMembers(
  db: Kysely<Schema>,
  { keyId, listId }: Pick<RecipientsQuery, 'keyId' | 'listId'>,
): Promise<boolean> {
  const first = await db
    .selectFrom('list_members')
    .innerJoin('contacts', 'contacts.id', 'list_members.contact_id')
    .select('contacts.id')
    .where('list_members.list_id', '=', listId)
    .where('contacts.key_id', '=', keyId)
    .where('contacts.erased_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return first !== undefined
}

async function members(db: Kysely<Schema>, query: RecipientsQuery) {
  const { keyId, listId } = query
  const condition = await conditionOf(db, query)
  const all = db
    .selectFrom('list_members')
    .innerJoin('contacts', 'contacts.id', 'list_members.contact_id')
    .leftJoin('suppressions', (join) =>
      join
        .onRef('suppressions.key_id', '=', 'contacts.key_id')
        .onRef('suppressions.address', '=', 'contacts.email'),
    )
    .where('list_members.list_id', '=', listId)
    .where('contacts.key_id', '=', keyId)
    .where('contacts.erased_at', 'is', null)
  return condition === undefined ? all : all.where(condition)
}
