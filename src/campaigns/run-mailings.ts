/**
 * Goes on with the mailings of the lane `campaign`: begins those whose time has come, gathers their recipients and hands
 * them over, a bounded number ahead of what has an answer. All that is known stands in the rows: whoever has the work
 * goes on exactly where the last one stopped, and two who have it by mistake do nothing twice.
 */
import { markSegmentUsed } from '../contacts/segments.ts'
import type { OpenMessage } from '../intake/draft.ts'
import type { MailingId } from '../mail/ids.ts'
import { createLaneWorker } from '../queue/lane-worker.ts'
import type { Queue } from '../queue/queue.ts'
import type { Work } from '../queue/work.ts'
import { guardLease, guardReschedule } from '../queue/writes.ts'
import { createRecent } from '../runtime/recent.ts'
import { Refused } from '../runtime/refused.ts'
import { defineUpdate } from '../storage/storage.ts'
import { judgeHarm } from './breaker.ts'
import { beginMailing, campaignLane, pauseMailing } from './change-state.ts'
import { checkMailing, checkRights, inWords } from './check.ts'
import type { CampaignCounts, CampaignsContext } from './context.ts'
import { gatherStep } from './gather-recipients.ts'
import { handOverStep, openMail, recipientsPerBatch, reopenMail } from './hand-over-recipients.ts'
import { readHarm } from './harm.ts'
import type { Mailing } from './mailing.ts'
import { findMailing } from './store-mailings.ts'

const atOnce = 4
/** Then others have their turn. */
const turnMs = 1_000
const maxTries = 30
/** How long to wait for answers before the next batch. */
const fullPauseMs = 250
/** The breaker looks so often, as long as there are recipients to hand over: what is in the queue goes out. */
const judgeEveryMs = 2_000
/** And at once when so many more have a result: a small list may be through before the time is. */
const judgeEveryResults = 100

/**
 * How many may be without an answer. It begins low, so that a list that does harm is noticed while most of it is not sent;
 * it is never more than a pause should let pass.
 */
export function mayBeAhead(answered: number): number {
  return Math.min(4_000, Math.max(500, answered))
}

export type MailingRunner = {
  wake(): void
  /** Waits for the step that is being done. */
  stop(): Promise<void>
}

/** What becomes of the work: it is done, or looked at again so much later. */
type Next = 'done' | { afterMs: number }

const setTries = defineUpdate('work', ['attempts'], ['id'])

export function startMailings(
  ctx: CampaignsContext,
  { queue }: { queue: Pick<Queue, 'claim' | 'nextDueAt'> },
): MailingRunner {
  const { storage, clock, log } = ctx
  const stopping = new AbortController()
  const opened = createRecent<number, OpenMessage>({ max: 8 })
  const judgedAt = createRecent<number, { at: number; answered: number }>({ max: 100 })
  const worker = createLaneWorker({ storage, queue, clock, log, lane: campaignLane, atOnce, handle: run })

  async function run(work: Work): Promise<void> {
    const lease = { id: work.id, owner: storage.nodeId }
    let next: Next
    try {
      next = await goOn(work)
    } catch (error) {
      if (work.attempts < maxTries || !(await gaveUp(work))) throw error
      next = 'done'
    }
    await storage.commit(
      next === 'done'
        ? { guards: [guardLease(lease)], writes: [] }
        : {
            guards: [guardReschedule({ ...lease, due_at: clock.now() + next.afterMs })],
            // Only those in a row are counted that came to nothing.
            writes: [setTries({ id: work.id, attempts: 0 })],
          },
    )
  }

  async function goOn(work: Work): Promise<Next> {
    const until = clock.now() + turnMs
    for (;;) {
      const mailing = await findMailing(storage.db, { id: work.ref as MailingId })
      if (mailing === undefined || mailing.workId !== work.id) return 'done'
      if (mailing.state === 'scheduled') {
        await begin(mailing)
        continue
      }
      if (mailing.state !== 'sending') return 'done'
      const next = await step(mailing)
      if (next !== undefined) return next
      if (stopping.signal.aborted || clock.now() >= until) return { afterMs: 0 }
    }
  }

  /** Its time has come. What was right when it was scheduled may not be any more. */
  async function begin(mailing: Mailing): Promise<void> {
    const problems = await checkMailing(ctx, mailing, { purpose: 'send' })
    if (problems.length > 0) await beginMailing(ctx, mailing, inWords(problems))
    else if ((await beginMailing(ctx, mailing)) && mailing.segmentId !== null) {
      await markSegmentUsed(storage.db, mailing.segmentId)
    }
  }

  /** One piece of it. Undefined: look again at once. */
  async function step(mailing: Mailing): Promise<Next | undefined> {
    if (mailing.gatheredAt === null) {
      try {
        // Overtaken or not: the rows say what is next.
        await gatherStep(ctx, mailing)
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        await pause(mailing, { by: 'problem', reason: `The segment cannot be used: ${error.message}.` })
        return 'done'
      }
      return undefined
    }
    const counts = await countsOf(mailing)
    if (await trip(mailing, counts)) return 'done'
    const answered = answeredOf(counts)
    const room = mayBeAhead(answered) - (mailing.handed - answered)
    if (room < Math.min(recipientsPerBatch, mailing.pending)) {
      await ctx.countNow()
      return { afterMs: fullPauseMs }
    }
    const message = await mailOf(mailing)
    if (message === undefined) return undefined
    const { kind } = await handOverStep(ctx, mailing, { message, limit: room })
    if (kind === 'done') {
      await finish(mailing)
      return 'done'
    }
    if (kind === 'overtaken') opened.delete(mailing.id)
    return undefined
  }

  async function countsOf({ campaignId }: Mailing): Promise<CampaignCounts> {
    return campaignId === null ? noCounts : ctx.countsOf(campaignId)
  }

  /** True when it was paused: it does harm, or may not be sent any more. */
  async function trip(mailing: Mailing, counts: CampaignCounts): Promise<boolean> {
    const { id, messageId } = mailing
    const now = clock.now()
    if (messageId === null) return false
    const answered = answeredOf(counts)
    const last = judgedAt.get(id) ?? { at: 0, answered: 0 }
    if (now - last.at < judgeEveryMs && answered - last.answered < judgeEveryResults) return false
    judgedAt.set(id, { at: now, answered })
    if (await stopWithoutRights(mailing)) return true
    const tripped = judgeHarm(await readHarm(storage, { messageId, counts }), ctx.breaker, mailing.marks)
    if (tripped === undefined) return false
    await pause(mailing, { by: 'breaker', ...tripped })
    return true
  }

  /** True when it was paused because its key may not send, or not as its sender. */
  async function stopWithoutRights(mailing: Mailing): Promise<boolean> {
    const problems = await checkRights(ctx, mailing)
    if (problems.length === 0) return false
    await pause(mailing, { by: 'problem', reason: inWords(problems) })
    return true
  }

  /** Undefined: its row is to be read again. */
  async function mailOf(mailing: Mailing): Promise<OpenMessage | undefined> {
    const { id, messageId } = mailing
    const known = opened.get(id)
    if (known !== undefined && known.id === messageId) return known
    // The sender stands in the mail that is stored now. Of this row, because nobody edits what is being sent.
    if (await stopWithoutRights(mailing)) return undefined
    const message = messageId === null ? await openMail(ctx, mailing) : await reopenMail(ctx, messageId)
    if (message !== undefined) {
      opened.set(id, message)
      // What it was opened with is in its row now: that is read again.
      return messageId === null ? undefined : message
    }
    if (messageId !== null) throw new Error(`the stored mail of mailing ${id} is gone`)
    return undefined
  }

  async function finish(mailing: Mailing): Promise<void> {
    const { numUpdatedRows } = await storage.db
      .updateTable('mailings')
      .set({ state: 'sent', ended_at: clock.now(), work_id: null })
      .where('id', '=', mailing.id)
      .where('state', '=', 'sending')
      .where('handed_after', '=', mailing.handedAfter)
      .executeTakeFirstOrThrow()
    opened.delete(mailing.id)
    if (Number(numUpdatedRows) !== 1) return
    const { id, handed, excluded } = mailing
    log.info({ mailingId: id, from: 'sending', to: 'sent', handed, excluded }, 'a campaign has changed')
  }

  async function pause(mailing: Mailing, how: Parameters<typeof pauseMailing>[2]): Promise<void> {
    try {
      await pauseMailing(ctx, mailing, how)
    } catch (error) {
      // A person was first.
      if (!(error instanceof Refused && error.code === 'conflict')) throw error
    }
  }

  /** True when a person has to look at it now; what cannot be written down either is tried again. */
  async function gaveUp(work: Work): Promise<boolean> {
    const reason = 'it failed again and again; the log of the server says why'
    try {
      const mailing = await findMailing(storage.db, { id: work.ref as MailingId })
      if (mailing?.workId !== work.id) return true
      if (mailing.state === 'scheduled') await beginMailing(ctx, mailing, reason)
      else if (mailing.state === 'sending') await pause(mailing, { by: 'problem', reason })
      return true
    } catch (error) {
      log.error({ err: error, mailingId: work.ref }, 'a campaign could not be paused')
      return false
    }
  }

  return {
    wake: worker.wake,
    stop() {
      stopping.abort()
      return worker.stop()
    },
  }
}

export const noCounts: CampaignCounts = {
  delivered: 0,
  softBounced: 0,
  hardBounced: 0,
  blocked: 0,
  deferred: 0,
  opened: 0,
  clicked: 0,
  complained: 0,
  unsubscribed: 0,
}

/** Those that a first attempt has told something of. */
export function answeredOf({
  delivered,
  softBounced,
  hardBounced,
  blocked,
  deferred,
}: CampaignCounts): number {
  return delivered + softBounced + hardBounced + blocked + deferred
}
