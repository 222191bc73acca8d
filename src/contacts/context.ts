/** What the contacts part needs of the rest of the program. */
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'
import type { SuppressionCheck } from './suppression-check.ts'

export type ContactsContext = {
  storage: Storage
  clock: Clock
  log: Log
  /** Hears of every change to who is excluded from campaigns. */
  suppressionCheck: Pick<SuppressionCheck, 'forget'>
  /** There is a new job in the import lane: look now. */
  wakeJobs?(): void
}
