/**
 * The list of messages, one entry for each recipient, newest first. It stays fast however many there are: ids grow with
 * time, so a page is a piece of the primary key; and where conditions are many, no call looks at more than a window of
 * rows, and says how far back it has looked.
 */
import { type Kysely, sql } from 'kysely'
import type { DeliveryId, KeyId } from '../mail/ids.ts'
import type { DeliveryState, Instant, Schema } from '../storage/schema.ts'

export type MessageFilter = {
  /** Part of an address or of the subject; or a whole recipient address, or an id. */
  search?: string
  state?: DeliveryState
  keyId?: KeyId
  /** Whole address in From. */
  from?: string
  /** Whole address of the recipient. */
  recipient?: string
  /** Domain of the recipient, A-label form. */
  domain?: string
  class?: string
  customId?: string
}

export type MessagePage = {
  messages: Awaited<ReturnType<typeof selectListed>>
  /** Value of `before` for the next page; null when this was the last. */
  next: number | null
  /** Where the window ended before the page was full: messages from here on were looked at. Milliseconds. */
  searchedBackTo: Instant | null
}

/** Rows that one call looks at. */
const windowRows = 20_000

export async function listMessages(
  db: Kysely<Schema>,
  {
    before,
    limit = 50,
    window = windowRows,
    ...filter
  }: MessageFilter & { before?: number; limit?: number; window?: number },
): Promise<MessagePage> {
  const floor = needsWindow(filter)
    ? await windowFloor(db, { before, keyId: filter.keyId, window })
    : undefined
  const messages = await selectListed(db, { filter, before, floor: floor?.id, limit })
  const isFull = messages.length === limit
  return {
    messages,
    next: isFull ? (messages.at(-1)?.id ?? null) : (floor?.id ?? null),
    searchedBackTo: isFull || floor === undefined ? null : floor.acceptedAt,
  }
}

/** Conditions that an index answers by itself need none. */
function needsWindow({
  search,
  state,
  from,
  domain,
  class: outcome,
  recipient,
  customId,
}: MessageFilter): boolean {
  if (recipient !== undefined || customId !== undefined) return false
  return [search, state, from, domain, outcome].some((one) => one !== undefined && one.trim() !== '')
}

/** The oldest row of the window; undefined when the window reaches back to the first message. */
async function windowFloor(
  db: Kysely<Schema>,
  { before, keyId, window }: { before: number | undefined; keyId: KeyId | undefined; window: number },
): Promise<{ id: number; acceptedAt: Instant } | undefined> {
  let ids = db
    .selectFrom('deliveries')
    .select('id')
    .orderBy('id', 'desc')
    .offset(window - 1)
    .limit(1)
  if (keyId !== undefined) ids = ids.where('key_id', '=', keyId)
  if (before !== undefined) ids = ids.where('id', '<', before as DeliveryId)
  const last = await ids.executeTakeFirst()
  if (last === undefined) return undefined
  const row = await db
    .selectFrom('deliveries')
    .innerJoin('messages', 'messages.id', 'deliveries.message_id')
    .select(['deliveries.id', 'messages.accepted_at as acceptedAt'])
    .where('deliveries.id', '=', last.id)
    .executeTakeFirst()
  return row
}

async function selectListed(
  db: Kysely<Schema>,
  {
    filter,
    before,
    floor,
    limit,
  }: { filter: MessageFilter; before: number | undefined; floor: number | undefined; limit: number },
) {
  const { search, state, keyId, from, recipient, domain, class: outcome, customId } = filter
  let query = db
    .selectFrom('deliveries')
    .innerJoin('messages', 'messages.id', 'deliveries.message_id')
    .select([
      'deliveries.id',
      'deliveries.message_id as messageId',
      'deliveries.key_id as keyId',
      'messages.accepted_at as acceptedAt',
      'messages.from_address as from',
      'deliveries.recipient',
      'messages.subject',
      'deliveries.state',
      'deliveries.class',
      'deliveries.attempts',
      'deliveries.next_attempt_at as nextAttemptAt',
    ])
  if (keyId !== undefined) query = query.where('deliveries.key_id', '=', keyId)
  if (state !== undefined) query = query.where('deliveries.state', '=', state)
  if (before !== undefined) query = query.where('deliveries.id', '<', before as DeliveryId)
  if (floor !== undefined) query = query.where('deliveries.id', '>=', floor as DeliveryId)
  if (outcome !== undefined) query = query.where('deliveries.class', '=', outcome)
  if (customId !== undefined) {
    // Read from messages_by_custom_id, which begins with the key.
    const named = db
      .selectFrom('messages as named')
      .select('named.id')
      .where('named.custom_id', '=', customId)
    const ofKeys =
      keyId === undefined
        ? named.where('named.key_id', 'in', db.selectFrom('api_keys').select('api_keys.id'))
        : named.where('named.key_id', '=', keyId)
    query = query.where('deliveries.message_id', 'in', ofKeys)
  }
  if (recipient !== undefined) {
    query = query.where(sql<string>`lower(deliveries.recipient)`, '=', recipient.trim().toLowerCase())
  }
  if (from !== undefined)
    query = query.where(sql`lower(messages.from_address)`, '=', from.trim().toLowerCase())
  if (domain !== undefined) {
    query = query.where(
      sql<boolean>`lower(deliveries.recipient) like ${`%@${escapeLike(domain)}`} escape '\\'`,
    )
  }
  if (search !== undefined && search.trim() !== '') {
    const text = search.trim().toLowerCase()
    const pattern = `%${escapeLike(text)}%`
    const id = /^\d{1,15}$/.test(text) ? Number(text) : -1
    query = query.where(
      sql<boolean>`(lower(deliveries.recipient) like ${pattern} escape '\\'
        or lower(messages.from_address) like ${pattern} escape '\\'
        or lower(messages.subject) like ${pattern} escape '\\'
        or deliveries.id = ${id} or deliveries.message_id = ${id})`,
    )
  }
  return query.orderBy('deliveries.id', 'desc').limit(limit).execute()
}

function escapeLike(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[\\%_]/g, '\\$&')
}
