/** What the master key of an account does with the keys of that account. */
import type { AccountId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import {
  type ApiKey,
  createApiKey,
  type NewSecret,
  renameApiKey,
  resumeApiKey,
  suspendApiKey,
} from './api-keys.ts'

/** Who has an account must not be able to fill the database with keys. */
export const maxKeysOfAccount = 1000

export async function createSubKey(
  storage: Storage,
  { accountId, name, now }: { accountId: AccountId; name: string; now: Instant },
): Promise<NewSecret> {
  const { count } = await storage.db
    .selectFrom('api_keys')
    .select((eb) => eb.fn.countAll<number | string | bigint>().as('count'))
    .where('account_id', '=', accountId)
    .executeTakeFirstOrThrow()
  if (Number(count) >= maxKeysOfAccount) {
    throw new Refused('conflict', `an account may have ${maxKeysOfAccount} API keys, and this one has them`)
  }
  return createApiKey(storage, { accountId, name, now })
}

export async function changeKey(
  storage: Storage,
  key: ApiKey,
  { name, isActive }: { name?: string; isActive?: boolean },
): Promise<ApiKey> {
  if (key.isMaster && isActive === false) {
    throw new Refused(
      'conflict',
      'the master key cannot suspend itself: nobody could take that back with it. Ask the operator of this service',
    )
  }
  let changed = key
  if (name !== undefined) changed = await renameApiKey(storage, key.id, name)
  if (isActive === true) changed = await resumeApiKey(storage, key.id)
  if (isActive === false) changed = await suspendApiKey(storage, key.id)
  return changed
}
