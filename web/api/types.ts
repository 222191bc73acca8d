/** What `/api` answers, as far as the console reads it; `/api/openapi.json` is the whole. Times: milliseconds since 1970. */

export const roles = ['owner', 'admin', 'marketer', 'viewer'] as const
export type Role = (typeof roles)[number]

export type ApiKey = {
  id: number
  accountId: number
  name: string
  publicKey: string
  isMaster: boolean
  isActive: boolean
  createdAt: number
  rotatedAt: number | null
  reportsBounces: boolean
}

export type SmtpSettings = {
  smtpHost: string
  smtpPorts: { port: number; security: 'starttls' | 'tls' }[]
  plainAuthOnLoopback: boolean
  url: string | null
  httpsUrl: string | null
  ca: string | null
}

export type RecordStatus = 'not-checked' | 'ok' | 'error'

export type DnsRecord = {
  purpose: 'ownership' | 'dkim' | 'spf' | 'dmarc' | 'return-path' | 'mx'
  name: string
  type: string
  value: string
  advice: string
}

export type Domain = {
  id: number
  keyId: number
  name: string
  isActive: boolean
  ownershipToken: string
  dkimStatus: RecordStatus
  spfStatus: RecordStatus
  dmarcStatus: RecordStatus
  returnPathStatus: RecordStatus
  lastCheckAt: number | null
  problem: string
  createdAt: number
}

export type DomainKey = {
  id: number
  selector: string
  algorithm: string
  state: 'active' | 'next' | 'retired'
  verifiedAt: number | null
  retiredAt: number | null
}

export type DomainToPublish = Domain & { keys: DomainKey[]; records: DnsRecord[] }

export type RecordCheck = {
  purpose: DnsRecord['purpose']
  status: 'ok' | 'advice' | 'missing' | 'error' | 'unknown'
  name: string
  found: string[]
  problems: string[]
  publish?: DnsRecord
}

export type Validation = {
  method: 'File' | 'DNS' | 'Domain' | 'ActivationEmail' | ''
  errors: { dns: string; file: string }
  globalError: string
}

export type DomainCheck = { domain: DomainToPublish; validation: Validation | null; checks: RecordCheck[] }

export type SenderKind = 'unknown' | 'transactional' | 'bulk'

export type Sender = {
  id: number
  keyId: number
  email: string
  name: string
  kind: SenderKind
  status: 'inactive' | 'active' | 'deleted'
  isDefault: boolean
  domainId: number | null
  activationMailAt: number | null
  createdAt: number
}

export const securities = ['starttls-strict', 'tls-strict', 'starttls', 'tls', 'none'] as const
export type Security = (typeof securities)[number]

export type OutgoingServer = {
  id: number
  name: string
  host: string
  port: number
  security: Security
  fromFilter: string | null
  priority: number
  isActive: boolean
  authentication: 'none' | 'login' | 'xoauth2' | 'certificate'
  user: string | null
  hasPassword: boolean
  hasCertificate: boolean
  isDebug: boolean
  maxSizeBytes: number | null
  maxConnections: number | null
  maxMessagesPerConnection: number | null
  maxMessagesPerMinute: number | null
  fallbackServerId: number | null
  warnings: string[]
}

export type ConnectionTest = {
  ok: boolean
  step: TestStep
  situation: string
  message: string
  hint: string
  transcript: string
  tls: {
    version: string
    cipher: string
    certificate: { subject: string; names: string[]; validTo: number; verified: boolean } | null
  } | null
  sizeLimit?: number
  durationMs: number
  sender: string | null
}

export const testSteps = ['prepare', 'connect', 'ehlo', 'tls', 'auth', 'mail', 'rcpt', 'data'] as const
export type TestStep = (typeof testSteps)[number]

export type SystemParameter = {
  name: string
  value: string | null
  isKnown: boolean
  about: string
  unset: string
  updatedAt: number | null
}

export type Explanation = {
  server: { id: number | null; name: string; host: string; port: number } | null
  error: string | null
  because: string[]
  before: { from: string | null; envelopeFrom: string | null }
  after: { from: string | null; envelopeFrom: string | null } | null
  hosts: string[]
}

export const deliveryStates = [
  'queued',
  'deferred',
  'held',
  'delivered',
  'failed',
  'blocked',
  'dropped',
] as const
export type DeliveryState = (typeof deliveryStates)[number]

export type ListedMessage = {
  id: number
  messageId: number
  acceptedAt: number
  from: string
  recipient: string
  subject: string
  state: DeliveryState
  class: string | null
  attempts: number
  nextAttemptAt: number | null
}

export type StoryDelivery = {
  id: number
  recipient: string
  kind: string
  state: DeliveryState
  class: string | null
  replyCode: number | null
  replyText: string | null
  attempts: number
  nextAttemptAt: number | null
  updatedAt: number
}

export type StoryAttempt = {
  id: number
  at: number
  durationMs: number
  host: string
  address: string
  tls: string
  transcript: string
}

export type StoryEvent = {
  id: number
  deliveryId: number | null
  kind: string
  at: number
  attemptId: number | null
  class: string | null
  detail: string | null
}

export type Story = {
  message: {
    id: number
    door: 'smtp' | 'api' | 'cli' | 'system'
    lane: 'transactional' | 'bulk'
    acceptedAt: number
    expiresAt: number
    from: string
    envelopeFrom: string
    subject: string
    messageId: string
    sizeBytes: number
    recipientCount: number
    customId: string | null
  }
  deliveries: StoryDelivery[]
  attempts: StoryAttempt[]
  events: StoryEvent[]
}

export type QueuedDelivery = {
  id: number
  messageId: number
  from: string
  recipient: string
  subject: string
  lane: 'transactional' | 'bulk'
  state: DeliveryState
  class: string | null
  replyText: string | null
  attempts: number
  nextAttemptAt: number | null
  acceptedAt: number
  expiresAt: number
  isBeingSent: boolean
}

export type QueueAction = 'retry' | 'hold' | 'release' | 'drop'

export type LabMessage = {
  id: number
  from: string
  to: string
  subject: string
  dkim: string
  spf: string
  dmarc: string
  tls: string
  receivedAt: number
  envelopeFrom: string
}

export type LabMessageContent = LabMessage & { authenticationResults: string; content: string }

export type LabRecord = { id: number; name: string; type: string; value: string; ttl: number }

export type Alias = {
  id: number
  address: string
  name: string
  domain: string
  policy: 'everyone' | 'known'
  anyDomain: boolean
  endsAt: number | null
  createdAt: number
}

export type ListedUser = {
  id: number
  email: string
  name: string
  role: Role
  /** false: was invited, and has not chosen a password yet. */
  hasPassword: boolean
  hasTwoFactor: boolean
  createdAt: number
  signedInAt: number | null
}

export type QueueLane = { lane: string; due: number; waiting: number; leased: number; held: number }

export type WaitingSite = {
  domain: string
  name: string
  due: number
  waiting: number
  sending: number
  held: number
  oldestAt: number
  nextAttemptAt: number | null
  lastReply: string | null
}

export type Lead = {
  id: number
  name: string
  sender: string
  contact: string
  state: 'open' | 'closed'
  aliasId: number | null
  createdAt: number
  updatedAt: number
}

/** A mail that came in. */
export type IncomingMail = {
  id: number
  receivedAt: number
  sender: string
  subject: string
  spf: string
  dkim: string
  dmarc: string
}

export const suppressionReasons = [
  'hard-bounce',
  'soft-bounces',
  'complaint',
  'unsubscribe',
  'manual',
  'import',
] as const

export type Suppression = {
  address: string
  reason: (typeof suppressionReasons)[number]
  origin: string
  messageId: number | null
  deliveryId: number | null
  createdAt: number
}

export type Overview = {
  hours: {
    at: number
    accepted: number
    delivered: number
    deferred: number
    bounced: number
    blocked: number
    complained: number
  }[]
  isComplete: boolean
  domains: { name: string; isActive: boolean; problem: string; lastCheckAt: number | null }[]
  queue: QueueLane[]
  attention: { id: AttentionId; severity: 'bad' | 'warn' | 'info'; subject: string; detail: string }[]
}

export type AttentionId =
  | 'not-ready'
  | 'domain-unproved'
  | 'domain-records'
  | 'no-domain'
  | 'sender-waits'
  | 'server-warning'
  | 'queue-held'
  | 'queue-old'

export type GoLiveCheck = {
  id: string
  status: 'ok' | 'warn' | 'bad' | 'unknown'
  found: string
  mend: string
}

export type ContactList = { id: number; name: string; memberCount: number; createdAt: number }

export type ContactJob = {
  id: number
  kind: string
  method: string
  listId: number | null
  status: 'Allocated' | 'Upload' | 'Prepare' | 'Importing' | 'Completed' | 'Error' | 'Abort'
  processed: number
  refused: number
  problem: string
  requestedAt: number
  endedAt: number | null
}

export type ListedContact = {
  id: number
  email: string
  name: string
  isExcluded: boolean
  blockedBecause: string | null
  isOptInPending: boolean
}

export type TemplateContent = {
  html: string | null
  text: string | null
  mjml: string | null
  headers: Record<string, string>
  htmlFromMjml: boolean
  textFromHtml: boolean
}

export type Template = {
  id: number
  name: string
  ownerType: 'apikey' | 'user'
  author: string
  description: string
  copyright: string
  editMode: 'visual' | 'html' | 'section' | 'mjml'
  locale: string
  purposes: ('transactional' | 'marketing' | 'automation')[]
  isStarred: boolean
  makesText: boolean
  version: number
  createdAt: number
  updatedAt: number
  deletedAt: number | null
  isReadOnly: boolean
}

export type OpenedTemplate = { template: Template; content: TemplateContent }

export type TemplateVersion = { number: number; createdAt: number; createdBy: string }

export type PreviewProblem = { part: 'mjml' | 'subject' | 'html' | 'text'; message: string; line?: number }

export type TemplatePreview = {
  from: string | null
  replyTo: string
  subject: string
  html: string | null
  text: string | null
  problems: PreviewProblem[]
  page: string | null
}
