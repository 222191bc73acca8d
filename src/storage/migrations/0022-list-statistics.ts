/** What became of the mail to each contact, altogether and by the list that it went to. */
import type { Migration } from './migration.ts'

/** `delivered_count` of contacts is there already. */
const counts = [
  'blocked',
  'soft_bounced',
  'hard_bounced',
  'deferred',
  'opened',
  'clicked',
  'unsubscribed',
  'complained',
]

export const listStatisticsMigration: Migration = {
  version: 22,
  name: 'list-statistics',
  statements: ({ integer, end }) => [
    // With the contact, whose row is written for each outcome anyway: a table of their own made counting a fifth slower.
    ...counts.map((name) => `ALTER TABLE contacts ADD COLUMN ${name}_count ${integer} NOT NULL DEFAULT 0`),
    `CREATE TABLE member_counts (
      contact_id ${integer} NOT NULL,
      list_id ${integer} NOT NULL,
      last_at ${integer} NOT NULL,
      sent ${integer} NOT NULL,
      ${counts.map((name) => `${name} ${integer} NOT NULL`).join(', ')},
      PRIMARY KEY (contact_id, list_id)
    ) ${end}`,
  ],
}
