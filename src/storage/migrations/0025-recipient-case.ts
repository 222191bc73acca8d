/** An address is one address however it was written: what was sent to it is found by its lower-case form. */
import type { Migration } from './migration.ts'

export const recipientCaseMigration: Migration = {
  version: 25,
  name: 'recipient-case',
  statements: () => [
    'DROP INDEX deliveries_by_recipient',
    'CREATE INDEX deliveries_by_recipient ON deliveries (lower(recipient), id)',
  ],
}
