/** What comes back is found by the Message-ID, and by the address that an account's bounces go to. */
import type { Migration } from './migration.ts'

export const reportsMigration: Migration = {
  version: 6,
  name: 'reports',
  statements: () => [
    'CREATE INDEX messages_by_header_message_id ON messages (header_message_id)',
    'CREATE INDEX system_parameters_by_value ON system_parameters (name, value)',
  ],
}
