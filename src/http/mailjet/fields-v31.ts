/** A message as v3.1 sends it, its types checked and nothing else (reference/send-api.md §2-4). */
import {
  arrayOf,
  boolean,
  integer,
  mismatch,
  object,
  propertiesOf,
  type Reader,
  readProperty,
  string,
  stringsByName,
} from './properties.ts'

export type AddressIn = { email?: string; name?: string }
export type AttachmentIn = {
  contentType?: string
  filename?: string
  content?: string
  contentId?: string
}
export type HeadersIn = ReadonlyMap<string, { name: string; value: string }>

export type Fields = {
  from?: AddressIn
  sender?: AddressIn
  to?: AddressIn[]
  cc?: AddressIn[]
  bcc?: AddressIn[]
  replyTo?: AddressIn
  subject?: string
  text?: string
  html?: string
  templateId?: number
  templateLanguage?: boolean
  templateErrorReporting?: AddressIn
  templateErrorDeliver?: boolean
  variables?: Record<string, unknown>
  attachments?: AttachmentIn[]
  inlineAttachments?: AttachmentIn[]
  priority?: number
  customCampaign?: string
  deduplicateCampaign?: boolean
  trackOpens?: string
  trackClicks?: string
  customId?: string
  eventPayload?: string
  monitoringCategory?: string
  urlTags?: string
  headers?: HeadersIn
  statisticsContactsListId?: number
}

const emailIn: Reader<AddressIn> = (value, path) => {
  const properties = propertiesOf(value)
  if (properties === undefined) throw mismatch('emailIn', path)
  return {
    email: readProperty(properties, { name: 'Email', path, reader: string }),
    name: readProperty(properties, { name: 'Name', path, reader: string }),
  }
}
const emails = arrayOf('array of emails', emailIn)

const attachmentIn: Reader<AttachmentIn> = (value, path) => {
  const properties = propertiesOf(value)
  if (properties === undefined) throw mismatch('attachmentIn', path)
  return {
    contentType: readProperty(properties, { name: 'ContentType', path, reader: string }),
    filename: readProperty(properties, { name: 'Filename', path, reader: string }),
    content: readProperty(properties, { name: 'Base64Content', path, reader: string }),
    contentId: readProperty(properties, { name: 'ContentID', path, reader: string }),
  }
}
const attachments = arrayOf('array of attachments', attachmentIn)

/** `path` is `Messages` or `Globals`: type errors name no index. */
export function readFields(message: unknown, path: string): Fields {
  const properties = propertiesOf(message)
  if (properties === undefined) throw mismatch(path === 'Messages' ? 'Messages' : 'object', path)
  const read = <T>(name: string, reader: Reader<T>) => readProperty(properties, { name, path, reader })
  return {
    from: read('From', emailIn),
    sender: read('Sender', emailIn),
    to: read('To', emails),
    cc: read('Cc', emails),
    bcc: read('Bcc', emails),
    replyTo: read('ReplyTo', emailIn),
    subject: read('Subject', string),
    text: read('TextPart', string),
    html: read('HTMLPart', string),
    templateId: read('TemplateID', integer),
    templateLanguage: read('TemplateLanguage', boolean),
    templateErrorReporting: read('TemplateErrorReporting', emailIn),
    templateErrorDeliver: read('TemplateErrorDeliver', boolean),
    variables: read('Variables', object),
    attachments: read('Attachments', attachments),
    inlineAttachments: read('InlinedAttachments', attachments),
    priority: read('Priority', integer),
    customCampaign: read('CustomCampaign', string),
    deduplicateCampaign: read('DeduplicateCampaign', boolean),
    trackOpens: read('TrackOpens', string),
    trackClicks: read('TrackClicks', string),
    customId: read('CustomID', string),
    eventPayload: read('EventPayload', string),
    monitoringCategory: read('MonitoringCategory', string),
    urlTags: read('URLTags', string),
    headers: read('Headers', stringsByName),
    statisticsContactsListId: read('StatisticsContactsListID', integer),
  }
}

/** Globals are defaults; `Variables` and `Headers` are merged entry by entry, what a message says wins (§2.1). */
export function mergeFields(globals: Fields, message: Fields): Fields {
  const merged: Fields = { ...globals }
  for (const [name, value] of Object.entries(message)) {
    if (value !== undefined) Object.assign(merged, { [name]: value })
  }
  if (globals.variables !== undefined && message.variables !== undefined) {
    merged.variables = { ...globals.variables, ...message.variables }
  }
  if (globals.headers !== undefined && message.headers !== undefined) {
    merged.headers = new Map([...globals.headers, ...message.headers])
  }
  return merged
}
