/** What a door that has no finished message hands in (Send API, CLI): the message as fields, in our words. */
import type { RecipientsData } from '../contacts/recipient-data.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import type { Lane } from '../storage/schema.ts'
import type { Commit, Write } from '../storage/storage.ts'
import type { UsableTemplate } from '../templates/index.ts'
import type { TemplateShelf } from '../templates/sending.ts'
import type { AcceptedRecipient, MessageOptions } from './submission.ts'

export type DraftAttachment = {
  /** e.g. `application/pdf`; parameters allowed. */
  contentType: string
  filename: string
  content: Uint8Array
}

export type Draft = {
  keyId: KeyId
  door: 'api' | 'cli' | 'system'
  lane: Lane
  /** 0-3, default 2. */
  priority: number
  from: Mailbox
  sender?: Mailbox
  replyTo: readonly Mailbox[]
  to: readonly Mailbox[]
  cc: readonly Mailbox[]
  bcc: readonly Mailbox[]
  subject: string
  text?: string
  html?: string
  attachments: readonly DraftAttachment[]
  /** `contentId` without angle brackets. */
  inlineAttachments: readonly (DraftAttachment & { contentId: string })[]
  /** Names and values already checked by the door: no CR, LF or NUL, no forbidden name. */
  headers: readonly (readonly [name: string, value: string])[]
  customId?: string
  eventPayload?: string
  campaign?: { name: string; deduplicate: boolean }
  /** Appended to every link of the HTML part, without `?`. */
  urlTags?: string
  template: {
    /** Evaluate `{{ }}` and `{% %}`; `[[ ]]` is always replaced. */
    language: boolean
    variables: Readonly<Record<string, unknown>>
    reportErrorsTo?: Mailbox
    deliverOnError: boolean
    /** The stored template that subject and parts come from. */
    stored?: UsableTemplate
  }
  options: MessageOptions
}

export type Accepted = {
  submissionUuid: string
  /** One for every entry of to, cc, bcc (or RCPT TO), in that order. */
  recipients: readonly AcceptedRecipient[]
}

/** A finished SMTP submission: raw message and envelope as the client gave them (CRLF throughout, dots unstuffed). */
export type RawSubmission = {
  keyId: KeyId
  /** '' for the null sender. */
  envelopeFrom: string
  recipients: readonly { address: import('../mail/address.ts').Address; dsn?: string }[]
  raw: Buffer
  options: MessageOptions
  /** For the Received header. */
  client: { address: string; helo: string; tls: boolean; authenticated: boolean }
}

/** A checked, composed message with its ids, not yet stored. */
export type Prepared = { readonly accepted: Accepted } & { readonly brand: 'prepared' }

export type Intake = {
  /** May this key use this address as From? (The Send API asks for AdvanceErrorHandling.) */
  maySendAs(keyId: KeyId, from: Mailbox['address']): Promise<boolean>
  /** Stored templates that a key may send with. */
  templates: TemplateShelf
  /** What these drafts of one key ask to know of their recipients as contacts: one query at most for all of them. */
  gather(drafts: readonly Draft[]): Promise<RecipientsData>
  /** Checks and composes. Throws Refused. Nothing is stored yet. Without `known`, it gathers for itself. */
  prepare(draft: Draft, known?: RecipientsData): Promise<Prepared>
  /** Stores all of them, and `alongside`, in one commit; resolves when they are durable and handed to delivery. */
  store(prepared: readonly Prepared[], alongside?: readonly Write[]): Promise<void>
  /**
   * A report of ours about somebody's mail, composed by the caller: to one address, with the null sender. `together` are
   * writes of the caller's that stand or fall with it; when its guards do not hold, nothing is stored.
   */
  storeReport(
    report: { from: Mailbox; to: Mailbox['address']; subject: string; messageId: string; content: Buffer },
    together: Commit,
  ): Promise<void>
  /** An SMTP submission from end of DATA to durable. Throws Refused. */
  submitRaw(submission: RawSubmission): Promise<Accepted>
}
