import { Refused } from '../runtime/refused.ts'
import type { MailingState } from '../storage/tables/mailings.ts'
import type { MailingChange } from './states.ts'

const doing = {
  edit: 'edited',
  schedule: 'scheduled',
  unschedule: 'taken off the schedule',
  send: 'sent',
  begin: 'begun',
  pause: 'paused',
  resume: 'resumed',
  finish: 'finished',
  cancel: 'cancelled',
  archive: 'archived',
  restore: 'restored',
  delete: 'deleted',
} as const satisfies Record<MailingChange, string>

const waysOn = {
  draft: 'it is a draft',
  scheduled: 'it is scheduled: take it off the schedule first',
  sending: 'it is being sent: pause or cancel it first',
  paused: 'it is paused: resume or cancel it first',
  sent: 'it has been sent: duplicate it to send it again',
  cancelled: 'it was cancelled: duplicate it to send it again',
  archived: 'it is archived: restore it first',
  deleted: 'it is deleted',
} as const satisfies Record<MailingState, string>

/** The state is not one from which that could be done. */
export class ChangeRefused extends Refused {
  readonly change: MailingChange
  readonly state: MailingState

  constructor(change: MailingChange, { id, state }: { id: number; state: MailingState }) {
    super('conflict', `campaign ${id} cannot be ${doing[change]}: ${waysOn[state]}`)
    this.change = change
    this.state = state
  }
}

/** What was looked at is not what stands there now. */
export function refuseOutdated({ id }: { id: number }) {
  return new Refused('conflict', `campaign ${id} was changed meanwhile: look at it again, and then do this`)
}

export function refuseChange(change: MailingChange, mailing: { id: number; state: MailingState }) {
  return new ChangeRefused(change, mailing)
}
