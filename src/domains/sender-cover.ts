/** What lets a key use an address as From: asked by people, so it reads the rows themselves. */
import type { Kysely } from 'kysely'
import { type Address, normaliseAddress } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'

/** In words; undefined when nothing does. */
export async function describeSenderCover(
  db: Kysely<Schema>,
  { keyId, from }: { keyId: KeyId; from: Address },
): Promise<string | undefined> {
  const emails = [`*@${from.domain}`, normaliseAddress(from)]
  const sender = await db
    .selectFrom('senders')
    .select('email')
    .where('key_id', '=', keyId)
    .where('email', 'in', emails)
    .where('status', '=', 'active')
    .orderBy('id')
    .executeTakeFirst()
  if (sender !== undefined) return `its sender ${sender.email} is active`
  const metasender = await db
    .selectFrom('metasenders')
    .innerJoin('api_keys', 'api_keys.account_id', 'metasenders.account_id')
    .select('metasenders.email')
    .where('api_keys.id', '=', keyId)
    .where('metasenders.email', 'in', emails)
    .where('metasenders.is_enabled', '=', 1)
    .executeTakeFirst()
  return metasender === undefined ? undefined : `${metasender.email} is an enabled metasender of its account`
}
