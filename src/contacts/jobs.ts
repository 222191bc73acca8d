/** Work on many contacts: asked for, looked at, stopped. What does it is run-jobs.ts (reference: contacts.md §5.4, §7, §8). */
import type { Kysely } from 'kysely'
import type { ContactJobId, ContactListId, KeyId, UploadId, WorkId } from '../mail/ids.ts'
import { insertWork } from '../queue/writes.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { defineInsert, defineUpdate, type Storage, type Write } from '../storage/storage.ts'
import type { ContactJobKind, ContactJobStatus } from '../storage/tables/contact-jobs.ts'
import type { ContactsContext } from './context.ts'
import type { ListTarget } from './members.ts'

export const jobLane = 'import'

export type ContactJob = {
  id: ContactJobId
  keyId: KeyId
  kind: ContactJobKind
  /** A list action, or another word that the kind knows. */
  method: string
  targets: readonly ListTarget[]
  listId: ContactListId | null
  sourceId: number | null
  uploadId: UploadId | null
  options: Readonly<Record<string, unknown>>
  status: ContactJobStatus
  position: number
  processed: number
  refused: number
  errorLimitPercent: number
  problem: string
  requestedAt: Instant
  startedAt: Instant | null
  aliveAt: Instant | null
  endedAt: Instant | null
}

const insertJob = defineInsert('contact_jobs', [
  'id',
  'key_id',
  'kind',
  'method',
  'targets',
  'list_id',
  'source_id',
  'upload_id',
  'options',
  'status',
  'error_limit_percent',
  'requested_at',
])

const reopenJob = defineUpdate(
  'contact_jobs',
  ['status', 'problem', 'alive_at', 'ended_at'],
  ['id', 'ended_at'],
)

export async function createJob(
  { storage, clock, wakeJobs }: Pick<ContactsContext, 'storage' | 'clock' | 'wakeJobs'>,
  wish: {
    keyId: KeyId
    kind: ContactJobKind
    method: string
    targets: readonly ListTarget[]
    listId?: ContactListId
    sourceId?: number
    uploadId?: UploadId
    options?: Readonly<Record<string, unknown>>
    status?: ContactJobStatus
    errorLimitPercent?: number
  },
): Promise<ContactJobId> {
  const now = clock.now()
  const firstId = await storage.reserveIds(2)
  const id = firstId as ContactJobId
  await storage.commit({
    writes: [
      insertJob({
        id,
        key_id: wish.keyId,
        kind: wish.kind,
        method: wish.method,
        targets: JSON.stringify(wish.targets),
        list_id: wish.listId ?? null,
        source_id: wish.sourceId ?? null,
        upload_id: wish.uploadId ?? null,
        options: JSON.stringify(wish.options ?? {}),
        status: wish.status ?? 'Allocated',
        error_limit_percent: wish.errorLimitPercent ?? 0,
        requested_at: now,
      }),
      workOf({ workId: firstId + 1, jobId: id, keyId: wish.keyId, now }),
    ],
  })
  wakeJobs?.()
  return id
}

function workOf(of: { workId: number; jobId: ContactJobId; keyId: KeyId; now: Instant }) {
  return insertWork({
    id: of.workId as WorkId,
    lane: jobLane,
    key: String(of.keyId),
    due_at: of.now,
    owner: null,
    attempts: 0,
    held_at: null,
    ref: of.jobId,
    created_at: of.now,
  })
}

export async function findJob(
  db: Kysely<Schema>,
  { id, keyId }: { id: ContactJobId; keyId?: KeyId },
): Promise<ContactJob | undefined> {
  let query = db.selectFrom('contact_jobs').selectAll().where('id', '=', id)
  if (keyId !== undefined) query = query.where('key_id', '=', keyId)
  const row = await query.executeTakeFirst()
  return row && toJob(row)
}

export type JobFilters = {
  keyId: KeyId
  id?: ContactJobId
  kinds?: readonly ContactJobKind[]
  status?: string
  method?: string
  listId?: ContactListId
  uploadId?: UploadId
  requested?: Span
  started?: Span
  ended?: Span
}

export type Span = { from?: Instant; to?: Instant }

export async function listJobs(
  db: Kysely<Schema>,
  filters: JobFilters,
  { limit, offset = 0, newestFirst = false }: { limit: number; offset?: number; newestFirst?: boolean },
): Promise<ContactJob[]> {
  const rows = await filtered(db, filters)
    .selectAll()
    .orderBy('id', newestFirst ? 'desc' : 'asc')
    .limit(limit)
    .offset(offset)
    .execute()
  return rows.map(toJob)
}

export async function countJobs(db: Kysely<Schema>, filters: JobFilters): Promise<number> {
  const { count } = await filtered(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

function filtered(db: Kysely<Schema>, filters: JobFilters) {
  const { keyId, id, kinds, status, method, listId, uploadId } = filters
  let query = db.selectFrom('contact_jobs').where('key_id', '=', keyId)
  if (id !== undefined) query = query.where('id', '=', id)
  if (kinds !== undefined) {
    query = kinds.length === 0 ? query.where('id', '=', -1 as ContactJobId) : query.where('kind', 'in', kinds)
  }
  if (status !== undefined) query = query.where('status', '=', status as ContactJobStatus)
  if (method !== undefined) query = query.where('method', '=', method)
  if (listId !== undefined) query = query.where('list_id', '=', listId)
  if (uploadId !== undefined) query = query.where('upload_id', '=', uploadId)
  const spans = [
    ['requested_at', filters.requested],
    ['started_at', filters.started],
    ['ended_at', filters.ended],
  ] as const
  for (const [column, span] of spans) {
    if (span?.from !== undefined) query = query.where(column, '>=', span.from)
    if (span?.to !== undefined) query = query.where(column, '<=', span.to)
  }
  return query
}

/** Stops before its next step. What it has done stays. */
export async function abortJob(
  { storage, clock }: Pick<ContactsContext, 'storage' | 'clock'>,
  job: ContactJob,
): Promise<void> {
  if (job.endedAt !== null) throw new Refused('bad-value', `job ${job.id} has ended already`)
  const now = clock.now()
  await storage.db
    .updateTable('contact_jobs')
    .set({ status: 'Abort', ended_at: now, alive_at: now })
    .where('id', '=', job.id)
    .where('ended_at', 'is', null)
    .execute()
}

/** Goes on where it was stopped. */
export async function resumeJob(
  { storage, clock, wakeJobs }: Pick<ContactsContext, 'storage' | 'clock' | 'wakeJobs'>,
  job: ContactJob,
): Promise<void> {
  if (job.status !== 'Abort' && job.status !== 'Error') {
    throw new Refused('bad-value', `job ${job.id} was not stopped: it is in state ${job.status}`)
  }
  const now = clock.now()
  const workId = await storage.reserveIds(1)
  // When the guard does not hold, somebody else resumed it.
  await storage.commit({
    guards: [reopen(job, now)],
    writes: [workOf({ workId, jobId: job.id, keyId: job.keyId, now })],
  })
  wakeJobs?.()
}

function reopen({ id, endedAt }: ContactJob, now: Instant): Write {
  const { statement } = reopenJob({ id, status: 'Upload', problem: '', alive_at: now, ended_at: null })
  // `ended_at` stands on both sides: it must be what we saw, and becomes nothing.
  return { statement, values: ['Upload', '', now, null, id, endedAt] }
}

export type JobError = { number: number; line: string; problem: string; field: string }

/** In the order of the records, in pages. */
export async function* jobErrors(db: Kysely<Schema>, jobId: ContactJobId): AsyncGenerator<JobError[]> {
  for (let after = -1; ; ) {
    const page = await db
      .selectFrom('contact_job_errors')
      .select(['number', 'line', 'problem', 'field'])
      .where('job_id', '=', jobId)
      .where('number', '>', after)
      .orderBy('number')
      .limit(1_000)
      .execute()
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    after = last.number
  }
}

const keptMs = 30 * 86_400_000

/** Jobs that ended a month ago, with what they refused. */
export async function forgetOldJobs({ db }: Pick<Storage, 'db'>, now: Instant): Promise<void> {
  const old = await db
    .selectFrom('contact_jobs')
    .select('id')
    .where('ended_at', '<', now - keptMs)
    .execute()
  for (const { id } of old) {
    await db.deleteFrom('contact_job_errors').where('job_id', '=', id).execute()
    await db.deleteFrom('contact_jobs').where('id', '=', id).execute()
  }
}

type Row = Schema['contact_jobs']
type JobRow = Omit<Row, 'position' | 'processed' | 'refused' | 'error_limit_percent' | 'problem'> & {
  position: number
  processed: number
  refused: number
  error_limit_percent: number
  problem: string
}

function toJob(row: JobRow): ContactJob {
  return {
    id: row.id,
    keyId: row.key_id,
    kind: row.kind,
    method: row.method,
    targets: JSON.parse(row.targets) as ListTarget[],
    listId: row.list_id,
    sourceId: row.source_id,
    uploadId: row.upload_id,
    options: JSON.parse(row.options) as Record<string, unknown>,
    status: row.status,
    position: row.position,
    processed: row.processed,
    refused: row.refused,
    errorLimitPercent: row.error_limit_percent,
    problem: row.problem,
    requestedAt: row.requested_at,
    startedAt: row.started_at,
    aliveAt: row.alive_at,
    endedAt: row.ended_at,
  }
}
