/** What comes back is found by the address that an account's bounces go to. */
import type { Migration } from './migration.ts'

export const reportsMigration: Migration = {
  version: 6,
  name: 'reports',
  statements: () => ['CREATE INDEX system_parameters_by_value ON system_parameters (name, value)'],
}
