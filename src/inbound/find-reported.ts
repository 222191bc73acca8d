/**
 * Which message of ours a report is about. The seal of a return path proves it: whoever has the token got the message.
 * Mail that left with an account's own bounce address has none: there the Message-ID counts, among the messages of the
 * accounts that the address belongs to, and proves less.
 */
import type { Kysely } from 'kysely'
import { type Address, normaliseAddress, parseAddress } from '../mail/address.ts'
import type { DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import { withStoredMessageIds } from '../mail/own-message-id.ts'
import type { ReportedMessage } from '../mail/report-text.ts'
import type { ReturnPaths } from '../mail/return-path.ts'
import { indexedMessageId, startOfMessageId } from '../storage/message-id-index.ts'
import type { DeliveryState, Instant, Schema } from '../storage/schema.ts'

export type ReportedDelivery = {
  id: DeliveryId
  recipient: string
  state: DeliveryState
  class: string | null
}

export type Reported = {
  messageId: MessageId
  keyId: KeyId
  expiresAt: Instant
  /** The token was that of one delivery. */
  deliveryId?: DeliveryId
  provenBy: 'token' | 'message-id'
}

/** Ids of a hostile report are not looked up without end. */
const maxIds = 20

export async function findReported(
  db: Kysely<Schema>,
  {
    original,
    addressedTo,
    returnPaths,
  }: { original: ReportedMessage; addressedTo: readonly Address[]; returnPaths: Pick<ReturnPaths, 'read'> },
): Promise<Reported | undefined> {
  const candidates = [...addressedTo, ...original.returnPaths.flatMap((text) => parseAddress(text) ?? [])]
  for (const address of candidates.slice(0, maxIds)) {
    const id = returnPaths.read(address)
    if (id === undefined) continue
    const message = await messages(db)
      .where('messages.id', '=', id as MessageId)
      .executeTakeFirst()
    if (message !== undefined) return { ...message, provenBy: 'token' }
    const deliveryId = id as DeliveryId
    const ofDelivery = await messages(db)
      .innerJoin('deliveries', 'deliveries.message_id', 'messages.id')
      .where('deliveries.id', '=', deliveryId)
      .executeTakeFirst()
    if (ofDelivery !== undefined) return { ...ofDelivery, deliveryId, provenBy: 'token' }
  }
  const ids = withStoredMessageIds([...original.messageIds, ...original.references].slice(0, maxIds))
  const keyIds = ids.length === 0 ? [] : await keysOfBounceAddresses(db, addressedTo)
  if (keyIds.length === 0) return undefined
  const message = await messages(db)
    .where(indexedMessageId, 'in', ids.map(startOfMessageId))
    .where('header_message_id', 'in', ids)
    .where('messages.key_id', 'in', keyIds)
    .orderBy('messages.id', 'desc')
    .executeTakeFirst()
  return message && { ...message, provenBy: 'message-id' }
}

function messages(db: Kysely<Schema>) {
  return db
    .selectFrom('messages')
    .select(['messages.id as messageId', 'messages.key_id as keyId', 'messages.expires_at as expiresAt'])
}

/** The API keys of accounts whose `mail.bounce.alias` at their `mail.catchall.domain` is one of the addresses. */
export async function keysOfBounceAddresses(
  db: Kysely<Schema>,
  addresses: readonly Address[],
): Promise<KeyId[]> {
  const wanted = new Set(addresses.slice(0, maxIds).map(normaliseAddress))
  if (wanted.size === 0) return []
  const rows = await db
    .selectFrom('system_parameters as domain')
    .innerJoin('system_parameters as alias', 'alias.account_id', 'domain.account_id')
    .innerJoin('api_keys', 'api_keys.account_id', 'domain.account_id')
    .select(['domain.value as domain', 'alias.value as alias', 'api_keys.id as keyId'])
    .where('domain.name', '=', 'mail.catchall.domain')
    .where('domain.value', 'in', [...new Set(addresses.map((address) => address.domain))])
    .where('alias.name', '=', 'mail.bounce.alias')
    .execute()
  return rows.flatMap(({ alias, domain, keyId }) => {
    const address = parseAddress(`${alias.trim()}@${domain.trim()}`)
    return address !== undefined && wanted.has(normaliseAddress(address)) ? [keyId] : []
  })
}

/**
 * The delivery that the token names, or the one to one of these addresses, else the only one of the message: forwarding makes reports name addresses
 * that we never wrote to. Without proof by token, only the address itself counts.
 */
export async function findDelivery(
  db: Kysely<Schema>,
  { messageId, deliveryId, provenBy }: Reported,
  addresses: readonly string[],
): Promise<ReportedDelivery | undefined> {
  const columns = ['id', 'recipient', 'state', 'class'] as const
  if (deliveryId !== undefined) {
    return db.selectFrom('deliveries').select(columns).where('id', '=', deliveryId).executeTakeFirst()
  }
  const ofMessage = db.selectFrom('deliveries').select(columns).where('message_id', '=', messageId)
  const wanted = addresses.flatMap((text) => {
    const address = parseAddress(text)
    return address === undefined ? [] : [normaliseAddress(address)]
  })
  const rows = await ofMessage.limit(maxDeliveries).execute()
  const found = rows.find(({ recipient }) => wanted.includes(normalised(recipient)))
  if (found !== undefined || provenBy !== 'token') return found
  const [only, ...others] = rows
  return others.length === 0 ? only : undefined
}

/** As many recipients as one submission may have. */
const maxDeliveries = 50_000

function normalised(recipient: string): string {
  const address = parseAddress(recipient)
  return address === undefined ? recipient : normaliseAddress(address)
}
