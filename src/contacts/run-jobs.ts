/**
 * Does the jobs of the lane `import`, step by step. What a step changes and how far the job has come stand in one
 * transaction, together with our lease: after a crash another process goes on exactly there, and nothing happens twice.
 */
import type { Kysely } from 'kysely'
import type { ContactJobId } from '../mail/ids.ts'
import { createLaneWorker, type LaneWorker } from '../queue/lane-worker.ts'
import type { Queue } from '../queue/queue.ts'
import type { Work } from '../queue/work.ts'
import { guardLease, guardReschedule } from '../queue/writes.ts'
import { Refused } from '../runtime/refused.ts'
import type { Schema } from '../storage/schema.ts'
import type { ContactsContext } from './context.ts'
import { copyListSteps } from './copy-list.ts'
import { csvSteps } from './csv-steps.ts'
import { forgetPropertySteps } from './forget-property.ts'
import { type ContactJob, findJob, type JobError, jobLane } from './jobs.ts'
import { manageSteps } from './manage-steps.ts'
import { tellOf } from './save-contacts.ts'
import type { Step, Steps } from './steps.ts'
import { reserveFor, storeContacts } from './store-contacts.ts'

const stepsOf = {
  csv: csvSteps,
  manage: manageSteps,
  'copy-list': copyListSteps,
  'forget-property': forgetPropertySteps,
} satisfies Record<ContactJob['kind'], Steps>

/** Stopping it waits for the steps that are being done; their jobs go on with the next process. */
export type JobRunner = LaneWorker

const atOnce = 2
const maxTries = 30
const fewestForLimit = 100
const mostErrorsKept = 100_000

export function startJobs(
  ctx: ContactsContext,
  { queue }: { queue: Pick<Queue, 'claim' | 'nextDueAt'> },
): JobRunner {
  const { storage, clock, log } = ctx
  let isStopping = false
  const worker = createLaneWorker({ storage, queue, clock, log, lane: jobLane, atOnce, handle: run })

  async function run(work: Work): Promise<void> {
    const lease = { id: work.id, owner: storage.nodeId }
    try {
      const isEnded = await runJob(ctx, work, () => isStopping)
      const guard = isEnded ? guardLease(lease) : guardReschedule({ ...lease, due_at: clock.now() })
      await storage.commit({ guards: [guard], writes: [] })
    } catch (error) {
      if (error instanceof LeaseLost) return
      if (work.attempts < maxTries) throw error
      log.error({ err: error, jobId: work.ref, tries: work.attempts }, 'a job was given up')
      await endJob(ctx, work.ref as ContactJobId, {
        status: 'Error',
        problem: 'it failed again and again; the log says why',
      })
      await storage.commit({ guards: [guardLease(lease)], writes: [] })
    }
  }

  return {
    wake: worker.wake,
    stop() {
      isStopping = true
      return worker.stop()
    },
  }
}

class LeaseLost extends Error {}
/** Somebody has ended the job, or goes on with it in our place (it was stopped and resumed): our step is taken back. */
class Stopped extends Error {}

/** True when there is nothing more to do for it. */
async function runJob(ctx: ContactsContext, work: Work, isStopping: () => boolean): Promise<boolean> {
  const job = await findJob(ctx.storage.db, { id: work.ref as ContactJobId })
  if (job === undefined || job.endedAt !== null) return true
  await start(ctx, job)
  try {
    const steps: AsyncIterable<Step> = stepsOf[job.kind](ctx, job)
    let { position } = job
    for await (const step of steps) {
      if (!(await doStep(ctx, { job, work, step, position }))) return true
      position = step.position
      if (isStopping()) return false
    }
  } catch (error) {
    if (error instanceof Stopped) return true
    if (!(error instanceof Refused)) throw error
    await endJob(ctx, job.id, { status: 'Error', problem: error.message })
    return true
  }
  await endJob(ctx, job.id, { status: 'Completed', problem: '' })
  return true
}

async function start({ storage, clock }: ContactsContext, job: ContactJob): Promise<void> {
  const now = clock.now()
  await storage.db
    .updateTable('contact_jobs')
    .set({ status: 'Importing', started_at: job.startedAt ?? now, alive_at: now })
    .where('id', '=', job.id)
    .where('ended_at', 'is', null)
    .execute()
}

/** From `position` on. False when the job was stopped. */
async function doStep(
  ctx: ContactsContext,
  { job, work, step, position }: { job: ContactJob; work: Work; step: Step; position: number },
): Promise<boolean> {
  const { storage, clock, suppressionCheck } = ctx
  const now = clock.now()
  const batch = step.batch && { ...step.batch, keyId: job.keyId, now }
  const firstId = batch === undefined ? 0 : await reserveFor(storage, batch)
  const done = await storage.db.transaction().execute(async (tx) => {
    const ours = await tx
      .updateTable('work')
      .set({ owner: storage.nodeId })
      .where('id', '=', work.id)
      .where('owner', '=', storage.nodeId)
      .executeTakeFirstOrThrow()
    if (Number(ours.numUpdatedRows) !== 1) throw new LeaseLost('another process has this job now')
    const stored = batch && (await storeContacts(tx, { ...batch, firstId }))
    const errors = [...step.errors, ...repeatedLines(step, stored?.repeated)]
    const refused = errors.length
    const progress = await tx
      .updateTable('contact_jobs')
      .set((column) => ({
        position: step.position,
        processed: column('processed', '+', step.processed),
        refused: column('refused', '+', refused),
        alive_at: now,
      }))
      .where('id', '=', job.id)
      .where('ended_at', 'is', null)
      .where('position', '=', position)
      .returning(['processed', 'refused'])
      .executeTakeFirst()
    if (progress === undefined) throw new Stopped()
    await keepErrors(tx, { job, errors: progress.refused > mostErrorsKept ? [] : errors })
    await step.also?.(tx)
    return { progress, exclusionsChanged: stored?.exclusionsChanged ?? [] }
  })
  tellOf(suppressionCheck, job.keyId, done.exclusionsChanged)
  const { processed, refused } = done.progress
  if (!isOverLimit({ processed, refused, limitPercent: job.errorLimitPercent })) return true
  const problem = `${refused} of the first ${processed} records were refused, more than the ${job.errorLimitPercent} percent that are allowed`
  await endJob(ctx, job.id, { status: 'Abort', problem })
  return false
}

/** An address that an earlier step of an import has taken. */
function repeatedLines(step: Step, repeated: ReadonlySet<string> | undefined): JobError[] {
  if (repeated === undefined || repeated.size === 0) return []
  return (step.lines ?? [])
    .filter(({ email }) => repeated.has(email))
    .map(({ number, line }) => ({ number, line, problem: 'Duplicated email', field: 'email' }))
}

function isOverLimit(of: { processed: number; refused: number; limitPercent: number }): boolean {
  return (
    of.limitPercent > 0 && of.processed >= fewestForLimit && of.refused * 100 > of.processed * of.limitPercent
  )
}

async function keepErrors(
  tx: Kysely<Schema>,
  { job, errors }: { job: ContactJob; errors: readonly JobError[] },
): Promise<void> {
  if (errors.length === 0) return
  await tx
    .insertInto('contact_job_errors')
    .values(errors.map((error) => ({ job_id: job.id, ...error })))
    .execute()
}

async function endJob(
  { storage, clock, log }: ContactsContext,
  id: ContactJobId,
  { status, problem }: { status: 'Completed' | 'Error' | 'Abort'; problem: string },
): Promise<void> {
  const now = clock.now()
  await storage.db
    .updateTable('contact_jobs')
    .set({ status, problem, ended_at: now, alive_at: now })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .execute()
  log.info({ jobId: id, status, ...(problem !== '' && { problem }) }, 'job ended')
}
