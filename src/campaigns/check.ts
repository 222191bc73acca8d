/** What keeps a mailing from being sent, all of it at once, each with what to do about it. */
import { hasRecipients } from '../contacts/count-recipients.ts'
import type { Address } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Storage } from '../storage/storage.ts'
import type { Content } from '../templates/content.ts'
import { senderOf, textsOfMailing, usesLanguage } from './compose-mailing.ts'
import type { Mailing } from './mailing.ts'
import { readMailingContent } from './mailing-content.ts'
import { parseMailing } from './render.ts'

export const problemCodes = [
  'key-suspended',
  'no-sender',
  'sender-not-active',
  'no-subject',
  'no-content',
  'template-error',
  'no-list',
  'segment-error',
  'no-recipients',
  'date-past',
  'date-far',
] as const
export type ProblemCode = (typeof problemCodes)[number]

export type Problem = {
  code: ProblemCode
  /** What is wrong, and what would be right. */
  message: string
}

export type CheckParts = {
  storage: Storage
  clock: { now(): number }
  maySendAs(keyId: KeyId, from: Address): Promise<boolean>
}

/** `purpose`: a test needs nobody in the list. */
export async function checkMailing(
  parts: CheckParts,
  mailing: Mailing,
  { purpose, content }: { purpose: 'test' | 'send'; content?: Content },
): Promise<Problem[]> {
  const { db } = parts.storage
  return [
    ...(await checkRights(parts, mailing)),
    ...checkContent(mailing, content ?? (await readMailingContent(db, mailing.id))),
    ...(purpose === 'send' ? await checkAudience(parts, mailing) : []),
  ]
}

/** May its key send, and as its sender? Asked for the rest of a campaign as well: both may be taken away meanwhile. */
export async function checkRights(parts: CheckParts, mailing: Mailing): Promise<Problem[]> {
  return [...(await checkKey(parts, mailing)), ...(await checkSender(parts, mailing))]
}

async function checkKey(
  { storage: { db } }: Pick<CheckParts, 'storage'>,
  { keyId }: Pick<Mailing, 'keyId'>,
): Promise<Problem[]> {
  const row = await db.selectFrom('api_keys').select('is_active').where('id', '=', keyId).executeTakeFirst()
  if (row?.is_active !== 0) return []
  return [{ code: 'key-suspended', message: 'The API key is suspended: let it send again first.' }]
}

async function checkSender({ maySendAs }: CheckParts, mailing: Mailing): Promise<Problem[]> {
  const from = senderOf(mailing)
  if (from === undefined) {
    return [{ code: 'no-sender', message: 'There is no sender: choose one of the active senders.' }]
  }
  if (await maySendAs(mailing.keyId, from.address)) return []
  return [
    {
      code: 'sender-not-active',
      message: `${mailing.senderEmail} is not an active sender of this API key: validate the address or its domain, or choose another.`,
    },
  ]
}

function checkContent(mailing: Mailing, content: Content): Problem[] {
  const problems: Problem[] = []
  if (mailing.subject.trim() === '') {
    problems.push({ code: 'no-subject', message: 'There is no subject: write one.' })
  }
  if (!content.html?.trim() && !content.text?.trim()) {
    problems.push({ code: 'no-content', message: 'There is neither an HTML nor a text part: write one.' })
    return problems
  }
  const from = senderOf(mailing) ?? { name: '', address: { local: 'nobody', domain: 'invalid' } }
  const how = { from, usesLanguage: usesLanguage(content.headers) }
  const { problem } = parseMailing(textsOfMailing(mailing, content), how)
  if (problem !== undefined) {
    problems.push({
      code: 'template-error',
      message: `The template language has a fault (${problem}): mend it, or no mail could be made.`,
    })
  }
  return problems
}

async function checkAudience({ storage: { db }, clock }: CheckParts, mailing: Mailing): Promise<Problem[]> {
  const { keyId, listId, segmentId } = mailing
  const list =
    listId === null
      ? undefined
      : await db
          .selectFrom('contact_lists')
          .select('id')
          .where('id', '=', listId)
          .where('key_id', '=', keyId)
          .where('deleted_at', 'is', null)
          .executeTakeFirst()
  if (list === undefined) {
    return [{ code: 'no-list', message: 'There is no contact list: choose whom it is for.' }]
  }
  try {
    const segment = segmentId === null ? {} : { segment: { id: segmentId } }
    if (await hasRecipients(db, { keyId, listId: list.id, ...segment, now: clock.now() })) return []
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return [{ code: 'segment-error', message: `The segment cannot be used: ${error.message}.` }]
  }
  return [
    {
      code: 'no-recipients',
      message:
        'Nobody would get it: all members of the list have left it or are excluded, or the segment chooses none of them.',
    },
  ]
}

const day = 86_400_000
/** Clocks differ a little, and who says "now" means now. */
const toleranceMs = 60_000

export function checkDate(at: number, now: number): Problem[] {
  if (at < now - toleranceMs) {
    return [{ code: 'date-past', message: `${new Date(at).toISOString()} is past: give a time to come.` }]
  }
  if (at > now + 366 * day) {
    return [{ code: 'date-far', message: 'The time is more than a year away: give an earlier one.' }]
  }
  return []
}

export function inWords(problems: readonly Problem[]): string {
  return problems.map(({ message }) => message).join(' ')
}

/** Carries all problems to whoever asked. */
export class NotReady extends Refused {
  readonly problems: readonly Problem[]

  constructor(id: number, problems: readonly Problem[]) {
    super('bad-value', `campaign ${id} is not ready: ${inWords(problems)}`)
    this.problems = problems
  }
}
