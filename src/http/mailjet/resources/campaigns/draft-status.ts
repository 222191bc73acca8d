/** Our states in Mailjet's numbers and words, and what is refused in its sentences (reference/campaigns-templates.md §2). */
import { NotReady, type ProblemCode } from '../../../../campaigns/check.ts'
import { ChangeRefused } from '../../../../campaigns/refuse-change.ts'
import type { MailingChange } from '../../../../campaigns/states.ts'
import type { MailingState } from '../../../../storage/tables/mailings.ts'
import { badRequest } from '../../rest-errors.ts'

export const statusNumbers = {
  cancelled: -3,
  deleted: -2,
  archived: -1,
  draft: 0,
  scheduled: 1,
  sending: 1,
  paused: 1,
  sent: 2,
} as const satisfies Record<MailingState, number>

export const statusWords = {
  cancelled: 'AXCancelled',
  deleted: 'Deleted',
  archived: 'Archived',
  draft: 'Draft',
  scheduled: 'Programmed',
  sending: 'Programmed',
  paused: 'Programmed',
  sent: 'Sent',
} as const satisfies Record<MailingState, string>

export function statesOfStatus(text: string): MailingState[] {
  const asked = text.trim().toLowerCase()
  return (Object.keys(statusNumbers) as MailingState[]).filter(
    (state) => String(statusNumbers[state]) === asked || statusWords[state].toLowerCase() === asked,
  )
}

/** Those about the sender are a sentence of the real service. */
const sentences = {
  'key-suspended': 'The API key is suspended',
  'no-sender': 'You need to specify a valid and active sender',
  'sender-not-active': 'You need to specify a valid and active sender',
  'no-subject': 'You need to specify a subject',
  'no-content': 'You need to specify a text or HTML part',
  'template-error': 'The template language of the content has a fault',
  'unknown-property': 'The content uses a contact property that does not exist',
  'nobody-made': 'The content cannot be made for the recipients',
  'no-list': 'You need to specify a contacts list',
  'segment-error': 'The segmentation cannot be used',
  'empty-list': 'The contacts list has no active subscribed recipient',
  'empty-segment': 'The segmentation matches no active subscribed recipient',
  'no-recipients': 'The contacts list has no active subscribed recipient',
  'date-past': 'The date must be in the future',
  'date-far': 'The date is too far in the future',
} as const satisfies Record<ProblemCode, string>

/** From which states each may be done; the first sentence is one of the real service. */
const needed = {
  send: 'draft or programmed',
  schedule: 'draft or programmed',
  unschedule: 'programmed',
  edit: 'draft',
  begin: 'programmed',
  pause: 'sending',
  resume: 'programmed',
  finish: 'sending',
  cancel: 'programmed',
  archive: 'draft or sent',
  restore: 'archived',
  delete: 'draft, sent or archived',
} as const satisfies Record<MailingChange, string>

/** What the part behind refuses, as the real service would say it; anything else as it is. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof ChangeRefused) {
    return badRequest(`Newsletter has to be in status ${needed[error.change]}`, error.message)
  }
  const [first] = error instanceof NotReady ? error.problems : []
  return first === undefined ? error : badRequest(sentences[first.code], (error as Error).message)
}

export async function told<T>(change: Promise<T>): Promise<T> {
  try {
    return await change
  } catch (error) {
    throw refusalOf(error)
  }
}
