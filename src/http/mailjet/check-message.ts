/** The rules of one v3.1 message (reference/send-api.md §3-5, §7): every fault with its path, or a draft to send. */
import type { Draft, DraftAttachment } from '../../intake/draft.ts'
import { fromTemplate } from '../../intake/use-template.ts'
import { parseAddress } from '../../mail/address.ts'
import { isContentType } from '../../mail/content-type.ts'
import type { KeyId } from '../../mail/ids.ts'
import type { Mailbox } from '../../mail/mailbox.ts'
import type { UsableTemplate } from '../../templates/index.ts'
import {
  base64Rule,
  decodeBase64,
  maxAttachmentBytes,
  maxAttachmentMegabytes,
  maxAttachments,
} from './attachments.ts'
import {
  type ApiError,
  emptyArray,
  emptyString,
  invalidEmail,
  invalidValue,
  missing,
  payloadTooLarge,
  tooLong,
  tooMany,
} from './errors.ts'
import type { AddressIn, AttachmentIn, Fields, HeadersIn } from './fields-v31.ts'
import {
  breaksHeader,
  headerNameRule,
  headerTextRule,
  judgeHeaderName,
  maxHeaders,
  maxHeaderValue,
} from './header-rules.ts'

const maxSubject = 255
const maxUrlTags = 256
const maxCampaign = 255
/** Indexed: databases bound what an index entry may hold. */
const maxCustomId = 512
const maxEventPayload = 65_536
const maxName = 1_000
const maxVariables = 10_000

export type CheckedMessage = {
  errors: ApiError[]
  /** Meaningful only without errors. */
  draft: Draft
  /** HTML stands in the call and in the template: the template's wins, unless the call asks for strictness. */
  isDoubled: boolean
  /** The template of the call is none that the key may use: the mail is blocked, unless the call asks for strictness. */
  unknownTemplate?: number | undefined
  /** It asks for a `Sender`, which no key may: the mail is blocked, unless the call asks for strictness. */
  namesSender: boolean
  /** As written in the request, in the order of the draft's recipients: answers repeat them. */
  emails: { to: readonly string[]; cc: readonly string[]; bcc: readonly string[] }
}

/** `decoded` remembers attachments by the array they came in: Globals share theirs between messages. */
export type Decoded = Map<readonly AttachmentIn[], DecodedAttachments>
type DecodedAttachments = {
  files: (DraftAttachment & { contentId: string })[]
  errors: readonly ApiError[]
  sizeBytes: number
}

/** Stored templates that the key may send with, by number. */
export type UsableTemplates = ReadonlyMap<number, UsableTemplate>

export function checkMessage(
  fields: Fields,
  { keyId, decoded, templates }: { keyId: KeyId; decoded: Decoded; templates: UsableTemplates },
): CheckedMessage {
  const errors: ApiError[] = []
  const stored = fields.templateId === undefined ? undefined : templates.get(fields.templateId)
  const templateFrom = fields.from === undefined ? stored?.defaults.from : undefined
  const from = templateFrom ?? checkAddress(fields.from, 'From', errors)
  const to = fields.to === undefined ? [] : checkAddresses(fields.to, 'To', errors)
  if (fields.to === undefined) errors.push(missing('To'))
  else if (fields.to.length === 0) errors.push(emptyArray('To'))
  const cc = checkAddresses(fields.cc ?? [], 'Cc', errors)
  const bcc = checkAddresses(fields.bcc ?? [], 'Bcc', errors)
  const replyTo = fields.replyTo === undefined ? undefined : checkAddress(fields.replyTo, 'ReplyTo', errors)
  if (fields.sender !== undefined) checkAddress(fields.sender, 'Sender', errors)

  checkHeaderText('Subject', fields.subject, maxSubject, errors)
  checkHeaderText('CustomID', fields.customId, maxCustomId, errors)
  checkHeaderText('CustomCampaign', fields.customCampaign, maxCampaign, errors)
  checkHeaderText('URLTags', fields.urlTags, maxUrlTags, errors)
  checkPayload(fields.eventPayload, errors)
  checkContent(fields, errors)
  const reportErrorsTo = checkTemplate(fields, errors)
  checkChoices(fields, errors)
  const headers = checkHeaders(fields.headers, errors)
  const attachments = decodeAttachments('Attachments', fields.attachments, decoded)
  const inline = decodeAttachments('InlinedAttachments', fields.inlineAttachments, decoded)
  errors.push(...attachments.errors, ...inline.errors)
  if (attachments.sizeBytes + inline.sizeBytes > maxAttachmentBytes) {
    errors.push(payloadTooLarge(maxAttachmentMegabytes, ['Attachments', 'InlinedAttachments']))
  }

  const unknownTemplate = stored === undefined ? fields.templateId : undefined
  const draft: Draft = {
    keyId,
    door: 'api',
    lane: 'transactional',
    priority: fields.priority ?? 2,
    from: from ?? nobody,
    senderRefusal: fields.sender === undefined ? undefined : senderNotEnabled.message,
    replyTo: replyTo === undefined ? [] : [replyTo],
    to,
    cc,
    bcc,
    subject: fields.subject ?? '',
    text: fields.text || undefined,
    html: fields.html || undefined,
    attachments: attachments.files,
    inlineAttachments: inline.files,
    headers,
    customId: fields.customId,
    eventPayload: fields.eventPayload,
    campaign:
      fields.customCampaign === undefined || fields.customCampaign === ''
        ? undefined
        : { name: fields.customCampaign, deduplicate: fields.deduplicateCampaign ?? false },
    urlTags: fields.urlTags || undefined,
    template: {
      language: fields.templateLanguage ?? false,
      variables: fields.variables ?? {},
      reportErrorsTo,
      deliverOnError: fields.templateErrorDeliver ?? false,
      missing:
        unknownTemplate === undefined
          ? undefined
          : `there is no stored template ${unknownTemplate} for this API key`,
    },
    options: {
      trackOpens: trackingOf(fields.trackOpens),
      trackClicks: trackingOf(fields.trackClicks),
      statisticsContactsListId: fields.statisticsContactsListId,
    },
  }
  const written = (addresses: readonly AddressIn[] | undefined) =>
    (addresses ?? []).map((one) => one.email ?? '')
  return {
    errors,
    draft: stored === undefined ? draft : fromTemplate(draft, stored),
    isDoubled: Boolean(fields.html && stored?.content.html),
    unknownTemplate,
    namesSender: fields.sender !== undefined,
    emails: { to: written(fields.to), cc: written(fields.cc), bcc: written(fields.bcc) },
  }
}

/** Holds the place of an address that was refused: its draft is never sent. */
const nobody: Mailbox = { name: '', address: { local: '', domain: '' } }

export const senderNotEnabled: ApiError = {
  code: 'send-0006',
  status: 403,
  message: 'The "Sender" property is not enabled for your API key.',
  relatedTo: ['Sender'],
}

function checkAddresses(addresses: readonly AddressIn[], property: string, errors: ApiError[]): Mailbox[] {
  return addresses.map((one, index) => checkAddress(one, `${property}[${index}]`, errors) ?? nobody)
}

function checkAddress(
  given: AddressIn | undefined,
  property: string,
  errors: ApiError[],
): Mailbox | undefined {
  if (given === undefined) {
    errors.push(missing(property))
    return undefined
  }
  const name = given.name ?? ''
  checkHeaderText(`${property}.Name`, name, maxName, errors)
  const path = `${property}.Email`
  if (given.email === undefined) errors.push(missing(path))
  else if (given.email === '') errors.push(emptyString(path))
  else {
    const address = parseAddress(given.email)
    if (address !== undefined) return { name, address }
    errors.push(invalidEmail(path, given.email))
  }
  return undefined
}

/** Text that stands in a header, or is printed in one line: nothing in it may end that line. */
function checkHeaderText(property: string, text: string | undefined, max: number, errors: ApiError[]): void {
  if (text === undefined) return
  if (text.length > max && [...text].length > max) errors.push(tooLong(property, max))
  else if (breaksHeader(text)) errors.push(invalidValue(property, text, headerTextRule))
}

function checkPayload(payload: string | undefined, errors: ApiError[]): void {
  if (payload === undefined) return
  if (payload.length > maxEventPayload) errors.push(tooLong('EventPayload', maxEventPayload))
  else if (payload.includes('\0')) {
    errors.push(invalidValue('EventPayload', payload.slice(0, 100), 'text without NUL characters'))
  }
}

function checkContent({ text, html, templateId }: Fields, errors: ApiError[]): void {
  if (templateId === undefined && !text && !html) {
    errors.push({
      code: 'send-0003',
      status: 400,
      message: 'At least "HTMLPart", "TextPart" or "TemplateID" must be provided.',
      relatedTo: ['TextPart', 'HTMLPart', 'TemplateID'],
    })
  }
}

function checkTemplate(fields: Fields, errors: ApiError[]): Mailbox | undefined {
  const { templateLanguage, templateErrorReporting, templateErrorDeliver } = fields
  const reportsWithout = templateErrorReporting !== undefined && templateLanguage !== true
  if (reportsWithout || (templateErrorDeliver === true && templateLanguage === undefined)) {
    errors.push({
      code: 'send-0016',
      status: 400,
      message:
        '"TemplateErrorReporting" can only be used when "TemplateLanguage" is true, and "TemplateErrorDeliver" when it is given.',
      relatedTo: ['TemplateLanguage'],
    })
  }
  const { variables } = fields
  if (variables !== undefined && Object.keys(variables).length > maxVariables) {
    errors.push(tooMany('Variables', maxVariables))
  }
  return templateErrorReporting && checkAddress(templateErrorReporting, 'TemplateErrorReporting', errors)
}

const priorities = [0, 1, 2, 3]
const trackings = ['account_default', 'disabled', 'enabled']

function checkChoices(fields: Fields, errors: ApiError[]): void {
  const { priority, trackOpens, trackClicks, customCampaign, deduplicateCampaign, monitoringCategory } =
    fields
  if (priority !== undefined && !priorities.includes(priority)) {
    errors.push(invalidValue('Priority', String(priority), priorities.join(', ')))
  }
  for (const [property, value] of [
    ['TrackOpens', trackOpens],
    ['TrackClicks', trackClicks],
  ] as const) {
    if (value !== undefined && !trackings.includes(value.toLowerCase())) {
      errors.push(invalidValue(property, value, trackings.join(', ')))
    }
  }
  if (deduplicateCampaign === true && !customCampaign) {
    errors.push({
      code: 'send-0012',
      status: 400,
      message: '"DeduplicateCampaign" can only be used together with "CustomCampaign".',
      relatedTo: ['CustomCampaign', 'DeduplicateCampaign'],
    })
  }
  if (monitoringCategory) {
    errors.push({
      code: 'send-0013',
      status: 400,
      message: `Monitoring category "${monitoringCategory.slice(0, 100).toWellFormed()}" doesn't exist for your account.`,
      relatedTo: ['MonitoringCategory'],
    })
  }
}

function trackingOf(value: string | undefined): 'enabled' | 'disabled' | undefined {
  const lower = value?.toLowerCase()
  return lower === 'enabled' || lower === 'disabled' ? lower : undefined
}

function checkHeaders(headers: HeadersIn | undefined, errors: ApiError[]): [string, string][] {
  if (headers === undefined) return []
  if (headers.size > maxHeaders) {
    errors.push(tooMany('Headers', maxHeaders))
    return []
  }
  const kept: [string, string][] = []
  for (const { name, value } of headers.values()) {
    const property = `Headers["${name.slice(0, 200).toWellFormed()}"]`
    switch (judgeHeaderName(name)) {
      case 'forbidden':
        errors.push({
          code: 'send-0011',
          status: 400,
          message:
            'Header cannot be customized using the "Headers" collection. Please use the dedicated property to set this header.',
          relatedTo: [property],
        })
        break
      case 'bad-name':
        errors.push(invalidValue(property, name, headerNameRule))
        break
      case 'ok':
        if (value.length > maxHeaderValue) errors.push(tooLong(property, maxHeaderValue))
        else if (breaksHeader(value)) errors.push(invalidValue(property, value, headerTextRule))
        else kept.push([name, value])
        break
      case 'ignored':
        break
    }
  }
  return kept
}

function decodeAttachments(
  property: 'Attachments' | 'InlinedAttachments',
  given: readonly AttachmentIn[] | undefined,
  decoded: Decoded,
): DecodedAttachments {
  if (given === undefined) return { files: [], errors: [], sizeBytes: 0 }
  const known = decoded.get(given)
  if (known !== undefined) return known
  const files: DecodedAttachments['files'] = []
  const errors: ApiError[] = []
  let sizeBytes = 0
  if (given.length > maxAttachments) errors.push(tooMany(property, maxAttachments))
  else {
    for (const [index, attachment] of given.entries()) {
      const file = decodeAttachment(attachment, `${property}[${index}]`, errors)
      if (file === undefined) continue
      files.push(file)
      sizeBytes += file.content.length
    }
  }
  const result = { files, errors, sizeBytes }
  decoded.set(given, result)
  return result
}

function decodeAttachment(
  { contentType, filename, content, contentId }: AttachmentIn,
  path: string,
  errors: ApiError[],
): (DraftAttachment & { contentId: string }) | undefined {
  const before = errors.length
  for (const [name, value] of [
    ['ContentType', contentType],
    ['Filename', filename],
    ['Base64Content', content],
  ] as const) {
    if (value === undefined) errors.push(missing(`${path}.${name}`))
    else if (value === '') errors.push(emptyString(`${path}.${name}`))
  }
  if (contentType && !isContentType(contentType.trim())) {
    errors.push(invalidValue(`${path}.ContentType`, contentType, 'MIME types such as application/pdf'))
  }
  checkHeaderText(`${path}.Filename`, filename, maxName, errors)
  checkHeaderText(`${path}.ContentID`, contentId, maxName, errors)
  if (contentId !== undefined && /[<>]/.test(contentId)) {
    errors.push(invalidValue(`${path}.ContentID`, contentId, 'text without angle brackets'))
  }
  const bytes = content === undefined ? undefined : decodeBase64(content)
  if (content && bytes === undefined) {
    errors.push(invalidValue(`${path}.Base64Content`, content.slice(0, 40), base64Rule))
  }
  if (errors.length > before || bytes === undefined || !contentType || !filename) return undefined
  // Without a ContentID an inline file is referred to by its name: cid:<Filename> (§4).
  return { contentType: contentType.trim(), filename, content: bytes, contentId: contentId || filename }
}
