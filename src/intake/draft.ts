/** What a door that has no finished message hands in (Send API, CLI): the message as fields, in our words. */

import type { Person } from '../contacts/persons.ts'
import type { RecipientsData } from '../contacts/recipient-data.ts'
import type { CampaignId, DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
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
  /** Why the sender that was asked for may not be used: the mail is blocked. */
  senderRefusal?: string | undefined
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
    /** Why there is no such template as was asked for: the mail is blocked. */
    missing?: string | undefined
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
export type Prepared = {
  readonly accepted: Accepted
  /** Of all the contents that were made of it. */
  readonly sizeBytes: number
  readonly brand: 'prepared'
}

/** For `openMessage`; mass mail, with `individual` among its options. */
export type NewOpenMessage = {
  keyId: KeyId
  from: Mailbox
  /** As it is shown in lists, placeholders and all. */
  subject: string
  campaignId: CampaignId
  options: MessageOptions
  /** The stored content: what is not replaced when it leaves is the same for everybody. */
  compose(facts: { messageId: string; now: number }): Buffer
}

/** A message that takes more recipients. */
export type OpenMessage = {
  readonly id: MessageId
  readonly keyId: KeyId
  readonly acceptedAt: number
  readonly fromAddress: string
  readonly options: MessageOptions
  readonly content: Buffer
  /** Grows with the recipients. */
  recipientCount: number
}

export type LateRecipient = { address: Mailbox['address']; person: Person }

export type Intake = {
  /** May this key use this address as From? (The Send API asks for AdvanceErrorHandling.) */
  maySendAs(keyId: KeyId, from: Mailbox['address']): Promise<boolean>
  /** Stored templates that a key may send with. */
  templates: TemplateShelf
  /**
   * What these drafts of one key ask to know of their recipients as contacts: nothing is read where none asks, and a
   * thousand recipients are read at once, as dataOfRecipients says.
   */
  gather(drafts: readonly Draft[]): Promise<RecipientsData>
  /**
   * What is wrong with the stored template of a draft, so that nothing would leave; undefined when it can be sent.
   * Nothing is stored, and no number is used up.
   */
  templateProblem(draft: Draft, how: { known: RecipientsData }): Promise<string | undefined>
  /**
   * Checks and composes. Throws Refused, also when its contents take more than `maxBytes` together (`maxComposedBytes` when
   * left out). Nothing is stored yet. Without `known`, it gathers for itself.
   */
  prepare(draft: Draft, how?: { known?: RecipientsData; maxBytes?: number }): Promise<Prepared>
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
  /**
   * A message whose recipients come later, each with a content of its own. Stored with `together`; undefined when the
   * guards of that do not hold.
   */
  openMessage(message: NewOpenMessage, together: (id: MessageId) => Commit): Promise<OpenMessage | undefined>
  /**
   * Recipients of such a message: deliveries, work and events in one commit with `together`, which learns the numbers of
   * their deliveries. False: the guards of that do not hold, and nothing is stored.
   */
  addRecipients(
    message: OpenMessage,
    recipients: readonly LateRecipient[],
    together: (deliveryIds: readonly DeliveryId[]) => Commit,
  ): Promise<boolean>
  /** An SMTP submission from end of DATA to durable. Throws Refused. */
  submitRaw(submission: RawSubmission): Promise<Accepted>
}
