/** Jobs on contacts in tests. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type ContactJob, findJob } from '../src/contacts/jobs.ts'
import { startJobs } from '../src/contacts/run-jobs.ts'
import type { ContactJobId } from '../src/mail/ids.ts'
import type { TestHttp } from './http-server.ts'
import { cleanUp } from './storage.ts'

/** Does the jobs that there are, until the test ends. */
export function runJobs(t: TestContext, { contacts, queue }: TestHttp) {
  const runner = startJobs(contacts, { queue })
  contacts.wakeJobs = runner.wake
  cleanUp(t, () => runner.stop())
  return runner
}

/** As it is when it has ended. */
export async function endedJob({ storage }: Pick<TestHttp, 'storage'>, id: unknown): Promise<ContactJob> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const job = await findJob(storage.db, { id: id as ContactJobId })
    assert.ok(job, `job ${id}`)
    if (job.endedAt !== null) return job
    assert.ok(Date.now() < deadline, `job ${id} has not ended: ${JSON.stringify(job)}`)
  }
}
