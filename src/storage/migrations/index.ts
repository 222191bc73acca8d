import { firstMigration } from './0001-first.ts'
import { sendersMigration } from './0002-senders.ts'
import { gatewayMigration } from './0003-gateway.ts'
import { attemptServerMigration } from './0004-attempt-server.ts'
import { accountDetailsMigration } from './0005-account-details.ts'
import { usersMigration } from './0006-users.ts'
import type { Migration } from './migration.ts'

/** In the order in which they run. */
export const migrations: readonly Migration[] = [
  firstMigration,
  sendersMigration,
  gatewayMigration,
  attemptServerMigration,
  accountDetailsMigration,
  usersMigration,
]

/** The version that this program's queries are written for. */
export const schemaVersion = migrations.length
