/**
 * Messages are found by their Message-ID through an index of its beginning: clients write Message-IDs of any length, and
 * PostgreSQL takes no more than 2,700 bytes into an index.
 */
import { sql } from 'kysely'

const indexedLength = 200

/** As in the index: compare it with `startOfMessageId`, and then the whole as well. */
export const indexedMessageId = sql<string>`substr(messages.header_message_id, 1, ${sql.lit(indexedLength)})`

export function startOfMessageId(messageId: string): string {
  return messageId.slice(0, indexedLength)
}
