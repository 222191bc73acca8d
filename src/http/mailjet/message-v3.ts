/** One message of `/v3/send`: other names, looser types, addresses as header text (reference/send-api.md §10). */
import type { Draft, DraftAttachment } from '../../intake/draft.ts'
import { fromTemplate } from '../../intake/use-template.ts'
import { parseAddress } from '../../mail/address.ts'
import { isContentType } from '../../mail/content-type.ts'
import type { KeyId } from '../../mail/ids.ts'
import { type Mailbox, parseMailboxList, splitMailboxList } from '../../mail/mailbox.ts'
import type { UsableTemplate } from '../../templates/index.ts'
import type { TemplateReference } from '../../templates/sending.ts'
import { decodeBase64, maxAttachmentBytes, maxAttachmentMegabytes, maxAttachments } from './attachments.ts'
import { breaksHeader, judgeHeaderName, maxHeaders, maxHeaderValue } from './header-rules.ts'
import { type Properties, propertiesOf } from './properties.ts'
import { badRequest, RestError } from './rest-errors.ts'

export type DraftV3 = {
  /** Without its key; `to` is empty when there are `separate` recipients. */
  draft: Draft
  separate?: readonly { mailbox: Mailbox; variables: Record<string, unknown> }[]
}

const maxPerField = 50
const maxRecipients = 100
const maxTextLengths = {
  Subject: 255,
  'Mj-CustomID': 512,
  'Mj-campaign': 255,
  'Mj-EventPayLoad': 65_536,
} as const

/** Finds what `templateOf` names. */
export type FindTemplate = (reference: TemplateReference) => UsableTemplate | undefined

export function readMessageV3(message: unknown, find: FindTemplate): DraftV3 {
  const given = propertiesOf(message)
  if (given === undefined) throw badRequest('Every message must be an object')
  const stored = readTemplate(given, find)
  const from = readFrom(given, stored?.defaults.from)
  const separate = readRecipients(given)
  const { mailboxes: to, invalid } = readList(given, 'To')
  const { mailboxes: cc } = readList(given, 'Cc')
  const { mailboxes: bcc } = readList(given, 'Bcc')
  if (separate !== undefined && to.length + cc.length + bcc.length > 0) {
    throw badRequest('"Recipients" cannot be combined with "To", "Cc" or "Bcc"')
  }
  if (separate === undefined && to.length === 0) {
    if (invalid !== undefined) throw invalidAddress(invalid)
    throw badRequest(
      has(given, 'To') || has(given, 'Recipients')
        ? 'At least 1 "to" value required'
        : 'Missing "To" or "Recipients" property',
    )
  }
  const headers = readHeaders(given)
  const text = readText(given, 'Text-part') || undefined
  const html = readText(given, 'Html-part') || undefined
  if (text === undefined && html === undefined && stored === undefined) {
    throw badRequest('At least "Html-part", "Text-part" or "Mj-TemplateID" must be provided.')
  }
  const category = readText(given, 'Mj-MonitoringCategory')
  if (category)
    throw badRequest(`Monitoring category "${category.slice(0, 100)}" doesn't exist for your account.`)
  const attachments = readAttachments(given, 'Attachments')
  const inline = readAttachments(given, 'Inline_attachments')
  const bytes = [...attachments, ...inline].reduce((sum, { content }) => sum + content.length, 0)
  if (bytes > maxAttachmentBytes) {
    throw badRequest(`Attachments must be less than ${maxAttachmentMegabytes}MB in total`)
  }
  const campaign = readLine(given, 'Mj-campaign')
  const deduplicate = readFlag(given, 'Mj-deduplicatecampaign')
  if (deduplicate && !campaign) throw badRequest('"Mj-deduplicatecampaign" needs "Mj-campaign"')

  const draft: Draft = {
    keyId: 0 as KeyId,
    door: 'api',
    lane: 'transactional',
    priority: readChoice(given, 'Mj-prio', [0, 1, 2, 3]) ?? 2,
    from,
    replyTo: headers.replyTo,
    to,
    cc,
    bcc,
    subject: headers.subject ?? readLine(given, 'Subject') ?? '',
    text,
    html,
    attachments,
    // They are referred to by their name: cid:<Filename>.
    inlineAttachments: inline.map((file) => ({ ...file, contentId: file.filename })),
    headers: headers.others,
    customId: readLine(given, 'Mj-CustomID'),
    eventPayload: readText(given, 'Mj-EventPayLoad'),
    campaign: campaign ? { name: campaign, deduplicate } : undefined,
    template: {
      language: readFlag(given, 'Mj-TemplateLanguage'),
      variables: readVariables(given),
      reportErrorsTo: readReportAddress(given),
      deliverOnError: readFlag(given, 'MJ-TemplateErrorDeliver'),
    },
    options: {
      trackOpens: trackings[readChoice(given, 'Mj-trackopen', [0, 1, 2]) ?? 0],
      trackClicks: trackings[readChoice(given, 'Mj-trackclick', [0, 1, 2]) ?? 0],
    },
  }
  return { draft: stored === undefined ? draft : fromTemplate(draft, stored), separate }
}

/** A number is an id, and so is text of digits; other text is a name. Undefined where none is asked for. */
export function templateOf(message: unknown): TemplateReference | undefined {
  const value = get(propertiesOf(message) ?? new Map(), 'Mj-TemplateID')
  if (typeof value === 'number') return { id: Number.isSafeInteger(value) ? value : 0 }
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const text = value.trim()
  return /^\d{1,15}$/.test(text) ? { id: Number(text) } : { name: text.toWellFormed().replaceAll('\0', '') }
}

function readTemplate(given: Properties, find: FindTemplate): UsableTemplate | undefined {
  const value = get(given, 'Mj-TemplateID')
  if (value === undefined || value === '') return undefined
  const reference = templateOf(Object.fromEntries(given))
  const stored = reference && find(reference)
  if (stored !== undefined) return stored
  throw badRequest(`Template id "${String(value).slice(0, 100)}" doesn't exist for your account.`)
}

/** 0 is the account's default. Not the numbers of the SMTP headers. */
const trackings = [undefined, 'disabled', 'enabled'] as const

function get(given: Properties, name: string): unknown {
  return given.get(name.toLowerCase()) ?? undefined
}

function has(given: Properties, name: string): boolean {
  return get(given, name) !== undefined
}

function readText(given: Properties, name: string): string | undefined {
  const value = get(given, name)
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw badRequest(`"${name}" is not string type`)
  const max = name in maxTextLengths ? maxTextLengths[name as keyof typeof maxTextLengths] : undefined
  if (max !== undefined && value.length > max) {
    throw badRequest(`"${name}" is too long, at most ${max} characters are allowed`)
  }
  if (max !== undefined && value.includes('\0')) throw badRequest(`Invalid characters detected in "${name}"`)
  return value.toWellFormed()
}

/** Text for a header: nothing in it may end the line. */
function readLine(given: Properties, name: string): string | undefined {
  const text = readText(given, name)
  if (text !== undefined && breaksHeader(text)) throw badRequest(`Invalid characters detected in "${name}"`)
  return text
}

function readFlag(given: Properties, name: string): boolean {
  const value = get(given, name)
  if (value === undefined || value === false || value === 0) return false
  if (value === true || value === 1) return true
  const word = typeof value === 'string' ? value.toLowerCase() : undefined
  if (word === 'true' || word === '1' || word === 'deliver') return true
  if (word === 'false' || word === '0' || word === '') return false
  throw badRequest(`"${name}" is not boolean type`)
}

function readChoice(given: Properties, name: string, allowed: readonly number[]): number | undefined {
  const value = get(given, name)
  if (value === undefined) return undefined
  const number = typeof value === 'string' && /^\d$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && allowed.includes(number)) return number
  throw badRequest(`"${name}" is invalid. Allowed values are: ${allowed.join(', ')}`)
}

function readFrom(given: Properties, initial: Mailbox | undefined): Mailbox {
  const email = readLine(given, 'FromEmail')
  const name = readLine(given, 'FromName') ?? ''
  if (get(given, 'Sender') !== undefined && get(given, 'Sender') !== false) {
    throw new RestError(
      403,
      'The "Sender" property is not enabled for your API key. Give the address in "FromEmail" alone.',
    )
  }
  if (!email && initial !== undefined) return name === '' ? initial : { ...initial, name }
  if (!email) throw badRequest('At least FromEmail or Sender must be provided')
  const [mailbox, ...more] = parseMailboxList(email) ?? []
  if (mailbox === undefined || more.length > 0) throw invalidAddress(email)
  return name === '' ? mailbox : { ...mailbox, name }
}

/**
 * `To` and its like are header text: a comma-separated list. Entries that are no address are left out, and the answer
 * lists those that are sent to; `invalid` is the first of them.
 */
function readList(
  given: Properties,
  name: 'To' | 'Cc' | 'Bcc',
): { mailboxes: Mailbox[]; invalid: string | undefined } {
  const text = readLine(given, name)
  if (text === undefined) return { mailboxes: [], invalid: undefined }
  const whole = parseMailboxList(text)
  const entries = whole === undefined ? splitMailboxList(text) : []
  const mailboxes = whole ?? entries.flatMap((entry) => parseMailboxList(entry) ?? [])
  if (mailboxes.length > maxPerField) throw badRequest(`Too many recipients in ${name}`)
  return { mailboxes, invalid: entries.find((entry) => parseMailboxList(entry) === undefined) }
}

function invalidAddress(text: string): RestError {
  return badRequest(`"${text.trim().slice(0, 320)}" is an invalid email address.`)
}

function readRecipients(given: Properties): DraftV3['separate'] {
  const value = get(given, 'Recipients')
  if (value === undefined) return undefined
  if (!Array.isArray(value)) throw badRequest('"Recipients" is not an array')
  if (value.length === 0) return undefined
  if (value.length > maxRecipients) throw badRequest('Too many recipients in Recipients')
  const invalid: string[] = []
  const read = value.flatMap((one: unknown) => {
    const recipient = propertiesOf(one)
    const email = recipient && readLine(recipient, 'Email')
    if (recipient === undefined || !email) throw badRequest('Every recipient needs an "Email"')
    const name = readLine(recipient, 'Name') ?? ''
    const variables = readVariables(recipient)
    const address = parseAddress(email)
    if (address !== undefined) return [{ mailbox: { name, address }, variables }]
    invalid.push(email)
    return []
  })
  if (read.length === 0) throw invalidAddress(invalid[0] ?? '')
  return read
}

function readVariables(given: Properties): Record<string, unknown> {
  const value = get(given, 'Vars')
  if (value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw badRequest('"Vars" is not JSON object type')
  return value as Record<string, unknown>
}

function readReportAddress(given: Properties): Mailbox | undefined {
  const email = readLine(given, 'MJ-TemplateErrorReporting')
  if (!email) return undefined
  const address = parseAddress(email)
  if (address === undefined) throw invalidAddress(email)
  return { name: '', address }
}

function readHeaders(given: Properties): {
  replyTo: Mailbox[]
  subject?: string
  others: [string, string][]
} {
  const value = get(given, 'Headers')
  const result: { replyTo: Mailbox[]; subject?: string; others: [string, string][] } = {
    replyTo: [],
    others: [],
  }
  if (value === undefined) return result
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('"Headers" is not JSON object type')
  }
  const entries = new Map(
    Object.entries(value).map(([name, header]) => [name.toLowerCase(), { name, header }]),
  )
  if (entries.size > maxHeaders) throw badRequest(`Too many headers, at most ${maxHeaders} are allowed`)
  for (const [lower, { name, header }] of entries) {
    const shown = name.slice(0, 200).toWellFormed()
    if (header === null) continue
    if (typeof header !== 'string') throw badRequest(`Header "${shown}" is not string type`)
    if (breaksHeader(header) || header.length > maxHeaderValue) {
      throw badRequest(`Invalid characters detected in header "${shown}"`)
    }
    if (lower === 'reply-to') result.replyTo = readReplyTo(header)
    else if (lower === 'subject') result.subject = header.slice(0, maxTextLengths.Subject).toWellFormed()
    else {
      const judgement = judgeHeaderName(name)
      if (judgement === 'bad-name') throw badRequest(`Invalid characters detected in header "${shown}"`)
      if (judgement === 'forbidden')
        throw badRequest(`Header "${shown}" cannot be customized using "Headers"`)
      if (judgement === 'ok') result.others.push([name, header.toWellFormed()])
    }
  }
  return result
}

function readReplyTo(header: string): Mailbox[] {
  const list = parseMailboxList(header)
  if (list === undefined) throw invalidAddress(header)
  return list
}

function readAttachments(given: Properties, name: string): DraftAttachment[] {
  const value = get(given, name)
  if (value === undefined) return []
  if (!Array.isArray(value)) throw badRequest(`"${name}" is not an array`)
  if (value.length > maxAttachments)
    throw badRequest(`Too many elements in "${name}", at most ${maxAttachments}`)
  return value.map((one: unknown, index) => {
    const file = propertiesOf(one)
    const contentType = file && readLine(file, 'Content-type')?.trim()
    const filename = file && readLine(file, 'Filename')
    const content = file && readText(file, 'content')
    if (!contentType || !filename || !content) {
      throw badRequest(`${name}[${index}] needs "Content-type", "Filename" and "content"`)
    }
    if (!isContentType(contentType)) throw badRequest(`"Content-type" of ${name}[${index}] is no MIME type`)
    const bytes = decodeBase64(content)
    if (bytes === undefined) throw badRequest(`"content" of ${name}[${index}] is not Base64 text`)
    return { contentType, filename, content: bytes }
  })
}
