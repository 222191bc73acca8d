/** Of how many of its first recipients a mailing can be made: what holds of the data of contacts shows in no template. */
import { personsById } from '../contacts/persons.ts'
import { recipientWindow } from '../contacts/recipients.ts'
import type { ContactId, ContactListId } from '../mail/ids.ts'
import type { Storage } from '../storage/storage.ts'
import type { Content } from '../templates/content.ts'
import type { Mailing } from './mailing.ts'
import { renderParts } from './render.ts'
import { mailboxOf, noLinks, parseDraft, unmadeInWords } from './render-draft.ts'

const mostLookedAt = 20
/** A large mail is made for fewer: this is done while others wait. */
const mostCharacters = 4_000_000
/** Members among whom they are looked for, in one bounded step: many may be excluded, and a segment chooses few. */
const membersInWindow = 200
const membersForSegment = 1_000

export type Sample = {
  lookedAt: number
  unmade: number
  /** Why, of the first of them; undefined where there are none. */
  why: string | undefined
}

/** Throws `Refused` where the segment cannot be used. */
export async function sampleRecipients(
  { storage: { db }, clock }: { storage: Pick<Storage, 'db'>; clock: { now(): number } },
  { mailing, listId, content }: { mailing: Mailing; listId: ContactListId; content: Content },
): Promise<Sample> {
  const { keyId, segmentId } = mailing
  const now = clock.now()
  const { recipients } = await recipientWindow(db, {
    ...{ keyId, listId, now },
    ...(segmentId !== null && { segment: { id: segmentId } }),
    limit: segmentId === null ? membersInWindow : membersForSegment,
  })
  const characters = (content.html?.length ?? 0) + (content.text?.length ?? 0)
  const atMost = Math.max(1, Math.min(mostLookedAt, Math.floor(mostCharacters / (characters + 1))))
  const ids: ContactId[] = recipients
    .filter(({ exclusion }) => exclusion === undefined)
    .slice(0, atMost)
    .map(({ contactId }) => contactId)
  const persons = await personsById(db, { keyId, ids })
  const parsed = parseDraft(mailing, content)
  const sample: Sample = { lookedAt: 0, unmade: 0, why: undefined }
  for (const person of persons.values()) {
    const to = mailboxOf(person)
    const rendered = renderParts(parsed, { to, person, links: noLinks(to), now })
    sample.lookedAt += 1
    if ('texts' in rendered) continue
    sample.unmade += 1
    sample.why ??= unmadeInWords(rendered, content.mjml)
  }
  return sample
}
