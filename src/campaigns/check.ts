/** What keeps a mailing from being sent, all of it at once, each with what to do about it; and what only looks wrong. */
import { hasMembers, hasRecipients } from '../contacts/count-recipients.ts'
import { propertiesByName } from '../contacts/properties.ts'
import type { Address } from '../mail/address.ts'
import type { ContactListId, KeyId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Storage } from '../storage/storage.ts'
import { checkContent, type WrittenContent } from './check-content.ts'
import { senderOf } from './compose-mailing.ts'
import type { Mailing } from './mailing.ts'
import { readMailingContent } from './mailing-content.ts'
import { type Sample, sampleRecipients } from './sample-recipients.ts'

export const problemCodes = [
  'key-suspended',
  'no-sender',
  'sender-not-active',
  'no-subject',
  'no-content',
  'template-error',
  'unknown-property',
  'nobody-made',
  'no-list',
  'segment-error',
  'empty-list',
  'empty-segment',
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

export const warningCodes = ['unknown-property', 'doubtful-tag', 'some-not-made'] as const

/** What does not keep it from being sent, and is probably not meant so. */
export type Warning = {
  code: (typeof warningCodes)[number]
  message: string
}

export type Findings = { problems: Problem[]; warnings: Warning[] }

type Purpose = {
  /** A test needs nobody in the list. */
  purpose: 'test' | 'send'
  content?: WrittenContent
}

export async function checkMailing(
  parts: CheckParts,
  mailing: Mailing,
  purpose: Purpose,
): Promise<Problem[]> {
  return (await lookThrough(parts, mailing, purpose)).problems
}

/** With the warnings, for whoever can read them before it is sent. */
export async function lookThrough(
  parts: CheckParts,
  mailing: Mailing,
  { purpose, content: given }: Purpose,
): Promise<Findings> {
  const { db } = parts.storage
  const content = given ?? (await readMailingContent(db, mailing.id))
  const rights = await checkRights(parts, mailing)
  const written = await checkWritten(parts, mailing, content)
  if (purpose === 'test') return { ...written, problems: [...rights, ...written.problems] }
  const audience = await checkAudience(parts, mailing)
  const made =
    written.problems.length === 0 && typeof audience === 'number'
      ? judgeSample(await sampleRecipients(parts, { mailing, listId: audience, content }))
      : none
  return {
    problems: [
      ...rights,
      ...written.problems,
      ...made.problems,
      ...(typeof audience === 'number' ? [] : audience),
    ],
    warnings: [...written.warnings, ...made.warnings],
  }
}

const none: Findings = { problems: [], warnings: [] }

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

async function checkWritten(
  { storage: { db } }: CheckParts,
  { keyId, subject }: Mailing,
  content: WrittenContent,
): Promise<Findings> {
  const problems: Problem[] = []
  if (subject.trim() === '') {
    problems.push({ code: 'no-subject', message: 'There is no subject: write one.' })
  }
  if (!content.html?.trim() && !content.text?.trim()) {
    problems.push({ code: 'no-content', message: 'There is neither an HTML nor a text part: write one.' })
  }
  const properties = [...(await propertiesByName(db, keyId)).values()].map(({ name }) => name)
  const warnings: Warning[] = []
  for (const { code, message, hinders } of checkContent({ subject, content }, properties)) {
    if (code === 'doubtful-tag' || (code === 'unknown-property' && !hinders)) warnings.push({ code, message })
    else problems.push({ code, message })
  }
  return { problems, warnings }
}

function judgeSample({ lookedAt, unmade, why }: Sample): Findings {
  if (why === undefined) return none
  if (unmade === lookedAt) {
    const message = `Nothing could be made for any of the first ${lookedAt} recipients: ${why}.`
    return { problems: [{ code: 'nobody-made', message }], warnings: [] }
  }
  const message = `Of the first ${lookedAt} recipients ${unmade} would get nothing, and so would others like them: ${why}.`
  return { problems: [], warnings: [{ code: 'some-not-made', message }] }
}

/** The list, where there is somebody to send it to. */
async function checkAudience(
  { storage: { db }, clock }: CheckParts,
  mailing: Mailing,
): Promise<ContactListId | Problem[]> {
  const { keyId, listId, segmentId } = mailing
  const list =
    listId === null
      ? undefined
      : await db
          .selectFrom('contact_lists')
          .select(['id', 'name'])
          .where('id', '=', listId)
          .where('key_id', '=', keyId)
          .where('deleted_at', 'is', null)
          .executeTakeFirst()
  if (list === undefined) {
    return [{ code: 'no-list', message: 'There is no contact list: choose whom it is for.' }]
  }
  const everybody = { keyId, listId: list.id, now: clock.now() }
  try {
    const segment = segmentId === null ? {} : { segment: { id: segmentId } }
    if (await hasRecipients(db, { ...everybody, ...segment })) return list.id
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return [{ code: 'segment-error', message: `The segment cannot be used: ${error.message}.` }]
  }
  if (!(await hasMembers(db, everybody))) {
    return [
      {
        code: 'empty-list',
        message: `Nobody would get it: nobody is on the list ${list.name}. Put contacts on it, or choose another.`,
      },
    ]
  }
  if (segmentId !== null && (await hasRecipients(db, everybody))) {
    return [
      {
        code: 'empty-segment',
        message: `Nobody would get it: the segment chooses none of those on the list ${list.name} who may be written to. Choose another segment, or none.`,
      },
    ]
  }
  return [
    {
      code: 'no-recipients',
      message: `Nobody would get it: all on the list ${list.name} have left it or are excluded.`,
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
