/** What the holder of an account says about it. */
import type { Migration } from './migration.ts'

export const accountDetailsMigration: Migration = {
  version: 5,
  name: 'account details',
  statements: ({ integer, text, end }) => [
    `CREATE TABLE account_details (
      account_id ${integer} NOT NULL,
      name ${text} NOT NULL,
      value ${text} NOT NULL,
      PRIMARY KEY (account_id, name)
    ) ${end}`,
  ],
}
