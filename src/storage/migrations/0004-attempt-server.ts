/** Which outgoing server an attempt went through. */
import type { Migration } from './migration.ts'

export const attemptServerMigration: Migration = {
  version: 4,
  name: 'attempt-server',
  statements: ({ integer }) => [`ALTER TABLE attempts ADD COLUMN server_id ${integer}`],
}
