/** Whether mail is tracked where it does not say so itself, and what is kept of those who open it. */
import type { AccountId, KeyId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import { createLookups } from '../runtime/lookups.ts'
import type { Flag } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'

/** Null: nothing is said here. */
export type TrackingWishes = { opens: boolean | null; clicks: boolean | null; isPrivate: boolean | null }

export type TrackingRules = { opens: boolean; clicks: boolean; isPrivate: boolean }

const maxAgeMs = 5_000
const maxKeys = 10_000

/** Of the whole account. */
const wholeAccount = 0 as KeyId

export type TrackingDefaults = ReturnType<typeof createTrackingDefaults>

export function createTrackingDefaults({ storage, clock }: { storage: Storage; clock: Clock }) {
  const rules = createLookups(
    async (entry): Promise<TrackingRules> => {
      const { account, key } = await readWishes(storage, Number(entry) as KeyId)
      return {
        opens: key.opens ?? account.opens ?? false,
        clicks: key.clicks ?? account.clicks ?? false,
        isPrivate: key.isPrivate ?? account.isPrivate ?? false,
      }
    },
    { clock, maxEntries: maxKeys, maxAgeMs },
  )
  return {
    of: (keyId: KeyId) => rules.get(String(keyId)),
    /** This process reads what the key says again at once. */
    forget: (keyId: KeyId) => rules.forget(String(keyId)),
  }
}

/** What a key and its account say, each for itself. */
export async function readWishes(
  { db }: Pick<Storage, 'db'>,
  keyId: KeyId,
): Promise<{ account: TrackingWishes; key: TrackingWishes }> {
  const rows = await db
    .selectFrom('tracking_defaults')
    .innerJoin('api_keys', 'api_keys.account_id', 'tracking_defaults.account_id')
    .select(['tracking_defaults.key_id as keyId', 'opens', 'clicks', 'is_private as isPrivate'])
    .where('api_keys.id', '=', keyId)
    .where('tracking_defaults.key_id', 'in', [wholeAccount, keyId])
    .execute()
  const wishesOf = (id: KeyId): TrackingWishes => {
    const row = rows.find((one) => one.keyId === id)
    return {
      opens: fromFlag(row?.opens),
      clicks: fromFlag(row?.clicks),
      isPrivate: fromFlag(row?.isPrivate),
    }
  }
  return { account: wishesOf(wholeAccount), key: wishesOf(keyId) }
}

/** What is left out stays; `keyId` undefined: of the whole account. */
export async function writeWishes(
  { db }: Pick<Storage, 'db'>,
  {
    accountId,
    keyId = wholeAccount,
    wishes,
  }: {
    accountId: AccountId
    keyId?: KeyId
    wishes: Partial<TrackingWishes>
  },
): Promise<void> {
  const changes = {
    ...(wishes.opens !== undefined && { opens: toFlag(wishes.opens) }),
    ...(wishes.clicks !== undefined && { clicks: toFlag(wishes.clicks) }),
    ...(wishes.isPrivate !== undefined && { is_private: toFlag(wishes.isPrivate) }),
  }
  const row = { account_id: accountId, key_id: keyId, opens: null, clicks: null, is_private: null }
  await db
    .insertInto('tracking_defaults')
    .values({ ...row, ...changes })
    .onConflict((conflict) => {
      const place = conflict.columns(['account_id', 'key_id'])
      return Object.keys(changes).length === 0 ? place.doNothing() : place.doUpdateSet(changes)
    })
    .execute()
}

function fromFlag(flag: Flag | null | undefined): boolean | null {
  return flag === null || flag === undefined ? null : flag === 1
}

function toFlag(wish: boolean | null): Flag | null {
  return wish === null ? null : wish ? 1 : 0
}
