/** Mail that came to us, and what became of it. */
import type { AccountId, AliasId, InboxId, LeadId, MessageId } from '../../mail/ids.ts'
import type { Flag, Instant } from '../schema.ts'

export type AliasPolicy = 'everyone' | 'known'
export type LeadState = 'open' | 'closed'

export interface InboundTables {
  /** Addresses that turn mail into leads. */
  aliases: {
    id: AliasId
    account_id: AccountId
    /** Sanitised local part. */
    name: string
    /** A-label form, lower-case. */
    domain: string
    policy: AliasPolicy
    /** 1: the local part alone is compared, whatever the domain. */
    any_domain: Flag
    /** JSON object of text: what a new lead starts with. */
    defaults: string
    /** What a refused sender is told; null: the usual words. */
    refusal: string | null
    /** A temporary alias ends by itself then. */
    ends_at: Instant | null
    created_at: Instant
  }
  leads: {
    id: LeadId
    account_id: AccountId
    /** The alias that made it; null when it began with an answer to a message, or the alias is gone. */
    alias_id: AliasId | null
    name: string
    /** As the sender wrote it: name and address. */
    sender: string
    /** Normalised address. */
    contact: string
    /** Comma-separated, each address once. */
    cc: string
    state: LeadState
    /** JSON object: what the alias added. */
    details: string
    /** The message of ours that it answers. */
    answers_id: MessageId | null
    created_at: Instant
    updated_at: Instant
  }
  /** Which incoming mail belongs to which lead. */
  lead_messages: {
    lead_id: LeadId
    inbox_id: InboxId
    account_id: AccountId
    /** With angle brackets; '' when the mail had none. */
    header_message_id: string
    /** Normalised address of the sender, for counting. */
    contact: string
    received_at: Instant
  }
  /** All incoming mail of an account, with the decision. */
  inbox: {
    id: InboxId
    account_id: AccountId
    received_at: Instant
    envelope_from: string
    /** Comma-separated: those of this account. */
    recipients: string
    /** Name and address of the From header. */
    sender: string
    subject: string
    header_message_id: string
    /** The same where the mail was taken, else null: a second one with it is a duplicate. */
    taken_id: string | null
    size_bytes: number
    spf: string
    dkim: string
    dmarc: string
    client: string
    outcome: string
    /** JSON array of sentences. */
    because: string
    /** Whom we answered, for at most one answer a day. */
    answered_to: string | null
  }
  inbox_bodies: { inbox_id: InboxId; content: Uint8Array }
}
