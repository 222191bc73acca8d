/** Clients are told by mail of what could not be delivered, unless their key says otherwise. */
import type { Migration } from './migration.ts'

export const clientReportsMigration: Migration = {
  version: 9,
  name: 'client reports',
  statements: ({ integer, end }) => [
    `CREATE TABLE client_reports (
      work_id ${integer} NOT NULL,
      message_id ${integer} NOT NULL,
      delivery_id ${integer} NOT NULL,
      PRIMARY KEY (work_id, delivery_id)
    ) ${end}`,
    `ALTER TABLE api_keys ADD COLUMN reports_bounces ${integer} NOT NULL DEFAULT 1`,
  ],
}
