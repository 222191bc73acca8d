/** Sign-ups as rows: listed, and forgotten when nobody has confirmed them. */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { ContactId, ContactListId, KeyId, SignupId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'

export type SignupRow = Omit<Schema['contact_signups'], 'token_hash' | 'details'>

export type SignupFilters = {
  keyId: KeyId
  id?: SignupId
  listId?: ContactListId
  contactId?: ContactId
  email?: string
  /** What stands before and behind the `@`, in any letter case. */
  localPart?: string
  domain?: string
  source?: string
  sourceId?: number
  address?: string
  signedUp?: { from?: Instant; to?: Instant }
  confirmed?: { from?: Instant; to?: Instant }
}

export async function listSignups(
  db: Kysely<Schema>,
  filters: SignupFilters,
  { limit, offset }: { limit: number; offset: number },
): Promise<SignupRow[]> {
  return filtered(db, filters)
    .select([
      ...(['id', 'key_id', 'list_id', 'contact_id', 'email', 'source', 'source_id'] as const),
      ...(['signed_up_at', 'signed_up_from', 'expires_at', 'confirmed_at', 'confirmed_from'] as const),
    ])
    .orderBy('id')
    .limit(limit)
    .offset(offset)
    .execute()
}

export async function countSignups(db: Kysely<Schema>, filters: SignupFilters): Promise<number> {
  const { count } = await filtered(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

function filtered(db: Kysely<Schema>, filters: SignupFilters) {
  let query = db.selectFrom('contact_signups').where('key_id', '=', filters.keyId)
  const { id, listId, contactId, email, localPart, domain, source, sourceId, address } = filters
  if (id !== undefined) query = query.where('id', '=', id)
  if (listId !== undefined) query = query.where('list_id', '=', listId)
  if (contactId !== undefined) query = query.where('contact_id', '=', contactId)
  if (email !== undefined) query = query.where('email', '=', email)
  if (localPart !== undefined) query = query.where(isLike(`${escaped(localPart)}@%`))
  if (domain !== undefined) query = query.where(isLike(`%@${escaped(domain)}`))
  if (source !== undefined) query = query.where('source', '=', source)
  if (sourceId !== undefined) query = query.where('source_id', '=', sourceId)
  if (address !== undefined) query = query.where('signed_up_from', '=', address)
  const spans = [
    ['signed_up_at', filters.signedUp],
    ['confirmed_at', filters.confirmed],
  ] as const
  for (const [column, span] of spans) {
    if (span?.from !== undefined) query = query.where(column, '>=', span.from)
    if (span?.to !== undefined) query = query.where(column, '<=', span.to)
  }
  return query
}

function isLike(pattern: string): RawBuilder<boolean> {
  return sql`${sql.ref('email')} LIKE ${pattern} ESCAPE '\\'`
}

/** Addresses are kept in lower case. */
function escaped(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[\\%_]/g, '\\$&')
}

const keptMs = 30 * 86_400_000

/** Those whose link ended a month ago. A confirmed one is kept: it proves that the person wanted it. */
export async function forgetOldSignups({ db }: Pick<Storage, 'db'>, now: Instant): Promise<void> {
  await db
    .deleteFrom('contact_signups')
    .where('confirmed_at', 'is', null)
    .where('expires_at', '<', now - keptMs)
    .execute()
}
