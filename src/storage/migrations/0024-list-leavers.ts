/** Who has left each list, to be counted. */
import type { Migration } from './migration.ts'

export const listLeaversMigration: Migration = {
  version: 24,
  name: 'list leavers',
  statements: () => [
    'CREATE INDEX list_members_left ON list_members (key_id, list_id) WHERE is_unsubscribed = 1',
  ],
}
