/** Jobs as the actions show them that started them (reference/contacts.md §5.4). */
import { hasErrors } from '../../../contacts/error-files.ts'
import { type ContactJob, findJob } from '../../../contacts/jobs.ts'
import type { ContactJobId, ContactListId } from '../../../mail/ids.ts'
import type { ContactJobKind } from '../../../storage/tables/contact-jobs.ts'
import { formatTime, type Query } from '../resource.ts'

/** Undefined when it is no job of that kind, or of another list. */
export async function findOwnJob(
  { db, keyId }: Query,
  { jobId, kind, listId }: { jobId: number; kind: ContactJobKind; listId: ContactListId | null },
): Promise<ContactJob | undefined> {
  const job = await findJob(db, { id: jobId as ContactJobId, keyId })
  return job?.kind === kind && job.listId === listId ? job : undefined
}

export function jobShape({ baseUrl }: Pick<Query, 'baseUrl'>, job: ContactJob): object {
  return {
    ContactsLists: job.targets.map(({ listId, action }) => ({ ListID: listId, Action: action })),
    Count: job.processed,
    Error: job.problem,
    ErrorFile: hasErrors(job) ? `${baseUrl}/v3/DATA/batchjob/${job.id}/JSONError/application:json/LAST` : '',
    JobEnd: formatTime(job.endedAt),
    JobStart: formatTime(job.startedAt),
    Status: job.status,
  }
}
