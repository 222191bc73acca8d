/**
 * From a message that came as MIME over SMTP to finished contents: its text parts are rendered where they stand, or
 * those of a stored template in their place.
 */
import type { RecipientData, RecipientsData } from '../contacts/recipient-data.ts'
import { normaliseAddress } from '../mail/address.ts'
import { encodeHeaderText } from '../mail/encoded-words.ts'
import { foldHeader, readHeaderBlock } from '../mail/headers.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import { mapTextParts } from '../mail/text-parts.ts'
import { hasReservedTags, mayHoldTags, type UsableTemplate } from '../templates/index.ts'
import type { ContentCount } from './call-size.ts'
import type { RawSubmission } from './draft.ts'
import { laneFor, withBulk } from './lane.ts'
import { isPersonalised, type PersonalTexts, personalise, type Texts } from './personalise.ts'
import type { SubmittedMessage } from './read-submitted.ts'
import type { Submission } from './submission.ts'
import { emptyTemplate } from './use-template.ts'
import type { TemplateFault } from './variants.ts'

type RawVariants = {
  submissions: Submission[]
  /** What went wrong in the template language. */
  faults: TemplateFault[]
}

export function variantsOfRaw(
  raw: RawSubmission,
  message: SubmittedMessage,
  {
    parts,
    stored,
    known,
    senderId,
    makeMessageId,
    isBulkSender,
    size,
  }: {
    /** Of `readParts`. */
    parts: RawParts
    stored: UsableTemplate | undefined
    /** What is known of the recipients, where the texts ask for it. */
    known: RecipientsData
    senderId: number | undefined
    makeMessageId: (domain: string) => string
    /** The author is a sender of mass mail. */
    isBulkSender: boolean
    size: ContentCount
  },
): RawVariants {
  const faults: TemplateFault[] = []
  const source = message.content
  const { features } = message
  const bulk = isBulkSender || message.bulk || features.campaign !== undefined || raw.options.bulk === true
  const whole = rawSubmission(raw, message, { recipients: raw.recipients, bulk })
  if (parts.hasReservedTags) whole.options.individual = true
  const lack = templateLack(features.templateId, stored)
  if (lack !== undefined) {
    const detail = lack
    return { submissions: [{ ...whole, blocked: { class: 'template-missing', detail } }], faults }
  }
  if (features.template.variablesProblem !== undefined) {
    faults.push({ problem: features.template.variablesProblem, source })
    if (features.template.deliverOnError) return { submissions: [whole], faults }
    const blocked = { class: 'template-error', detail: features.template.variablesProblem }
    return { submissions: [{ ...whole, blocked }], faults }
  }
  if (!parts.personalised) return { submissions: [whole], faults }
  const groups =
    parts.differsByRecipient && raw.recipients.length > 1
      ? raw.recipients.map((recipient) => [recipient])
      : [raw.recipients]
  const submissions: Submission[] = []
  for (const [index, recipients] of groups.entries()) {
    const to = recipients[0]
    if (to === undefined) continue
    const variant = rawSubmission(raw, message, { recipients, bulk })
    const data = known.get(normaliseAddress(to.address))
    const rendered = renderRaw(message, parts.personal, {
      to: { name: '', address: to.address },
      data,
      senderId,
    })
    const isIndividual = 'problem' in rendered ? parts.hasReservedTags : rendered.hasReservedTags
    if (isIndividual) variant.options.individual = true
    if ('problem' in rendered) {
      faults.push({ problem: rendered.problem, source })
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
    size.add(variant.content)
    submissions.push(variant)
  }
  return { submissions, faults }
}

function templateLack(reference: string | undefined, stored: UsableTemplate | undefined): string | undefined {
  if (reference === undefined) return undefined
  if (stored !== undefined) return emptyTemplate(stored)
  return `there is no stored template ${JSON.stringify(reference)} for this API key`
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

/** A cheap look that lets ordinary mail pass untouched: it is decoded only where something says that it is worth it. */
function mayBePersonalised({ content, features }: SubmittedMessage): boolean {
  const { language, variables } = features.template
  return language || Object.keys(variables).length > 0 || mayHoldTags(content)
}

export type RawParts = {
  personalised: boolean
  differsByRecipient: boolean
  /** Tags that are replaced when the mail leaves, for each recipient. */
  hasReservedTags: boolean
  /** Subject and bodies, in the order of `personal`. */
  texts: Texts[]
  personal: PersonalTexts[]
}

const plain: RawParts = {
  personalised: false,
  differsByRecipient: false,
  hasReservedTags: false,
  texts: [],
  personal: [],
}

/** The subject and each text part, parsed once: the order is that in which `mapTextParts` visits them. */
export function readParts(
  message: SubmittedMessage,
  { stored, now }: { stored: UsableTemplate | undefined; now: number },
): RawParts {
  if (stored === undefined && !mayBePersonalised(message)) return plain
  const { language, variables } = message.features.template
  const how = { language, variables, from: message.from, stored, now }
  const texts: Texts[] = [{ subject: message.subject }]
  mapTextParts(message.content, (text, type) => {
    texts.push(type === 'text/html' ? { subject: '', html: text } : { subject: '', text })
    return text
  })
  const personal = texts.map((one) => personalise(one, how))
  return {
    personalised: texts.some((one) => isPersonalised(one, language)),
    differsByRecipient: personal.some((one) => one.differsByRecipient),
    hasReservedTags: texts.some(({ html, text }) => hasReservedTags(html ?? text ?? '')),
    texts,
    personal,
  }
}

function renderRaw(
  message: SubmittedMessage,
  [subject, ...bodies]: readonly PersonalTexts[],
  { to, data, senderId }: { to: Mailbox; data: RecipientData | undefined; senderId: number | undefined },
): { subject: string; content: Buffer; hasReservedTags: boolean } | { problem: string } {
  const rendered = subject?.render(to, data, senderId) ?? { texts: { subject: message.subject } }
  if ('problem' in rendered) return rendered
  let problem: string | undefined
  let isTagged = false
  let visited = 0
  const content = mapTextParts(message.content, (text) => {
    const result = bodies[visited++]?.render(to, data, senderId)
    if (result === undefined) return text
    if ('problem' in result) {
      problem ??= result.problem
      return text
    }
    const done = result.texts.html ?? result.texts.text ?? text
    isTagged ||= hasReservedTags(done)
    return done
  })
  if (problem !== undefined) return { problem }
  const newSubject = rendered.texts.subject
  if (newSubject === message.subject) return { subject: newSubject, content, hasReservedTags: isTagged }
  const line = foldHeader('Subject', encodeHeaderText(newSubject, { firstLineUsed: 'Subject: '.length }))
  return { subject: newSubject, content: replaceHeader(content, 'subject', line), hasReservedTags: isTagged }
}

/** `line`: the whole new header field with its CRLF. */
function replaceHeader(content: Buffer, lowerName: string, line: string): Buffer {
  const field = readHeaderBlock(content).fields.find((one) => one.lower === lowerName)
  const start = field?.start ?? 0
  return Buffer.concat([content.subarray(0, start), Buffer.from(line), content.subarray(field?.end ?? 0)])
}
