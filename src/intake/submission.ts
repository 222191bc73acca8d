/** What the doors hand to `submit`: a message in our words, composed and ready to store. */

import type { Address } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import type { Lane, Schema } from '../storage/schema.ts'

export type SubmittedRecipient = {
  address: Address
  kind: Schema['deliveries']['recipient_kind']
  /** RFC 3461 parameters as given, `NOTIFY=… ORCPT=…`. */
  dsn?: string
}

export type MessageOptions = {
  trackOpens?: 'enabled' | 'disabled'
  trackClicks?: 'enabled' | 'disabled'
  monitoringCategory?: string
  clientAddress?: string
  /** RFC 3461 RET and ENVID as given. */
  ret?: 'FULL' | 'HDRS'
  envid?: string
  /** The client asked for SMTPUTF8, or the message needs it. */
  smtpUtf8?: boolean
  statisticsContactsListId?: number
  /** Mass mail: of a campaign, marked as such, or from a sender of bulk mail. Less urgent mail alone is none. */
  bulk?: true
  /** Each recipient gets a content of their own, with links of their own: one unit of work for each. */
  individual?: true
  /** For links and header fields of mass mail. */
  campaignId?: number
  /** Its placeholders are replaced for each recipient when it leaves (campaigns/render.ts). */
  mailingId?: number
  /** Of a message whose recipients come in batches: each is tried for so long from when they came. */
  recipientLifetimeMs?: number
  /** Of a mailing whose texts ask for it. */
  senderId?: number
  /** Of a mailing: `{{ }}` and `{% %}` are text like any other. */
  rawBraces?: true
  /** The contact list that it goes to, for `List-Id` and the links that unsubscribe. */
  listId?: number
  /** The list that its links lead out of, where it is not counted for it: tests of mail to the list. */
  leaveListId?: number
  /** An automatic answer: nobody may answer it (RFC 3834 §3.3). */
  nullSender?: true
}

export type Submission = {
  keyId: KeyId
  door: Schema['messages']['door']
  lane: Lane
  priority: number
  envelopeFrom: string
  from: Mailbox
  subject: string
  /** With angle brackets. */
  messageId: string
  recipients: readonly SubmittedRecipient[]
  /** Header, blank line, body; CRLF throughout. Chunks to avoid a copy. */
  content: Buffer
  customId?: string
  eventPayload?: string
  campaign?: { name: string; deduplicate: boolean }
  options: MessageOptions
  /** Set when the door already knows it must not go out: stored, told in events, never sent. */
  blocked?: { class: string; detail: string }
}

export type AcceptedRecipient = {
  address: Address
  kind: SubmittedRecipient['kind']
  deliveryId: number
  uuid: string
}
