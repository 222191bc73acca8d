/**
 * Which message is meant by what people have in hand: an id of ours, the UUID of a delivery, the `queued as` of an SMTP
 * reply, a Message-ID.
 */
import type { Kysely } from 'kysely'
import type { DeliveryId, MessageId } from '../mail/ids.ts'
import { indexedMessageId, startOfMessageId } from '../storage/message-id-index.ts'
import type { Schema } from '../storage/schema.ts'
import { deliveryOfUuid } from './delivery-uuid.ts'

export type FoundMessage = {
  /** Of a delivery or a message. */
  id: number
  /** Other messages of the same name, newest first: a client that splits its recipients repeats the Message-ID. */
  others: MessageId[]
}

const maxOthers = 20
const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The newest of that name; undefined when the text names nothing that we have. An id is not looked up here. */
export async function findMessage(db: Kysely<Schema>, name: string): Promise<FoundMessage | undefined> {
  const text = name.trim()
  if (/^\d{1,15}$/.test(text)) return { id: Number(text), others: [] }
  const deliveryId = deliveryOfUuid(text)
  if (deliveryId !== undefined) return findDelivery(db, deliveryId, text.toLowerCase())
  const isUuid = uuidPattern.test(text)
  if (!isUuid && !text.includes('@') && !text.startsWith('<')) return undefined
  const messageId = text.startsWith('<') ? text : `<${text}>`
  const query = db.selectFrom('messages').select('id')
  const named = isUuid
    ? query.where('submission_uuid', '=', text.toLowerCase())
    : query
        .where(indexedMessageId, '=', startOfMessageId(messageId))
        .where('header_message_id', '=', messageId)
  const [first, ...others] = await named
    .orderBy('id', 'desc')
    .limit(maxOthers + 1)
    .execute()
  return first === undefined ? undefined : { id: first.id, others: others.map(({ id }) => id) }
}

async function findDelivery(
  db: Kysely<Schema>,
  id: DeliveryId,
  uuid: string,
): Promise<FoundMessage | undefined> {
  const row = await db
    .selectFrom('deliveries')
    .select('id')
    .where('id', '=', id)
    .where('uuid', '=', uuid)
    .executeTakeFirst()
  return row && { id: row.id, others: [] }
}
