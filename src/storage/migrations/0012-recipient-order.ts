/** What was sent to one address is listed newest first, however much that is. */
import type { Migration } from './migration.ts'

export const recipientOrderMigration: Migration = {
  version: 12,
  name: 'recipient-order',
  statements: () => [
    'DROP INDEX deliveries_by_recipient',
    'CREATE INDEX deliveries_by_recipient ON deliveries (recipient, id)',
  ],
}
