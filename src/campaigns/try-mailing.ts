/** A mailing before it is sent: looked at as one contact would see it, and sent to a few addresses as a test. */
import { contactEmail } from '../contacts/contacts.ts'
import { personsByEmail, personsById } from '../contacts/persons.ts'
import { askedSenderId } from '../intake/sender-id.ts'
import { formatAddress } from '../mail/address.ts'
import type { ContactId } from '../mail/ids.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import { checkMailing, NotReady } from './check.ts'
import { fieldsOf, type MailingTexts, replyToOf, senderOf } from './compose-mailing.ts'
import type { CampaignsContext } from './context.ts'
import type { Mailing } from './mailing.ts'
import { readMailingContent } from './mailing-content.ts'
import { renderParts } from './render.ts'
import { mailboxOf, noLinks, parseDraft, unmadeInWords } from './render-draft.ts'

type Parts = Pick<CampaignsContext, 'storage' | 'clock'>

export type Preview = {
  to: Mailbox
  /** `problem`: why this contact would get nothing, and where in what the author wrote. */
  rendered: { texts: MailingTexts } | { problem: string }
}

/** As that contact would see it, or else somebody of whom nothing is known. */
export async function previewMailing(
  { storage, clock }: Parts,
  mailing: Mailing,
  { contactId }: { contactId?: ContactId },
): Promise<Preview> {
  const { keyId } = mailing
  const content = await readMailingContent(storage.db, mailing.id)
  const person =
    contactId === undefined
      ? undefined
      : (await personsById(storage.db, { keyId, ids: [contactId] })).get(contactId)
  const to =
    person === undefined
      ? { name: '', address: { local: 'reader', domain: 'inbox.example' } }
      : mailboxOf(person)
  const facts = { to, person, links: noLinks(to), now: clock.now() }
  const rendered = renderParts(parseDraft(mailing, content), facts)
  return { to, rendered: 'texts' in rendered ? rendered : { problem: unmadeInWords(rendered, content.mjml) } }
}

/** Each gets a message of their own, with what is known of them if they are a contact. Throws `Refused`. */
export async function testMailing(
  ctx: CampaignsContext,
  mailing: Mailing,
  recipients: readonly Mailbox[],
): Promise<void> {
  const { storage, clock, intake } = ctx
  const { keyId, id, listId } = mailing
  const content = await readMailingContent(storage.db, id)
  const problems = await checkMailing(ctx, mailing, { purpose: 'test', content })
  const from = senderOf(mailing)
  if (problems.length > 0 || from === undefined) throw new NotReady(id, problems)
  const emails = recipients.map(({ address }) => contactEmail(formatAddress(address)) ?? '')
  const persons = await personsByEmail(storage.db, { keyId, emails })
  const parsed = parseDraft(mailing, content)
  const texts = [mailing.subject, content.html, content.text]
  const senderId = await askedSenderId(storage.db, { keyId, from: from.address, texts })
  const prepared = []
  for (const [place, to] of recipients.entries()) {
    const person = persons.get(emails[place] ?? '')
    // The tags that intake replaces by real links stay.
    const links = { address: formatAddress(to.address), fields: [] }
    const rendered = renderParts(parsed, { to, person, senderId, links, now: clock.now() })
    if ('problem' in rendered) {
      throw new NotReady(id, [
        {
          code: 'template-error',
          message: `It cannot be made for ${links.address}: ${unmadeInWords(rendered, content.mjml)}.`,
        },
      ])
    }
    const { subject, html, text } = rendered.texts
    prepared.push(
      await intake.prepare({
        ...{ keyId, from, subject },
        ...(html !== undefined && { html }),
        ...(text !== undefined && { text }),
        door: 'api',
        lane: 'transactional',
        priority: 2,
        replyTo: replyToOf(mailing, content),
        to: [to],
        cc: [],
        bcc: [],
        attachments: [],
        inlineAttachments: [],
        headers: fieldsOf(content).filter(([name]) => name.toLowerCase() !== 'precedence'),
        template: { language: false, variables: {}, deliverOnError: false },
        options: {
          trackOpens: 'disabled',
          trackClicks: 'disabled',
          ...(listId !== null && { leaveListId: listId }),
        },
      }),
    )
  }
  await intake.store(prepared)
  await storage.db.updateTable('mailings').set({ is_used: 1 }).where('id', '=', id).execute()
}
