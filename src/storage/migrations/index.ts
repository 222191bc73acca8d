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
import { recipientOrderMigration } from './0012-recipient-order.ts'
import { contactsMigration } from './0013-contacts.ts'
import { contactJobsMigration } from './0014-contact-jobs.ts'
import { optOutsMigration } from './0015-opt-outs.ts'
import { contactSignupsMigration } from './0016-contact-signups.ts'
import { trackingMigration } from './0017-tracking.ts'
import { statisticsMigration } from './0018-statistics.ts'
import { templatesMigration } from './0019-templates.ts'
import { campaignsMigration } from './0020-campaigns.ts'
import { webhooksMigration } from './0021-webhooks.ts'
import { listStatisticsMigration } from './0022-list-statistics.ts'
import { excludedRecipientsMigration } from './0023-excluded-recipients.ts'
import { listLeaversMigration } from './0024-list-leavers.ts'
import { recipientCaseMigration } from './0025-recipient-case.ts'
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
  recipientOrderMigration,
  contactsMigration,
  contactJobsMigration,
  optOutsMigration,
  contactSignupsMigration,
  trackingMigration,
  statisticsMigration,
  templatesMigration,
  campaignsMigration,
  webhooksMigration,
  listStatisticsMigration,
  excludedRecipientsMigration,
  listLeaversMigration,
  recipientCaseMigration,
]

/** The version that this program's queries are written for. */
export const schemaVersion = Math.max(...migrations.map(({ version }) => version))
