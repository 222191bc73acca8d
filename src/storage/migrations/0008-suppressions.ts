/** Addresses that are not sent to, and the failures that lead there. */
import type { Migration } from './migration.ts'

export const suppressionsMigration: Migration = {
  version: 8,
  name: 'suppressions',
  statements: ({ integer, text, end }) => [
    `CREATE TABLE suppressions (
      key_id ${integer} NOT NULL,
      address ${text} NOT NULL,
      reason ${text} NOT NULL,
      origin ${text} NOT NULL,
      message_id ${integer},
      delivery_id ${integer},
      created_at ${integer} NOT NULL,
      PRIMARY KEY (key_id, address)
    ) ${end}`,
    'CREATE INDEX suppressions_by_address ON suppressions (address)',
    `CREATE TABLE soft_bounces (
      key_id ${integer} NOT NULL,
      address ${text} NOT NULL,
      delivery_id ${integer} NOT NULL,
      at ${integer} NOT NULL,
      PRIMARY KEY (key_id, address, delivery_id)
    ) ${end}`,
    'CREATE INDEX soft_bounces_by_time ON soft_bounces (at)',
  ],
}
