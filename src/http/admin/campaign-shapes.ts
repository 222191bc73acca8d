/** Campaigns as the admin API shows them. */
import { z } from 'zod'
import { editModes, type Mailing } from '../../campaigns/mailing.ts'
import { readProgress } from '../../campaigns/progress.ts'
import { allowedChanges, mailingChanges, mailingStates } from '../../campaigns/states.ts'
import { type Tracked, trackedMessages } from '../../campaigns/tracked.ts'
import { readTotals } from '../../stats/read.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { counts, showCounts } from './stat-counts.ts'

export const exclusionReasons = [
  'hard-bounce',
  'soft-bounces',
  'complaint',
  'manual',
  'import',
  'excluded-from-campaigns',
  'invalid-address',
  'unsubscribed',
  'opt-in-pending',
  'duplicate',
  'gone',
] as const

export const excludedCounts = z.partialRecord(z.enum(exclusionReasons), z.number())

export const campaignShape = z.object({
  id: z.number(),
  keyId: z.number(),
  builder: z.enum(['campaigndraft', 'newsletter']).describe('Resource of the REST API that it stands in'),
  title: z.string(),
  subject: z.string(),
  senderEmail: z.string(),
  senderName: z.string(),
  replyTo: z.string(),
  listId: z.number().nullable(),
  segmentId: z.number().nullable(),
  locale: z.string(),
  editMode: z.enum(editModes),
  templateId: z.number().nullable(),
  isStarred: z.boolean(),
  trackOpens: z.boolean().nullable().describe('null: as the API key says'),
  trackClicks: z.boolean().nullable(),
  state: z.enum(mailingStates),
  reason: z.string().describe('Why it is paused'),
  pausedBy: z.enum(['person', 'breaker', 'problem']).nullable(),
  scheduledAt: z.number().nullable().describe('Milliseconds since 1970'),
  createdAt: z.number(),
  modifiedAt: z.number().nullable(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  campaignId: z.number().nullable().describe('What its mail is counted under, once there is some'),
  messageId: z.number().nullable().describe('The message of its mail, once there is one'),
  allowed: z.array(z.enum(mailingChanges)).describe('What may be done to it now'),
})

export const trackedShape = z
  .object({ opens: z.boolean(), clicks: z.boolean() })
  .describe('Whether its mail was sent with tracking: where it was not, zeros mean nothing')

export const listedShape = campaignShape.extend({
  counts: counts.nullable().describe('What became of its mail; null while there is none'),
  tracked: trackedShape.nullable().describe('null while there is no mail, or when it is no longer kept'),
})

export const progressShape = z.object({
  total: z.number(),
  pending: z.number(),
  queued: z.number(),
  delivered: z.number(),
  softBounced: z.number(),
  hardBounced: z.number(),
  blocked: z.number(),
  deferred: z.number(),
  opened: z.number(),
  clicked: z.number(),
  complained: z.number(),
  unsubscribed: z.number(),
  excluded: excludedCounts,
})

export function shapeOf(mailing: Mailing): z.infer<typeof campaignShape> {
  const { id, keyId, builder, title, subject, senderEmail, senderName, replyTo, listId } = mailing
  const { segmentId, locale, editMode, templateId, isStarred, trackOpens, trackClicks } = mailing
  const { state, reason, pausedBy, scheduledAt, createdAt, modifiedAt, startedAt, endedAt } = mailing
  return {
    ...{ id, keyId, builder, title, subject, senderEmail, senderName, replyTo, listId },
    ...{ segmentId, locale, editMode, templateId, isStarred, trackOpens, trackClicks },
    ...{ state, reason, pausedBy, scheduledAt, createdAt, modifiedAt, startedAt, endedAt },
    campaignId: mailing.campaignId,
    messageId: mailing.messageId,
    allowed: allowedChanges(mailing).filter((change) => change !== 'begin' && change !== 'finish'),
  }
}

/** The rows of a list: what became of their mail is read for all of them at once. */
export async function listedOf(
  { storage, statistics }: Pick<HttpDependencies, 'storage' | 'statistics'>,
  mailings: readonly Mailing[],
): Promise<z.infer<typeof listedShape>[]> {
  const sourceIds = mailings.flatMap(({ campaignId }) => campaignId ?? [])
  if (sourceIds.length > 0) await statistics.fresh()
  const totals = await readTotals(storage.db, { source: 'campaign', sourceIds })
  const shown = new Map(totals.map((row) => [row.source_id, showCounts(row)]))
  const tracked = await trackedMessages(
    storage.db,
    mailings.flatMap(({ messageId }) => messageId ?? []),
  )
  return mailings.map((mailing) => ({
    ...shapeOf(mailing),
    counts: mailing.campaignId === null ? null : (shown.get(mailing.campaignId) ?? null),
    tracked: trackedIn(tracked, mailing),
  }))
}

export async function trackedOf(
  { storage }: Pick<HttpDependencies, 'storage'>,
  mailing: Mailing,
): Promise<Tracked | null> {
  const { messageId } = mailing
  return trackedIn(await trackedMessages(storage.db, messageId === null ? [] : [messageId]), mailing)
}

function trackedIn(tracked: Awaited<ReturnType<typeof trackedMessages>>, { messageId }: Mailing) {
  return messageId === null ? null : (tracked.get(messageId) ?? null)
}

export async function progressOf({ campaigns, statistics }: HttpDependencies, mailing: Mailing) {
  if (mailing.campaignId !== null) await statistics.fresh()
  return readProgress(campaigns, mailing)
}
