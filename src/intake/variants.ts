/**
 * From what a client handed in to finished contents. One content serves all recipients unless the template language
 * makes it differ; then every recipient gets a message of their own.
 */

import { composeMessage } from '../mail/compose.ts'
import { encodeHeaderText } from '../mail/encoded-words.ts'
import { foldHeader, readHeaderBlock } from '../mail/headers.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import { mapTextParts } from '../mail/text-parts.ts'
import type { Lane } from '../storage/schema.ts'
import { addUrlTags, hasReservedTags } from '../templates/index.ts'
import type { Draft, RawSubmission } from './draft.ts'
import { isPersonalised, type PersonalTexts, personalise, type Texts } from './personalise.ts'
import type { SubmittedMessage } from './read-submitted.ts'
import type { MessageOptions, Submission, SubmittedRecipient } from './submission.ts'

export type Variants = {
  submissions: Submission[]
  /** For each submission, the places its recipients had in the draft. */
  recipientsOf: number[][]
  /** What went wrong in the template language, one per submission at most. */
  problems: string[]
}

type Tools = {
  now: number
  makeMessageId: (domain: string) => string
  /** The author is a sender of mass mail. */
  isBulkSender: boolean
}
type DraftRecipient = { mailbox: Mailbox; kind: SubmittedRecipient['kind']; place: number }

/**
 * The low queue carries what its sender marked as less urgent or as mass mail (reference/send-api.md, Priority
 * semantics; reference/mass-mailing.md): it never delays the other. Mass mail may have an outgoing server of its own
 * as well, so what it is goes along with the message.
 */
function laneFor({ priority, bulk }: { priority: number; bulk: boolean }): Lane {
  return priority < 2 || bulk ? 'bulk' : 'transactional'
}

function withBulk(options: MessageOptions, bulk: boolean): MessageOptions {
  return bulk ? { ...options, bulk } : { ...options }
}

export function variantsOfDraft(draft: Draft, tools: Tools): Variants {
  const recipients: DraftRecipient[] = []
  for (const kind of ['to', 'cc', 'bcc'] as const) {
    for (const mailbox of draft[kind]) recipients.push({ mailbox, kind, place: recipients.length })
  }
  const texts = textsOf(draft)
  const variants: Variants = { submissions: [], recipientsOf: [], problems: [] }
  const first = recipients[0]
  if (first === undefined) return variants
  const { language, variables } = draft.template
  if (!isPersonalised(texts, language)) {
    addDraftVariant(variants, draft, recipients, { texts }, tools)
    return variants
  }
  const personal = personalise(texts, { language, variables, from: draft.from })
  const groups = personal.differsByRecipient ? recipients.map((recipient) => [recipient]) : [recipients]
  for (const group of groups) {
    addDraftVariant(variants, draft, group, personal.render((group[0] ?? first).mailbox), tools)
  }
  return variants
}

function textsOf(draft: Draft): Texts {
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
  { now, makeMessageId, isBulkSender }: Tools,
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
  const bulk =
    isBulkSender ||
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
    options: withBulk(draft.options, bulk),
  }
  if (hasReservedTags(`${texts.html ?? ''}${texts.text ?? ''}`)) submission.options.individual = true
  if (draft.customId !== undefined) submission.customId = draft.customId
  if (draft.eventPayload !== undefined) submission.eventPayload = draft.eventPayload
  if (draft.campaign !== undefined) submission.campaign = draft.campaign
  if (problem !== undefined) {
    variants.problems.push(problem)
    if (!draft.template.deliverOnError) submission.blocked = { class: 'template-error', detail: problem }
  }
  variants.submissions.push(submission)
  variants.recipientsOf.push(recipients.map((recipient) => recipient.place))
}

/** The same for a message that came as MIME over SMTP: its text parts are rendered where they stand. */
export function variantsOfRaw(
  raw: RawSubmission,
  message: SubmittedMessage,
  { makeMessageId, isBulkSender }: Pick<Tools, 'makeMessageId' | 'isBulkSender'>,
): { submissions: Submission[]; problems: string[] } {
  const problems: string[] = []
  const { features } = message
  const bulk = isBulkSender || message.bulk || features.campaign !== undefined || raw.options.bulk === true
  const whole = rawSubmission(raw, message, { recipients: raw.recipients, bulk })
  if (features.templateId !== undefined) {
    const detail = `there is no stored template ${JSON.stringify(features.templateId)} for this API key`
    return { submissions: [{ ...whole, blocked: { class: 'template-missing', detail } }], problems }
  }
  if (features.template.variablesProblem !== undefined) {
    problems.push(features.template.variablesProblem)
    if (features.template.deliverOnError) return { submissions: [whole], problems }
    const blocked = { class: 'template-error', detail: features.template.variablesProblem }
    return { submissions: [{ ...whole, blocked }], problems }
  }
  if (!mayBePersonalised(message)) return { submissions: [whole], problems }

  const found = readParts(message)
  if (!found.personalised) return { submissions: [whole], problems }
  const groups =
    found.differsByRecipient && raw.recipients.length > 1
      ? raw.recipients.map((recipient) => [recipient])
      : [raw.recipients]
  const submissions: Submission[] = []
  for (const [index, recipients] of groups.entries()) {
    const to = recipients[0]
    if (to === undefined) continue
    const variant = rawSubmission(raw, message, { recipients, bulk })
    const rendered = renderRaw(message, found.personal, { name: '', address: to.address })
    if ('problem' in rendered) {
      problems.push(rendered.problem)
      if (!features.template.deliverOnError)
        variant.blocked = { class: 'template-error', detail: rendered.problem }
    } else {
      variant.subject = rendered.subject
      variant.content = rendered.content
    }
    if (index > 0) {
      // Receivers count repeated Message-IDs as a fault (reference/deliverability.md §1): only the first keeps it.
      variant.messageId = makeMessageId(message.from.address.domain)
      variant.content = replaceHeader(variant.content, 'message-id', `Message-ID: ${variant.messageId}\r\n`)
    }
    submissions.push(variant)
  }
  return { submissions, problems }
}

function rawSubmission(
  raw: RawSubmission,
  message: SubmittedMessage,
  { recipients, bulk }: { recipients: RawSubmission['recipients']; bulk: boolean },
): Submission {
  const { features } = message
  const options = withBulk({ ...raw.options }, bulk)
  if (features.trackOpens !== undefined) options.trackOpens = features.trackOpens
  if (features.trackClicks !== undefined) options.trackClicks = features.trackClicks
  if (features.monitoringCategory !== undefined) options.monitoringCategory = features.monitoringCategory
  const submission: Submission = {
    keyId: raw.keyId,
    door: 'smtp',
    lane: laneFor({ priority: features.priority, bulk }),
    priority: features.priority,
    envelopeFrom: raw.envelopeFrom,
    from: message.from,
    subject: message.subject,
    messageId: message.messageId,
    recipients: recipients.map(({ address, dsn }) =>
      dsn === undefined ? { address, kind: 'envelope' } : { address, kind: 'envelope', dsn },
    ),
    content: message.content,
    options,
  }
  if (features.customId !== undefined) submission.customId = features.customId
  if (features.eventPayload !== undefined) submission.eventPayload = features.eventPayload
  if (features.campaign !== undefined) submission.campaign = features.campaign
  return submission
}

/** A cheap look that lets ordinary mail pass untouched; an encoded body only hides its code when variables came along. */
function mayBePersonalised({ content, features }: SubmittedMessage): boolean {
  const { language, variables } = features.template
  return (
    language || Object.keys(variables).length > 0 || content.includes('[[var:') || content.includes('[[data:')
  )
}

type RawParts = { personalised: boolean; differsByRecipient: boolean; personal: PersonalTexts[] }

/** The subject and each text part, parsed once: the order is that in which `mapTextParts` visits them. */
function readParts(message: SubmittedMessage): RawParts {
  const { language, variables } = message.features.template
  const how = { language, variables, from: message.from }
  const texts: Texts[] = [{ subject: message.subject }]
  mapTextParts(message.content, (text, type) => {
    texts.push(type === 'text/html' ? { subject: '', html: text } : { subject: '', text })
    return text
  })
  const personal = texts.map((one) => personalise(one, how))
  return {
    personalised: texts.some((one) => isPersonalised(one, language)),
    differsByRecipient: personal.some((one) => one.differsByRecipient),
    personal,
  }
}

function renderRaw(
  message: SubmittedMessage,
  [subject, ...bodies]: readonly PersonalTexts[],
  to: Mailbox,
): { subject: string; content: Buffer } | { problem: string } {
  const rendered = subject?.render(to) ?? { texts: { subject: message.subject } }
  if ('problem' in rendered) return rendered
  let problem: string | undefined
  let visited = 0
  const content = mapTextParts(message.content, (text) => {
    const result = bodies[visited++]?.render(to)
    if (result === undefined) return text
    if ('problem' in result) {
      problem ??= result.problem
      return text
    }
    return result.texts.html ?? result.texts.text ?? text
  })
  if (problem !== undefined) return { problem }
  const newSubject = rendered.texts.subject
  if (newSubject === message.subject) return { subject: newSubject, content }
  const line = foldHeader('Subject', encodeHeaderText(newSubject, { firstLineUsed: 'Subject: '.length }))
  return { subject: newSubject, content: replaceHeader(content, 'subject', line) }
}

/** `line`: the whole new header field with its CRLF. */
function replaceHeader(content: Buffer, lowerName: string, line: string): Buffer {
  const field = readHeaderBlock(content).fields.find((one) => one.lower === lowerName)
  const start = field?.start ?? 0
  return Buffer.concat([content.subarray(0, start), Buffer.from(line), content.subarray(field?.end ?? 0)])
}
