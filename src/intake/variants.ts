/**
 * From what a client handed in to finished contents. One content serves all recipients unless the template language
 * makes it differ; then every recipient gets a message of their own.
 */

import type { AddressedLists } from '../contacts/list-addresses.ts'
import type { RecipientsData } from '../contacts/recipient-data.ts'
import { normaliseAddress } from '../mail/address.ts'
import { composeMessage } from '../mail/compose.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import { addUrlTags, hasReservedTags } from '../templates/index.ts'
import type { ContentCount } from './call-size.ts'
import type { Draft } from './draft.ts'
import { laneFor, withBulk } from './lane.ts'
import { isPersonalised, personalise, type Texts } from './personalise.ts'
import type { Submission, SubmittedRecipient } from './submission.ts'
import { emptyTemplate } from './use-template.ts'

export type Variants = {
  submissions: Submission[]
  /** For each submission, the places its recipients had in the draft. */
  recipientsOf: number[][]
  /** What went wrong in the template language, one per submission at most. */
  faults: TemplateFault[]
}

export type TemplateFault = {
  problem: string
  /** The content as it was before anything was rendered: it tells nothing of a recipient. */
  source: Buffer
}

type Tools = {
  now: number
  makeMessageId: (domain: string) => string
  /** The author is a sender of mass mail. */
  isBulkSender: boolean
  /** What is known of the recipients, where the texts ask for it. */
  known: RecipientsData
  /** Those who are behind an address that is a list's. */
  lists: AddressedLists | undefined
  /** Where the texts ask for it. */
  senderId: number | undefined
  size: ContentCount
}
type DraftRecipient = { mailbox: Mailbox; kind: SubmittedRecipient['kind']; place: number }

export function variantsOfDraft(draft: Draft, tools: Tools): Variants {
  const recipients = recipientsOf(draft, tools.lists)
  const texts = textsOf(draft)
  const variants: Variants = { submissions: [], recipientsOf: [], faults: [] }
  const first = recipients[0]
  if (first === undefined) return variants
  const { language, variables, stored } = draft.template
  if (!isPersonalised(texts, language)) {
    addDraftVariant(variants, draft, recipients, { texts }, tools)
    return variants
  }
  const personal = personalise(texts, { language, variables, from: draft.from, stored, now: tools.now })
  const groups = personal.differsByRecipient ? recipients.map((recipient) => [recipient]) : [recipients]
  for (const group of groups) {
    const { mailbox } = group[0] ?? first
    const data = tools.known.get(normaliseAddress(mailbox.address))
    addDraftVariant(variants, draft, group, personal.render(mailbox, data, tools.senderId), tools)
  }
  return variants
}

/** Members of lists have the place of their list, and each person is written to once. */
function recipientsOf(draft: Draft, lists: AddressedLists | undefined): DraftRecipient[] {
  const named = (['to', 'cc', 'bcc'] as const)
    .flatMap((kind) => draft[kind].map((mailbox) => ({ mailbox, kind })))
    .map((recipient, place) => ({ ...recipient, place }))
  if (lists === undefined) return named
  const seen = new Set<string>()
  return named.flatMap(({ mailbox, ...rest }) =>
    (lists.members.get(normaliseAddress(mailbox.address)) ?? [mailbox])
      .filter(({ address }) => {
        const email = normaliseAddress(address)
        return !seen.has(email) && seen.add(email)
      })
      .map((person) => ({ mailbox: person, ...rest })),
  )
}

export function textsOf(draft: Draft): Texts {
  const texts: Texts = { subject: draft.subject }
  if (draft.text !== undefined) texts.text = draft.text
  if (draft.html !== undefined) texts.html = draft.html
  return texts
}

function addDraftVariant(
  variants: Variants,
  draft: Draft,
  recipients: readonly DraftRecipient[],
  result: { texts: Texts } | { problem: string },
  { now, makeMessageId, isBulkSender, lists, size }: Tools,
): void {
  const problem = 'problem' in result ? result.problem : undefined
  // A message that is delivered in spite of a template error goes out with its raw template code (§5).
  const texts: Texts = 'texts' in result ? result.texts : textsOf(draft)
  const html =
    texts.html !== undefined && draft.urlTags !== undefined
      ? addUrlTags(texts.html, draft.urlTags)
      : texts.html
  const messageId = makeMessageId(draft.from.address.domain)
  const content = composeMessage({
    from: draft.from,
    ...(draft.sender === undefined ? {} : { sender: draft.sender }),
    replyTo: draft.replyTo,
    to: draft.to,
    cc: draft.cc,
    subject: texts.subject,
    messageId,
    date: now,
    headers: draft.headers,
    ...(texts.text === undefined ? {} : { text: texts.text }),
    ...(html === undefined ? {} : { html }),
    attachments: draft.attachments,
    inlineAttachments: draft.inlineAttachments,
  })
  size.add(content)
  const bulk =
    isBulkSender ||
    lists !== undefined ||
    draft.lane === 'bulk' ||
    draft.campaign !== undefined ||
    draft.headers.some(
      ([name, value]) => name.toLowerCase() === 'precedence' && /^(?:bulk|list)$/i.test(value.trim()),
    )
  const submission: Submission = {
    keyId: draft.keyId,
    door: draft.door,
    lane: laneFor({ priority: draft.priority, bulk }),
    priority: draft.priority,
    envelopeFrom: '',
    from: draft.from,
    subject: texts.subject,
    messageId,
    recipients: recipients.map(({ mailbox, kind }) => ({ address: mailbox.address, kind })),
    content,
    options: { ...withBulk(draft.options, bulk), ...(lists && { listId: lists.listId }) },
  }
  if (hasReservedTags(`${texts.html ?? ''}${texts.text ?? ''}`)) submission.options.individual = true
  if (draft.customId !== undefined) submission.customId = draft.customId
  if (draft.eventPayload !== undefined) submission.eventPayload = draft.eventPayload
  if (draft.campaign !== undefined) submission.campaign = draft.campaign
  if (problem !== undefined) {
    // What could not be rendered was composed from its source.
    variants.faults.push({ problem, source: content })
    if (!draft.template.deliverOnError) submission.blocked = { class: 'template-error', detail: problem }
  }
  const { missing, stored } = draft.template
  const lack = missing ?? (stored && emptyTemplate(stored))
  if (lack !== undefined) submission.blocked = { class: 'template-missing', detail: lack }
  variants.submissions.push(submission)
  variants.recipientsOf.push(recipients.map((recipient) => recipient.place))
}
