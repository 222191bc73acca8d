import { firstMigration } from './0001-first.ts'
import { sendersMigration } from './0002-senders.ts'
import { gatewayMigration } from './0003-gateway.ts'
import { attemptServerMigration } from './0004-attempt-server.ts'
import { accountDetailsMigration } from './0005-account-details.ts'
import { reportsMigration } from './0006-reports.ts'
import { inboundMigration } from './0007-inbound.ts'
import { suppressionsMigration } from './0008-suppressions.ts'
import { clientReportsMigration } from './0009-client-reports.ts'
import { messageNamesMigration } from './0010-message-names.ts'
import { usersMigration } from './0011-users.ts'
import { trackingMigration } from './0040-tracking.ts'
import { statisticsMigration } from './0041-statistics.ts'
import type { Migration } from './migration.ts'

/** In the order in which they run. */
export const migrations: readonly Migration[] = [
  firstMigration,
  sendersMigration,
  gatewayMigration,
  attemptServerMigration,
  accountDetailsMigration,
  reportsMigration,
  inboundMigration,
  suppressionsMigration,
  clientReportsMigration,
  messageNamesMigration,
  usersMigration,
  trackingMigration,
  statisticsMigration,
]

/** The version that this program's queries are written for. */
export const schemaVersion = Math.max(...migrations.map(({ version }) => version))
