/** A mail as it is stored, with all that it takes to make one recipient's of it. */
import type { Kysely } from 'kysely'
import { contactEmail } from '../contacts/contacts.ts'
import { personsByEmail } from '../contacts/persons.ts'
import type { HandedWork } from '../intake/hand-over.ts'
import type { MessageOptions } from '../intake/submission.ts'
import type { DeliveryId, MessageId, WorkId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'

export type StoredMail = Pick<HandedWork, 'message' | 'content'> & {
  workId: WorkId
  /** Undefined: a message was asked for, and not one of its deliveries. */
  recipient: HandedWork['recipients'][number] | undefined
}

/** Of a delivery, or of a whole message. It is not tracked. Undefined when it is not kept any more. */
export async function readStoredMail(db: Kysely<Schema>, id: number): Promise<StoredMail | undefined> {
  const delivery = await db
    .selectFrom('deliveries')
    .select(['id', 'message_id as messageId', 'work_id as workId', 'recipient', 'attempts'])
    .where('id', '=', id as DeliveryId)
    .executeTakeFirst()
  const row = await db
    .selectFrom('messages')
    .innerJoin('bodies', 'bodies.message_id', 'messages.id')
    .selectAll('messages')
    .select('bodies.content')
    .where('messages.id', '=', delivery?.messageId ?? (id as MessageId))
    .executeTakeFirst()
  if (row === undefined) return undefined
  const options = JSON.parse(row.options) as MessageOptions
  return {
    content: Buffer.from(row.content.buffer, row.content.byteOffset, row.content.byteLength),
    message: {
      id: row.id,
      keyId: row.key_id,
      lane: row.lane,
      priority: row.priority,
      acceptedAt: row.accepted_at,
      expiresAt: row.expires_at,
      envelopeFrom: row.envelope_from,
      fromAddress: row.from_address,
      sizeBytes: row.size_bytes,
      options: { ...options, trackOpens: 'disabled', trackClicks: 'disabled' },
    },
    workId: delivery?.workId ?? (0 as WorkId),
    recipient: delivery && (await recipientOf(db, { ...delivery, keyId: row.key_id, options })),
  }
}

async function recipientOf(
  db: Kysely<Schema>,
  {
    id,
    recipient: address,
    attempts,
    keyId,
    options,
  }: {
    id: DeliveryId
    recipient: string
    attempts: number
    keyId: Schema['messages']['key_id']
    options: MessageOptions
  },
): Promise<HandedWork['recipients'][number]> {
  const recipient = { deliveryId: id, address, attempts }
  if (options.mailingId === undefined) return recipient
  const email = contactEmail(address) ?? address
  const person = (await personsByEmail(db, { keyId, emails: [email] })).get(email)
  return person === undefined ? recipient : { ...recipient, person }
}

/** As work for whoever makes the content of its only recipient. */
export function asWork(
  { message, content, workId }: StoredMail,
  recipient: HandedWork['recipients'][number],
) {
  const { lane, acceptedAt } = message
  const work: HandedWork = {
    ...{ message, content, lane },
    id: workId,
    key: '',
    ref: message.id,
    attempts: recipient.attempts,
    createdAt: acceptedAt,
    recipients: [recipient],
  }
  return work
}
