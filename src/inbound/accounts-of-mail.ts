import type { Address } from '../mail/address.ts'
import type { AccountId, MessageId } from '../mail/ids.ts'
import type { Storage } from '../storage/storage.ts'
import { ownersOfDomain } from './owners.ts'

/** One mail may be for several accounts: each decides for itself, and sees its own recipients only. */
export async function groupByAccount(
  {
    storage,
    readReturnPath,
    system,
  }: {
    storage: Storage
    readReturnPath(address: Address): number | undefined
    system: { accountId: AccountId }
  },
  recipients: readonly Address[],
): Promise<Map<AccountId, Address[]>> {
  const groups = new Map<AccountId, Address[]>()
  for (const address of recipients) {
    const messageId = readReturnPath(address)
    const accounts =
      messageId === undefined
        ? await ownersOfDomain(storage, address.domain)
        : // The message may be forgotten already; then its report is nobody's but ours.
          [(await accountOfMessage(storage, messageId as MessageId)) ?? system.accountId]
    for (const account of accounts) groups.set(account, [...(groups.get(account) ?? []), address])
  }
  return groups
}

async function accountOfMessage({ db }: Storage, id: MessageId): Promise<AccountId | undefined> {
  const row = await db
    .selectFrom('messages')
    .innerJoin('api_keys', 'api_keys.id', 'messages.key_id')
    .select('api_keys.account_id')
    .where('messages.id', '=', id)
    .executeTakeFirst()
  return row?.account_id
}
