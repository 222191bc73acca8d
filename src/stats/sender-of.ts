/** The sender that mail counts for: the address of its author itself, or else all addresses of its domain. */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { normaliseAddress, parseAddress } from '../mail/address.ts'
import type { KeyId, SenderId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'

/** By the address as it was given; those that no sender of the key covers are left out. */
export async function sendersOfAuthors(
  db: Kysely<Schema>,
  { keyId, addresses }: { keyId: KeyId; addresses: readonly string[] },
): Promise<ReadonlyMap<string, SenderId>> {
  const names = new Map(
    addresses.flatMap((text) => {
      const address = parseAddress(text)
      return address === undefined
        ? []
        : [[text, [normaliseAddress(address), `*@${address.domain}`]] as const]
    }),
  )
  if (names.size === 0) return new Map()
  const rows = await db
    .selectFrom('senders')
    .select(['id', 'email'])
    .where('key_id', '=', keyId)
    .where('email', 'in', [...new Set([...names.values()].flat())])
    .where('status', '!=', 'deleted')
    .execute()
  const ids = new Map(rows.map(({ id, email }) => [email, id]))
  return new Map(
    [...names].flatMap(([text, emails]) => {
      const id = emails.flatMap((email) => ids.get(email) ?? [])[0]
      return id === undefined ? [] : [[text, id] as const]
    }),
  )
}

/** Whether what has this author counts for a sender: the same rule, for choosing rows. */
export function isOfSender(
  author: RawBuilder<string>,
  { keyId, senderId }: { keyId: KeyId; senderId: number },
): RawBuilder<boolean> {
  return sql`EXISTS (SELECT 1 FROM senders AS sender
    WHERE sender.id = ${senderId} AND sender.key_id = ${keyId} AND sender.status <> 'deleted'
    AND (sender.email = lower(${author})
      OR (sender.email = '*' || substr(${author}, length(${author}) - length(sender.email) + 2)
        AND NOT EXISTS (SELECT 1 FROM senders AS own
          WHERE own.key_id = ${keyId} AND own.email = lower(${author}) AND own.status <> 'deleted'))))`
}
