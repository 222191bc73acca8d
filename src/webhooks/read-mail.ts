/** The mail that a call is made of, and the message of ours that it answers. */
import type { InboxId, KeyId } from '../mail/ids.ts'
import { type IncomingMessage, parseIncoming } from '../mail/incoming-message.ts'
import { withStoredMessageIds } from '../mail/own-message-id.ts'
import { indexedMessageId, startOfMessageId } from '../storage/message-id-index.ts'
import type { Storage } from '../storage/storage.ts'

export type ToldMail = {
  raw: Buffer
  message: IncomingMessage
  envelopeFrom: string
  recipient: string
  receivedAt: number
  /** Of the message that it answers; '' when there is none. */
  customId: string
  payload: string
}

/** Undefined when the mail is forgotten. */
export async function readMail(
  storage: Pick<Storage, 'db'>,
  { inboxId, keyId }: { inboxId: InboxId; keyId: KeyId },
): Promise<ToldMail | undefined> {
  const row = await storage.db
    .selectFrom('inbox')
    .innerJoin('inbox_bodies', 'inbox_bodies.inbox_id', 'inbox.id')
    .select(['inbox.envelope_from', 'inbox.recipients', 'inbox.received_at', 'inbox_bodies.content'])
    .where('inbox.id', '=', inboxId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const raw = Buffer.from(row.content)
  const message = parseIncoming(raw)
  return {
    raw,
    message,
    envelopeFrom: row.envelope_from,
    recipient: row.recipients,
    receivedAt: row.received_at,
    ...(await answeredMessage(storage, { message, keyId })),
  }
}

/** In-Reply-To first, then References from the end; only messages of the key itself. */
async function answeredMessage(
  { db }: Pick<Storage, 'db'>,
  { message, keyId }: { message: IncomingMessage; keyId: KeyId },
): Promise<{ customId: string; payload: string }> {
  // Mail of a campaign has an id for each recipient.
  const ids = withStoredMessageIds([...new Set([...message.inReplyTo, ...message.references.toReversed()])])
  if (ids.length === 0) return { customId: '', payload: '' }
  const rows = await db
    .selectFrom('messages')
    .select(['header_message_id as headerId', 'custom_id as customId', 'event_payload as payload'])
    .where(indexedMessageId, 'in', ids.map(startOfMessageId))
    .where('header_message_id', 'in', ids)
    .where('key_id', '=', keyId)
    .orderBy('id', 'desc')
    .execute()
  const found = ids.map((id) => rows.find(({ headerId }) => headerId === id)).find((row) => row !== undefined)
  return { customId: found?.customId ?? '', payload: found?.payload ?? '' }
}
