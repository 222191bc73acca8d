/** What became of the mail to each contact, altogether and by the list that it went to. */
import type { Migration } from './migration.ts'

const counts = [
  'sent',
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
    `CREATE TABLE contact_counts (
      contact_id ${integer} NOT NULL,
      list_id ${integer} NOT NULL,
      last_at ${integer} NOT NULL,
      ${counts.map((name) => `${name} ${integer} NOT NULL`).join(', ')},
      PRIMARY KEY (contact_id, list_id)
    ) ${end}`,
  ],
}
