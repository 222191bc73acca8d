/** Opens, clicks and unsubscriptions; whether mail is tracked. */
import type { Migration } from './migration.ts'

export const trackingMigration: Migration = {
  version: 17,
  name: 'tracking',
  statements: ({ integer, text, end }) => [
    `CREATE TABLE visits (
      id ${integer} NOT NULL PRIMARY KEY,
      kind ${text} NOT NULL,
      key_id ${integer} NOT NULL,
      campaign_id ${integer},
      message_id ${integer} NOT NULL,
      delivery_id ${integer} NOT NULL,
      at ${integer} NOT NULL,
      url ${text} NOT NULL,
      position ${integer} NOT NULL,
      ip ${text} NOT NULL,
      agent ${text} NOT NULL,
      country ${text} NOT NULL,
      machine ${text},
      list_id ${integer} NOT NULL
    ) ${end}`,
    'CREATE INDEX visits_by_message ON visits (message_id)',
    'CREATE INDEX visits_by_delivery ON visits (delivery_id, kind, at)',
    'CREATE INDEX visits_by_key ON visits (key_id, kind, at)',
    'CREATE INDEX visits_by_campaign ON visits (campaign_id, kind, at)',
    `CREATE TABLE tracking_defaults (
      account_id ${integer} NOT NULL,
      key_id ${integer} NOT NULL,
      opens ${integer},
      clicks ${integer},
      is_private ${integer},
      PRIMARY KEY (account_id, key_id)
    ) ${end}`,
    `ALTER TABLE events ADD COLUMN visit_id ${integer}`,
  ],
}
