/** The list of addresses that an API key does not send to (reference: deliverability.md §9). */
import type { Kysely } from 'kysely'
import { type Address, normaliseAddress, parseAddress } from '../mail/address.ts'
import type { DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { defineDelete, defineEnsure, defineUpdate, type Storage, type Write } from '../storage/storage.ts'
import type { SuppressionReason } from '../storage/tables/suppressions.ts'

export const suppressionReasons = [
  'hard-bounce',
  'soft-bounces',
  'complaint',
  'unsubscribe',
  'manual',
  'import',
] as const satisfies readonly SuppressionReason[]

export type NewSuppression = {
  keyId: KeyId
  /** Any spelling of it. */
  address: string
  reason: SuppressionReason
  /** What told us, in words; 500 characters are kept. */
  origin: string
  messageId?: MessageId
  deliveryId?: DeliveryId
  at: Instant
}

export type Suppression = {
  address: string
  keyId: KeyId
  reason: SuppressionReason
  origin: string
  messageId: MessageId | null
  deliveryId: DeliveryId | null
  createdAt: Instant
  /** Whatever the reason now is: since when no mass mail was wanted. */
  optedOutAt: Instant | null
}

const ensureSuppression = defineEnsure('suppressions', [
  'key_id',
  'address',
  'reason',
  'origin',
  'message_id',
  'delivery_id',
  'created_at',
  'opted_out_at',
])
const replaceReason = defineUpdate(
  'suppressions',
  ['reason', 'origin', 'message_id', 'delivery_id', 'created_at'],
  ['key_id', 'address', 'reason'],
)
const markOptedOut = defineUpdate('suppressions', ['opted_out_at'], ['key_id', 'address'])
const deleteSuppression = defineDelete('suppressions', ['key_id', 'address'])
const deleteSoftBounces = defineDelete('soft_bounces', ['key_id', 'address'])

/**
 * Writes for the commit of whatever told us. An address that is on the list already stays as it is, unless it got there
 * by an unsubscription: that holds mass mail back, and what comes now holds all mail back. That the person opted out is
 * remembered beside either.
 */
export function suppress({ keyId, address, reason, origin, ...of }: NewSuppression): Write[] {
  const row = {
    key_id: keyId,
    address: normalised(address),
    reason,
    origin: origin.slice(0, 500),
    message_id: of.messageId ?? null,
    delivery_id: of.deliveryId ?? null,
    created_at: of.at,
    opted_out_at: reason === 'unsubscribe' ? of.at : null,
  }
  if (reason === 'unsubscribe') return [ensureSuppression(row), markOptedOut(row)]
  const { statement, values } = replaceReason(row)
  // The reason stands on both sides: it must be the weaker one, and becomes this one.
  return [{ statement, values: [...values.slice(0, -1), 'unsubscribe'] }, ensureSuppression(row)]
}

/** Adds by hand or from a file; false when it was on the list already, with what it says there. */
export async function addSuppression(
  storage: Storage,
  entry: NewSuppression,
): Promise<{ suppression: Suppression; isNew: boolean }> {
  const known = await findSuppression(storage, entry)
  const isStronger = known?.reason === 'unsubscribe' && entry.reason !== 'unsubscribe'
  const isOptOut = entry.reason === 'unsubscribe' && known?.optedOutAt === null
  if (known !== undefined && !isStronger && !isOptOut) return { suppression: known, isNew: false }
  await storage.commit({ writes: suppress(entry) })
  const suppression = await findSuppression(storage, entry)
  if (suppression === undefined) throw new Error('a suppression was taken away while it was added')
  return { suppression, isNew: known === undefined }
}

/** Many at once, from a file; how many of them were new. */
export async function importSuppressions(
  storage: Storage,
  entries: readonly NewSuppression[],
): Promise<number> {
  let added = 0
  for (let at = 0; at < entries.length; at += batchSize) {
    const batch = entries.slice(at, at + batchSize)
    const known = await knownAmong(
      storage.db,
      batch.map(({ keyId, address }) => `${keyId} ${normalised(address)}`),
    )
    // By statement, so that PostgreSQL runs two for all of them.
    const writes = batch.flatMap(suppress).toSorted((a, b) => a.statement.index - b.statement.index)
    await storage.commit({ writes })
    const distinct = new Set(batch.map(({ keyId, address }) => `${keyId} ${normalised(address)}`))
    added += distinct.size - known.size
  }
  return added
}

const batchSize = 500

export async function findSuppression(
  { db }: Pick<Storage, 'db'>,
  { keyId, address }: { keyId: KeyId; address: string },
): Promise<Suppression | undefined> {
  return rows(db).where('key_id', '=', keyId).where('address', '=', normalised(address)).executeTakeFirst()
}

/** It counts from nothing again. Throws `Refused` when it is not on the list. */
export async function removeSuppression(
  storage: Storage,
  { keyId, address }: { keyId: KeyId; address: string },
): Promise<Suppression> {
  const found = await findSuppression(storage, { keyId, address })
  if (found === undefined) {
    throw new Refused('not-found', `${address.slice(0, 300)} is not on the suppression list of this API key`)
  }
  const row = { key_id: keyId, address: found.address }
  await storage.commit({ writes: [deleteSuppression(row), deleteSoftBounces(row)] })
  return found
}

/** In the order of addresses; `after` is the last address of the page before. */
export async function listSuppressions(
  { db }: Storage,
  query: {
    keyId: KeyId
    /** The beginning of an address, or `@domain`. */
    search?: string
    reason?: SuppressionReason
    after?: string
    limit: number
  },
): Promise<Suppression[]> {
  const { keyId, search = '', reason, after, limit } = query
  let selection = rows(db).where('key_id', '=', keyId)
  if (reason !== undefined) selection = selection.where('reason', '=', reason)
  if (after !== undefined) selection = selection.where('address', '>', after)
  const text = search.trim().toLowerCase()
  if (text.startsWith('@')) {
    selection = selection.where('address', 'like', `%${text.replaceAll(/[\\%_]/g, '')}`)
  } else if (text !== '') {
    // Between bounds, so that the primary key serves it.
    selection = selection.where('address', '>=', text).where('address', '<', `${text}\u{10ffff}`)
  }
  return selection.orderBy('address').limit(limit).execute()
}

function rows(db: Kysely<Schema>) {
  return db
    .selectFrom('suppressions')
    .select([
      'address',
      'key_id as keyId',
      'reason',
      'origin',
      'message_id as messageId',
      'delivery_id as deliveryId',
      'created_at as createdAt',
      'opted_out_at as optedOutAt',
    ])
}

/** Which of the entries, `key address`, are on a list, and why. */
export async function knownAmong(
  db: Kysely<Schema>,
  entries: readonly string[],
): Promise<ReadonlyMap<string, SuppressionReason>> {
  if (entries.length === 0) return new Map()
  const wanted = new Set(entries)
  const addresses = [...new Set(entries.map((entry) => entry.slice(entry.indexOf(' ') + 1)))]
  const found = await db
    .selectFrom('suppressions')
    .select(['key_id', 'address', 'reason'])
    .where('address', 'in', addresses)
    .execute()
  return new Map(
    found
      .map(({ key_id, address, reason }) => [`${key_id} ${address}`, reason] as const)
      .filter(([entry]) => wanted.has(entry)),
  )
}

/** Throws `Refused` when it is none. */
function normalised(text: string): string {
  const address: Address | undefined = parseAddress(text.trim())
  if (address === undefined) {
    throw new Refused('bad-address', `'${text.slice(0, 300)}' is not an e-mail address; write name@domain`)
  }
  return normaliseAddress(address)
}

/** Whom a person who opted out still gets: mail that is not mass mail. */
export function holdsBack(reason: SuppressionReason, { isBulk }: { isBulk: boolean }): boolean {
  return reason !== 'unsubscribe' || isBulk
}

/** Why nothing was sent: the class of the delivery, and words for its story. */
export function blockFor(address: string, reason: SuppressionReason): { class: string; detail: string } {
  return {
    class: classOf[reason],
    detail: `${address} is on the suppression list of this API key (${words[reason]}); see paravion suppression list`,
  }
}

const classOf = {
  'hard-bounce': 'suppressed',
  'soft-bounces': 'suppressed',
  complaint: 'suppressed-complaint',
  unsubscribe: 'suppressed-listed',
  manual: 'suppressed-listed',
  import: 'suppressed-listed',
} satisfies Record<SuppressionReason, string>

const words = {
  'hard-bounce': 'its mail host said that there is no such mailbox',
  'soft-bounces': 'mail to it failed again and again',
  complaint: 'the person there complained about mail',
  unsubscribe: 'it is excluded from campaigns: the person there unsubscribed, or somebody for them',
  manual: 'somebody put it there',
  import: 'it was imported',
} satisfies Record<SuppressionReason, string>
