/**
 * The mail of one recipient. What is the same for everybody is read and parsed once for each mailing; then placeholders
 * are replaced, and links and header fields of their own put in. What cannot be rendered is not sent, never half of it.
 */
import { LRUCache } from 'lru-cache'
import type { Person } from '../contacts/persons.ts'
import type { HandedWork } from '../intake/hand-over.ts'
import { formatAddress, parseAddress } from '../mail/address.ts'
import { composeTexts } from '../mail/compose.ts'
import { formatDate } from '../mail/date.ts'
import { decodeEncodedWords, encodeHeaderText } from '../mail/encoded-words.ts'
import { findHeaderValue, foldHeader, readHeaderBlock } from '../mail/headers.ts'
import { formatMailbox, type Mailbox, parseMailboxList } from '../mail/mailbox.ts'
import { ownMessageId } from '../mail/own-message-id.ts'
import { mapTextParts } from '../mail/text-parts.ts'
import {
  type Fault,
  parseTemplate,
  predefinedTag,
  type RenderLimits,
  renderTemplate,
  replacePlaceholders,
  replaceReservedTags,
  type Template,
  type TemplateContext,
  type TemplateError,
} from '../templates/index.ts'
import { fillMarks, markLinks, withoutMarks } from '../tracking/marked-links.ts'
import type { OwnLinks } from '../tracking/own-links.ts'
import type { Linked } from '../tracking/personal.ts'
import type { MailingTexts } from './compose-mailing.ts'
import { withoutFooters } from './footer.ts'

export type MailingPart = keyof MailingTexts

/** Why there is no mail: one part of it could not be made. */
export type Unmade = {
  part: MailingPart
  /** In Mailjet's words. */
  problem: string
  /** Its `start` is a place in `source`, which has the lines of what the author wrote, but with links marked. */
  fault: Fault
  source: string
}

export type Rendered = { texts: MailingTexts } | Unmade

/** Of which every recipient's is made. */
export type ParsedMailing = {
  from: Mailbox
  parts: { [Name in keyof MailingTexts]: Template | string }
  /** Why nobody gets it. */
  unmade: Unmade | undefined
}

export type RenderFacts = {
  to: Mailbox
  person: Person | undefined
  /** Where the texts ask for it. */
  senderId?: number | undefined
  links: OwnLinks
  now: number
}

const partNames = ['subject', 'html', 'text'] as const
const dayMs = 86_400_000
/** RFC 5322 §2.1.1 leaves that much of a line. */
const longestSubject = 900

export function parseMailing(
  texts: MailingTexts,
  { from, usesLanguage }: { from: Mailbox; usesLanguage: boolean },
): ParsedMailing {
  const parts: ParsedMailing['parts'] = { subject: '' }
  let unmade: Unmade | undefined
  for (const name of partNames) {
    const text = texts[name]
    if (text === undefined) continue
    const source = name === 'html' ? markLinks(text) : text
    const parsed = usesLanguage ? parseTemplate(source, { placeholders: true }) : source
    if (typeof parsed === 'object' && 'problem' in parsed) unmade ??= toUnmade(name, source, parsed)
    else parts[name] = parsed
  }
  return { from, parts, unmade }
}

/** As the author wrote it: the marks of links are ours. */
function toUnmade(part: MailingPart, source: string, { problem, fault }: TemplateError): Unmade {
  const { words, start } = fault
  return {
    ...{ part, source },
    problem: `${part}: ${withoutMarks(problem)}`,
    fault: { words: withoutMarks(words), start },
  }
}

export function renderParts({ parts, from, unmade }: ParsedMailing, facts: RenderFacts): Rendered {
  if (unmade !== undefined) return unmade
  const { links } = facts
  const context = contextOf(from, facts)
  const texts: MailingTexts = { subject: '' }
  for (const name of partNames) {
    const part = parts[name]
    if (part === undefined) continue
    const rendered =
      typeof part === 'string'
        ? { text: replacePlaceholders(part, context) }
        : renderTemplate(part, { ...context, limits: limitsFor(part.source) })
    if ('problem' in rendered) return toUnmade(name, typeof part === 'string' ? part : part.source, rendered)
    const isHtml = name === 'html'
    texts[name] = replaceReservedTags(isHtml ? fillMarks(rendered.text, links) : rendered.text, {
      ...links,
      isHtml,
      isWrittenMail: true,
    })
  }
  // A value may hold line breaks; in a subject they would end the header.
  texts.subject = texts.subject
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, longestSubject)
    .toWellFormed()
  return { texts }
}

/**
 * Much narrower than for a message that somebody waits for: this is done once for each recipient, between other mail. Room
 * for what contacts bring along, and for a part that repeats itself.
 */
function limitsFor(source: string): RenderLimits {
  return { characters: 4 * source.length + 200_000, steps: 20_000 + source.length }
}

function contextOf(from: Mailbox, { to, person, senderId, links, now }: RenderFacts): TemplateContext {
  const since = (at: number | null | undefined, days: number) => at != null && now - at <= days * dayMs
  return {
    variables: {},
    contactData: person?.properties ?? {},
    contact: { ...partyOf(to), ...(person !== undefined && { id: person.id }) },
    sender: { ...partyOf(from), ...(senderId !== undefined && { id: senderId }) },
    predefined(name) {
      const tag = predefinedTag(name)
      // Where the page is not known yet, the tag for it is.
      return tag && replaceReservedTags(tag, { ...links, isHtml: false })
    },
    hasOpenedSince: (days) => since(person?.lastOpenAt, days),
    hasClickedSince: (days) => since(person?.lastClickAt, days),
  }
}

function partyOf({ name, address }: Mailbox) {
  return { email: formatAddress(address), localPart: address.local, domain: address.domain, name }
}

/** Fields that are written anew for each recipient, or with the texts. */
const written = new Set([
  'date',
  'to',
  'subject',
  'message-id',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
])

type StoredMailing = ParsedMailing & {
  /** Header fields that are the same for everybody. */
  fields: string
  messageId: string
}

/** `content` as composeMailing made it. */
function readStored(
  content: Buffer,
  { usesLanguage, isForAnybody }: { usesLanguage: boolean; isForAnybody: boolean },
): StoredMailing {
  const header = readHeaderBlock(content)
  const [from] = parseMailboxList(findHeaderValue(content, header, 'from') ?? '') ?? []
  if (from === undefined) throw new Error('the stored mail of a mailing has no author')
  const texts: MailingTexts = {
    subject: decodeEncodedWords(findHeaderValue(content, header, 'subject') ?? ''),
  }
  mapTextParts(content, (text, type) => {
    texts[type === 'text/html' ? 'html' : 'text'] = text
    return text
  })
  return {
    ...parseMailing(isForAnybody ? withoutFooters(texts) : texts, { from, usesLanguage }),
    fields: header.fields
      .filter(({ lower }) => !written.has(lower))
      .map(({ start, end }) => content.toString('utf8', start, end))
      .join(''),
    messageId: findHeaderValue(content, header, 'message-id') ?? '',
  }
}

export type Renderer = ReturnType<typeof createRenderer>

export function createRenderer({ linksFor, now }: { linksFor(linked: Linked): OwnLinks; now(): number }) {
  const known = new LRUCache<number, StoredMailing>({
    max: 50,
    maxSize: 32 * 1024 * 1024,
  })

  function read(
    { message: { id, options }, content }: Pick<HandedWork, 'message' | 'content'>,
    { isForAnybody }: { isForAnybody: boolean },
  ): StoredMailing {
    const place = isForAnybody ? -id : id
    const found = known.get(place)
    if (found !== undefined) return found
    const parsed = readStored(content, { usesLanguage: options.rawBraces !== true, isForAnybody })
    // As text, and about as much again for what was parsed of it.
    known.set(place, parsed, { size: content.length * 4 + 1 })
    return parsed
  }

  function textsOfRecipient(
    { message, content }: Pick<HandedWork, 'message' | 'content'>,
    { recipient, isTracked }: { recipient: HandedWork['recipients'][number]; isTracked: boolean },
  ) {
    const stored = read({ message, content }, { isForAnybody: false })
    const address = parseAddress(recipient.address)
    if (address === undefined) throw new Error(`delivery ${recipient.deliveryId} is to no address`)
    const to = { name: (recipient.person?.name ?? '').replace(/\p{Cc}+/gu, ' ').trim(), address }
    const { open, click, ...others } = linksFor({ message, recipient, content })
    const links = isTracked ? { ...others, ...(open && { open }), ...(click && { click }) } : others
    const rendered = renderParts(stored, {
      ...{ to, person: recipient.person, links, now: now() },
      senderId: message.options.senderId,
    })
    return { stored, to, links, rendered }
  }

  return {
    /** The whole content for the only recipient of the work, or why there is none. */
    ofWork({ id, message, recipients, content }: HandedWork): Buffer | { class: string; detail: string } {
      const [recipient, second] = recipients
      if (recipient === undefined || second !== undefined) {
        throw new Error(`work ${id} has ${recipients.length} recipients; mail of a mailing has one`)
      }
      const { stored, to, links, rendered } = textsOfRecipient(
        { message, content },
        { recipient, isTracked: true },
      )
      if ('problem' in rendered) return { class: 'template-error', detail: rendered.problem }
      const { subject, html, text } = rendered.texts
      const header = [
        `Date: ${formatDate(now())}\r\n`,
        stored.fields,
        foldHeader('To', formatMailbox(to)),
        foldHeader('Subject', encodeHeaderText(subject, { firstLineUsed: 'Subject: '.length })),
        // The same at every attempt, and no other recipient's.
        foldHeader('Message-ID', ownMessageId(stored.messageId, recipient.deliveryId)),
        ...links.fields,
      ]
      const texts = composeTexts(
        { ...(html !== undefined && { html }), ...(text !== undefined && { text }) },
        { inline: [], attached: [] },
      )
      return Buffer.concat([Buffer.from(header.join('')), texts])
    },

    /** The texts as a page shows them to a recipient, or to anybody: nothing in them is tracked. */
    textsFor(
      mail: Pick<HandedWork, 'message' | 'content'>,
      recipient: HandedWork['recipients'][number] | undefined,
    ): Rendered {
      if (recipient !== undefined) return textsOfRecipient(mail, { recipient, isTracked: false }).rendered
      const stored = read(mail, { isForAnybody: true })
      const { senderId } = mail.message.options
      const to = { name: '', address: { local: '', domain: '' } }
      const nobody = { deliveryId: mail.message.id, address: '' }
      const { shared = '#' } = linksFor({ ...mail, recipient: nobody })
      const links = { unsubscribe: '#', online: shared, address: '', fields: [] }
      return renderParts(stored, { to, person: undefined, senderId, links, now: now() })
    },
  }
}
