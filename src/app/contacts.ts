/** Contacts with the worker that does their jobs. */
import type { ContactsContext } from '../contacts/context.ts'
import { purgeErased } from '../contacts/erase.ts'
import { forgetOldJobs } from '../contacts/jobs.ts'
import { type JobRunner, startJobs } from '../contacts/run-jobs.ts'
import { dropOldUploads } from '../contacts/uploads.ts'
import type { Queue } from '../queue/queue.ts'
import type { Storage } from '../storage/storage.ts'

export function createContactsPart(parts: Omit<ContactsContext, 'wakeJobs'>): {
  contacts: ContactsContext
  /** Returns what stops it. */
  startJobs(queue: Pick<Queue, 'claim' | 'nextDueAt'>): () => Promise<void>
} {
  let runner: JobRunner | undefined
  const contacts = { ...parts, wakeJobs: () => runner?.wake() }
  return {
    contacts,
    startJobs(queue) {
      const started = startJobs(contacts, { queue })
      runner = started
      return () => started.stop()
    },
  }
}

export async function forgetOldContactWork(storage: Storage, now: number): Promise<void> {
  await forgetOldJobs(storage, now)
  await dropOldUploads(storage, now)
  await purgeErased(storage, now)
}
