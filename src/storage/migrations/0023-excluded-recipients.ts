/** Whom a mailing leaves out is listed in the order of contacts, whatever the reason. */
import type { Migration } from './migration.ts'

export const excludedRecipientsMigration: Migration = {
  version: 23,
  name: 'excluded-recipients',
  statements: () => [
    `CREATE INDEX mailing_recipients_excluded_order ON mailing_recipients (mailing_id, contact_id)
      WHERE state = 'excluded'`,
  ],
}
