/** Contacts with the worker that does their jobs. */
import type { ContactsContext } from '../contacts/context.ts'
import { purgeErased } from '../contacts/erase.ts'
import { forgetOldJobs } from '../contacts/jobs.ts'
import { type JobRunner, startJobs } from '../contacts/run-jobs.ts'
import type { SignUpContext, SignUpMail } from '../contacts/sign-up.ts'
import { forgetOldSignups } from '../contacts/signups.ts'
import { dropOldUploads } from '../contacts/uploads.ts'
import type { Intake } from '../intake/draft.ts'
import type { Queue } from '../queue/queue.ts'
import type { Storage } from '../storage/storage.ts'

export type ContactsPart = {
  contacts: SignUpContext
  /** Returns what stops it. */
  startJobs(queue: Pick<Queue, 'claim' | 'nextDueAt'>): () => Promise<void>
}

export function createContactsPart({
  intake,
  ...parts
}: Omit<SignUpContext, 'wakeJobs' | 'sendMail'> & {
  intake: Pick<Intake, 'prepare' | 'store'>
}): ContactsPart {
  let runner: JobRunner | undefined
  const contacts = {
    ...parts,
    wakeJobs: () => runner?.wake(),
    sendMail: (mail: SignUpMail) => sendSignUpMail(intake, mail),
  }
  return {
    contacts,
    startJobs(queue) {
      const started = startJobs(contacts satisfies ContactsContext, { queue })
      runner = started
      return () => started.stop()
    },
  }
}

/** In the name of the key, through the door of all mail. */
async function sendSignUpMail(
  intake: Pick<Intake, 'prepare' | 'store'>,
  { keyId, from, to, subject, text, html }: SignUpMail,
): Promise<void> {
  const prepared = await intake.prepare({
    ...{ keyId, from, subject, text, html },
    door: 'api',
    lane: 'transactional',
    priority: 2,
    replyTo: [],
    to: [{ name: '', address: to }],
    cc: [],
    bcc: [],
    attachments: [],
    inlineAttachments: [],
    // RFC 3834 §5: no vacation notice should come back.
    headers: [['Auto-Submitted', 'auto-generated']],
    template: { language: false, variables: {}, deliverOnError: false },
    options: { trackOpens: 'disabled', trackClicks: 'disabled' },
  })
  await intake.store([prepared])
}

export async function forgetOldContactWork(storage: Storage, now: number): Promise<void> {
  await forgetOldJobs(storage, now)
  await dropOldUploads(storage, now)
  await purgeErased(storage, now)
  await forgetOldSignups(storage, now)
}
