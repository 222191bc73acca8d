/** Whose mail is it? Asked for every recipient at the port, and before an alias is made. */
import type { Address } from '../mail/address.ts'
import type { AccountId } from '../mail/ids.ts'
import type { Storage } from '../storage/storage.ts'

/**
 * Accounts that proved the domain; where nobody did, the account that first named it in mail.catchall.domain. A domain
 * that somebody proved is theirs, whatever others write into their parameters.
 */
export async function ownersOfDomain({ db }: Pick<Storage, 'db'>, domain: string): Promise<AccountId[]> {
  const proved = await db
    .selectFrom('senders')
    .innerJoin('api_keys', 'api_keys.id', 'senders.key_id')
    .select('api_keys.account_id')
    .distinct()
    .where('senders.email', '=', `*@${domain}`)
    .where('senders.status', '=', 'active')
    .where('api_keys.is_active', '=', 1)
    .execute()
  if (proved.length > 0) return proved.map((row) => row.account_id)
  const named = await db
    .selectFrom('system_parameters')
    .select('account_id')
    .where('name', '=', 'mail.catchall.domain')
    .where('value', '=', domain)
    .orderBy('updated_at')
    .orderBy('account_id')
    .limit(1)
    .execute()
  return named.map((row) => row.account_id)
}

export type Accepts = (recipient: Address) => Promise<'ok' | 'no-such-recipient' | 'relaying-denied'>

export function createAccepts({
  storage,
  isReturnPath,
  isProgram,
  ownDomains,
}: {
  storage: Pick<Storage, 'db'>
  isReturnPath(address: Address): boolean
  isProgram(address: Address): Promise<boolean>
  /** Of the instance: what does not exist there, does not exist. */
  ownDomains: readonly string[]
}): Accepts {
  return async (recipient) => {
    if (isReturnPath(recipient)) return 'ok'
    if (await isProgram(recipient)) return 'ok'
    if ((await ownersOfDomain(storage, recipient.domain)).length > 0) return 'ok'
    return ownDomains.includes(recipient.domain) ? 'no-such-recipient' : 'relaying-denied'
  }
}
