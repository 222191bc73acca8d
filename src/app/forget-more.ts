/** What parts other than delivery keep by the same ages. */
import { forgetOldActions } from '../accounts/audit.ts'
import { forgetEndedSessions } from '../accounts/sessions.ts'
import { forgetOldRecipients, purgeDeletedMailings } from '../campaigns/forget-recipients.ts'
import { dropOldSoftBounces } from '../contacts/soft-bounces.ts'
import type { RetentionSettings } from '../delivery/retention.ts'
import { forgetOldInbox } from '../inbound/inbox.ts'
import { forgetShortSlices } from '../stats/forget.ts'
import type { Storage } from '../storage/storage.ts'
import { purgeDeletedTemplates } from '../templates/change-templates.ts'
import { forgetPreviews } from '../templates/preview-pages.ts'
import { forgetOldTries } from '../webhooks/call-log.ts'
import { forgetOldContactWork } from './contacts.ts'

export async function forgetMore(
  storage: Storage,
  settings: RetentionSettings & { now: number; logDays: number },
): Promise<void> {
  await forgetOldInbox(storage, settings)
  await dropOldSoftBounces(storage, settings.now)
  await forgetEndedSessions(storage, settings.now)
  await forgetOldActions(storage, settings.now)
  await forgetOldContactWork(storage, settings.now)
  await forgetShortSlices(storage, settings.now)
  await purgeDeletedTemplates(storage.db, settings.now)
  await forgetPreviews(storage.db, settings.now)
  await forgetOldRecipients(storage, settings)
  await purgeDeletedMailings(storage, settings.now)
  await forgetOldTries(storage, settings)
}
