/** Messages are found by what clients and receivers know of them: the `queued as` of the reply, the Message-ID. */
import type { Migration } from './migration.ts'

export const messageNamesMigration: Migration = {
  version: 10,
  name: 'message-names',
  statements: () => [
    'CREATE INDEX messages_by_submission ON messages (submission_uuid)',
    // Its start: PostgreSQL takes no more than 2,700 bytes into an index, and clients write what they like.
    'CREATE INDEX messages_by_message_id ON messages (substr(header_message_id, 1, 200))',
  ],
}
