/** What people do to a mailing: each a change of its state and of the work that goes on with it, in one transaction. */
import type { Kysely, Updateable } from 'kysely'
import { markSegmentUsed } from '../contacts/segments.ts'
import type { KeyId, MailingId, WorkId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { checkDate, checkMailing, checkRights, NotReady } from './check.ts'
import type { CampaignsContext } from './context.ts'
import { changedAt, type Mailing } from './mailing.ts'
import { refuseChange, refuseOutdated } from './refuse-change.ts'
import { afterChange, type MailingChange } from './states.ts'
import { getMailing } from './store-mailings.ts'

export const campaignLane = 'campaign'

type Parts = Pick<CampaignsContext, 'storage' | 'clock' | 'maySendAs' | 'wake' | 'log'>
type Columns = Updateable<Schema['mailings']>

const notPaused = { reason: '', paused_by: null } as const

/** At its time, also when we are down then. Throws `Refused`, with all that is missing. */
export async function scheduleMailing(parts: Parts, mailing: Mailing, at: Instant): Promise<Mailing> {
  refuseUnless('schedule', mailing)
  const problems = [
    ...(await checkMailing(parts, mailing, { purpose: 'send' })),
    ...checkDate(at, parts.clock.now()),
  ]
  if (problems.length > 0) throw new NotReady(mailing.id, problems)
  return change(parts, mailing, 'schedule', { columns: { ...notPaused, scheduled_at: at }, workAt: at })
}

export function unscheduleMailing(parts: Parts, mailing: Mailing): Promise<Mailing> {
  return change(parts, mailing, 'unschedule', { columns: { ...notPaused, scheduled_at: null } })
}

/** Throws `Refused`, with all that is missing. */
export async function sendMailing(parts: Parts, mailing: Mailing): Promise<Mailing> {
  refuseUnless('send', mailing)
  const problems = await checkMailing(parts, mailing, { purpose: 'send' })
  if (problems.length > 0) throw new NotReady(mailing.id, problems)
  const now = parts.clock.now()
  if (mailing.segmentId !== null) await markSegmentUsed(parts.storage.db, mailing.segmentId)
  return change(parts, mailing, 'send', {
    columns: { started_at: now, is_used: 1 },
    workAt: now,
  })
}

/**
 * Its time has come: it goes on with the work that it has, or waits for a person where `problem` says why. False when it
 * was taken off the schedule, or somebody else has begun it.
 */
export async function beginMailing(
  { storage, clock, log }: Pick<Parts, 'storage' | 'clock' | 'log'>,
  { id, workId }: Mailing,
  problem?: string,
): Promise<boolean> {
  const now = clock.now()
  const { numUpdatedRows } = await storage.db
    .updateTable('mailings')
    .set({
      modified_at: changedAt(now),
      ...(problem === undefined
        ? { state: 'sending' as const, started_at: now, is_used: 1 as const }
        : { state: 'paused' as const, reason: problem, paused_by: 'problem' as const, work_id: null }),
    })
    .where('id', '=', id)
    .where('state', '=', 'scheduled')
    .where('work_id', '=', workId)
    .executeTakeFirstOrThrow()
  if (Number(numUpdatedRows) !== 1) return false
  const fields = { mailingId: id, from: 'scheduled' }
  if (problem === undefined) log.info({ ...fields, to: 'sending' }, 'a campaign has changed')
  else log.warn({ ...fields, to: 'paused', by: 'problem', reason: problem }, 'a campaign was stopped')
  return true
}

export function pauseMailing(
  parts: Parts,
  mailing: Mailing,
  { by, reason, marks }: { by: 'person' | 'breaker' | 'problem'; reason: string; marks?: Mailing['marks'] },
): Promise<Mailing> {
  const columns = { reason, paused_by: by, ...(marks !== undefined && { marks: JSON.stringify(marks) }) }
  return change(parts, mailing, 'pause', { columns })
}

/** Goes on where it was. What was stored of the mail may be forgotten by now: then it is stored anew. */
export async function resumeMailing(parts: Parts, mailing: Mailing): Promise<Mailing> {
  refuseUnless('resume', mailing)
  // Once it is known whom it goes to, what was set up for it may go; until then it has to be right.
  const problems =
    mailing.gatheredAt === null
      ? await checkMailing(parts, mailing, { purpose: 'send' })
      : await checkRights(parts, mailing)
  if (problems.length > 0) throw new NotReady(mailing.id, problems)
  const now = parts.clock.now()
  if (mailing.startedAt === null && mailing.segmentId !== null) {
    await markSegmentUsed(parts.storage.db, mailing.segmentId)
  }
  const isKept = mailing.messageId !== null && (await hasBody(parts.storage.db, mailing.messageId))
  return change(parts, mailing, 'resume', {
    columns: {
      ...notPaused,
      ...(mailing.startedAt === null && { started_at: now, is_used: 1 }),
      ...(!isKept && { message_id: null }),
    },
    workAt: now,
  })
}

export function cancelMailing(parts: Parts, mailing: Mailing): Promise<Mailing> {
  const columns = { ...notPaused, ended_at: parts.clock.now() }
  return change(parts, mailing, 'cancel', { columns })
}

export function archiveMailing(parts: Parts, mailing: Mailing): Promise<Mailing> {
  return change(parts, mailing, 'archive', { columns: { archived_from: mailing.state } })
}

export function restoreMailing(parts: Parts, mailing: Mailing): Promise<Mailing> {
  return change(parts, mailing, 'restore', { columns: { archived_from: null } })
}

/** For good: only Mailjet's API lists it, as deleted, until it is purged. What was sent of it, and its counts, stay. */
export function deleteMailing(parts: Parts, mailing: Mailing): Promise<Mailing> {
  return change(parts, mailing, 'delete', {
    columns: { archived_from: mailing.archivedFrom ?? mailing.state },
  })
}

function refuseUnless(name: MailingChange, mailing: Mailing): void {
  if (afterChange(name, mailing) === undefined) throw refuseChange(name, mailing)
}

/** `workAt`: when there is something to do for it; left out, there is nothing any more. */
async function change(
  { storage, clock, log, wake }: Pick<Parts, 'storage' | 'clock' | 'wake' | 'log'>,
  mailing: Mailing,
  name: MailingChange,
  { columns, workAt }: { columns: Columns; workAt?: Instant },
): Promise<Mailing> {
  const to = afterChange(name, mailing)
  if (to === undefined) throw refuseChange(name, mailing)
  const { id, keyId } = mailing
  const workId = workAt === undefined ? null : ((await storage.reserveIds(1)) as WorkId)
  const now = clock.now()
  const done = await storage.db.transaction().execute(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('mailings')
      .set({ ...columns, state: to, work_id: workId, modified_at: changedAt(now) })
      .where('id', '=', id)
      .where('state', '=', mailing.state)
      // What has been looked at, the sender for one, is what goes out.
      .where('modified_at', mailing.modifiedAt === null ? 'is' : '=', mailing.modifiedAt)
      .executeTakeFirstOrThrow()
    if (Number(numUpdatedRows) !== 1) return false
    if (mailing.workId !== null) await tx.deleteFrom('work').where('id', '=', mailing.workId).execute()
    if (workId !== null && workAt !== undefined) {
      await insertWork(tx, { workId, id, keyId, dueAt: workAt, now })
    }
    return true
  })
  if (!done) {
    // Somebody else was first.
    const found = await getMailing(storage.db, { keyId, id })
    throw afterChange(name, found) === undefined ? refuseChange(name, found) : refuseOutdated(found)
  }
  const { reason, paused_by: by } = columns
  const fields = { mailingId: id, from: mailing.state, to }
  if (by === 'breaker' || by === 'problem') log.warn({ ...fields, by, reason }, 'a campaign was stopped')
  else log.info(fields, 'a campaign has changed')
  if (workId !== null) wake?.()
  return getMailing(storage.db, { keyId, id })
}

async function insertWork(
  tx: Kysely<Schema>,
  {
    workId,
    id,
    keyId,
    dueAt,
    now,
  }: { workId: WorkId; id: MailingId; keyId: KeyId; dueAt: Instant; now: Instant },
): Promise<void> {
  await tx
    .insertInto('work')
    .values({
      id: workId,
      lane: campaignLane,
      key: String(keyId),
      due_at: dueAt,
      owner: null,
      attempts: 0,
      held_at: null,
      ref: id,
      created_at: now,
    })
    .execute()
}

async function hasBody(db: Storage['db'], messageId: number): Promise<boolean> {
  const row = await db
    .selectFrom('bodies')
    .innerJoin('messages', 'messages.id', 'bodies.message_id')
    .select('bodies.message_id')
    .where('bodies.message_id', '=', messageId as never)
    .executeTakeFirst()
  return row !== undefined
}
