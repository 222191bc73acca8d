/** The number that `{{mj:sender.ID}}` becomes (reference/template-language.md §2): read only where a text asks for it. */
import type { Kysely } from 'kysely'
import { type Address, normaliseAddress } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'

const asking = /\bmj\s*:\s*sender\.id\b/i

/** Of the sender with that address, or else of the one for its whole domain. Undefined: nobody asks, or there is none. */
export async function askedSenderId(
  db: Kysely<Schema>,
  { keyId, from, texts }: { keyId: KeyId; from: Address; texts: readonly (string | null | undefined)[] },
): Promise<number | undefined> {
  if (!texts.some((text) => text && asking.test(text))) return undefined
  const email = normaliseAddress(from)
  const rows = await db
    .selectFrom('senders')
    .select(['id', 'email'])
    .where('key_id', '=', keyId)
    .where('email', 'in', [email, `*@${from.domain}`])
    .execute()
  return (rows.find((row) => row.email === email) ?? rows[0])?.id
}
