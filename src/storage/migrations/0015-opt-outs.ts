/** That somebody wants no mass mail outlives a stronger reason not to write to them. */
import type { Migration } from './migration.ts'

export const optOutsMigration: Migration = {
  version: 15,
  name: 'opt-outs',
  statements: ({ integer }) => [
    `ALTER TABLE suppressions ADD COLUMN opted_out_at ${integer}`,
    "UPDATE suppressions SET opted_out_at = created_at WHERE reason = 'unsubscribe'",
  ],
}
