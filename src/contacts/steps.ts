/** Jobs are done in steps. */
import type { Kysely } from 'kysely'
import type { Schema } from '../storage/schema.ts'
import type { ContactsContext } from './context.ts'
import type { ContactJob, JobError } from './jobs.ts'
import type { Batch } from './store-contacts.ts'

/** A piece of a job that is done as a whole or not at all. */
export type Step = {
  /** How far the job has come after it. */
  position: number
  processed: number
  errors: readonly JobError[]
  batch?: Omit<Batch, 'keyId' | 'now'>
  /** Where each contact of the batch came from. */
  lines?: readonly { email: string; number: number; line: string }[]
  /** What else it does. */
  also?(tx: Kysely<Schema>): Promise<void>
}

/** From the job's position on. Throws `Refused` when there is no going on. */
export type Steps = (ctx: ContactsContext, job: ContactJob) => AsyncIterable<Step>
