/**
 * Addresses that fail again and again without a last word: five failures within thirteen weeks, the first and the last
 * more than a week apart (reference: incoming-gateway.md §4). Any normal mail from the address starts the count anew.
 */
import { type Address, normaliseAddress } from '../mail/address.ts'
import type { AccountId, DeliveryId, KeyId } from '../mail/ids.ts'
import type { Instant } from '../storage/schema.ts'
import { defineEnsure, type Storage, type Write } from '../storage/storage.ts'

const enough = 5
const dayMs = 24 * 60 * 60_000
const countedMs = 13 * 7 * dayMs
const apartMs = 7 * dayMs

const ensureSoftBounce = defineEnsure('soft_bounces', ['key_id', 'address', 'delivery_id', 'at'])

export function recordSoftBounce(bounce: {
  keyId: KeyId
  /** Normalised. */
  address: string
  deliveryId: DeliveryId
  at: Instant
}): Write {
  const { keyId, address, deliveryId, at } = bounce
  return ensureSoftBounce({ key_id: keyId, address, delivery_id: deliveryId, at })
}

/** Is this failure, not yet recorded, the one that ends it? */
export async function isOnceTooOften(
  { db }: Pick<Storage, 'db'>,
  { keyId, address, at }: { keyId: KeyId; address: string; at: Instant },
): Promise<boolean> {
  const rows = await db
    .selectFrom('soft_bounces')
    .select('at')
    .where('key_id', '=', keyId)
    .where('address', '=', address)
    .where('at', '>', at - countedMs)
    .orderBy('at', 'desc')
    .limit(100)
    .execute()
  return adviseSuppression([at, ...rows.map((row) => row.at)])
}

/** `times` of the failures within the time that counts, in any order. */
export function adviseSuppression(times: readonly Instant[]): boolean {
  return times.length >= enough && Math.max(...times) - Math.min(...times) > apartMs
}

/** A person wrote from there, so the mailbox works: its count begins anew, for all keys of the account. */
export async function forgiveSoftBounces(
  { db }: Pick<Storage, 'db'>,
  { accountId, address }: { accountId: AccountId; address: Address },
): Promise<void> {
  await db
    .deleteFrom('soft_bounces')
    .where('address', '=', normaliseAddress(address))
    .where('key_id', 'in', db.selectFrom('api_keys').select('id').where('account_id', '=', accountId))
    .execute()
}

/** Those too old to count. */
export async function dropOldSoftBounces({ db }: Pick<Storage, 'db'>, now: Instant): Promise<void> {
  await db
    .deleteFrom('soft_bounces')
    .where('at', '<', now - countedMs)
    .execute()
}
