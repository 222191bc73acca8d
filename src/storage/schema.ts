/**
 * Every table, for both databases. Portable columns only: integers (ids, counts, milliseconds since 1970, 0/1 for
 * booleans), text, and binary for bodies. No foreign keys on the hot tables (messages, bodies, deliveries, work,
 * attempts, events): group commit writes them in any order inside one transaction.
 */
import type { Generated } from 'kysely'
import type {
  AccountId,
  AttemptId,
  CampaignId,
  DeliveryId,
  DomainId,
  KeyId,
  MessageId,
  SenderId,
  ServerId,
  WorkId,
} from '../mail/ids.ts'
import type { ClientReportTables } from './tables/client-reports.ts'
import type { ContactJobTables } from './tables/contact-jobs.ts'
import type { ContactSignupTables } from './tables/contact-signups.ts'
import type { ContactTables } from './tables/contacts.ts'
import type { InboundTables } from './tables/inbound.ts'
import type { StatisticsTables } from './tables/statistics.ts'
import type { SuppressionTables } from './tables/suppressions.ts'
import type { TemplateTables } from './tables/templates.ts'
import type { TrackingTables } from './tables/tracking.ts'
import type { UserTables } from './tables/users.ts'
import type { WebhookTables } from './tables/webhooks.ts'

/** Milliseconds since 1970. */
export type Instant = number
/** A time that never comes: the largest date JavaScript knows. Work that is leased or held is due then. */
export const never: Instant = 8_640_000_000_000_000
export type Flag = 0 | 1

export type Lane = 'transactional' | 'bulk'

export type DeliveryState =
  /** Waits for its first attempt, or is being attempted. */
  | 'queued'
  /** An attempt was put off by the other side or by us; `next_attempt_at` says until when. */
  | 'deferred'
  /** An operator holds it. */
  | 'held'
  /** The next host took it. */
  | 'delivered'
  /** Refused for good, or expired: `class` says why. */
  | 'failed'
  /** We never tried: not allowed, duplicate, template error, suppressed. `class` says why. */
  | 'blocked'
  /** An operator dropped it. */
  | 'dropped'

export type RecordStatus = 'not-checked' | 'ok' | 'error'

export type EventKind =
  | 'accepted'
  | 'delivered'
  | 'deferred'
  | 'bounced'
  | 'blocked'
  | 'expired'
  | 'held'
  | 'released'
  | 'retried'
  | 'dropped'
  /** A report told that another host still tries. */
  | 'delay-reported'
  /** A report told that it arrived, or where it went on to. */
  | 'delivery-reported'
  /** The recipient called it spam, or asked for no more. */
  | 'complained'
  /** These three name a visit. `class` says why it was no person, null when it was one. */
  | 'opened'
  | 'clicked'
  | 'unsubscribed'

export interface Schema
  extends ClientReportTables,
    ContactJobTables,
    ContactSignupTables,
    ContactTables,
    InboundTables,
    StatisticsTables,
    SuppressionTables,
    TemplateTables,
    TrackingTables,
    UserTables,
    WebhookTables {
  meta: { name: string; value: string }
  id_blocks: { name: string; next: number }
  /** Running processes; a node not seen for a while is dead and its leases are taken back. */
  nodes: { id: string; host: string; pid: number; started_at: Instant; seen_at: Instant }

  accounts: { id: AccountId; name: string; created_at: Instant }
  /** What its holder says about it, by the names of accounts/details.ts; what was never said has no row. */
  account_details: { account_id: AccountId; name: string; value: string }
  api_keys: {
    id: KeyId
    account_id: AccountId
    name: string
    /** 32 lower-case hex characters: the user name of API and SMTP. */
    public_key: string
    /** SHA-256 of the secret, hex. The secret itself is shown once and not kept. */
    secret_hash: string
    is_master: Flag
    is_active: Flag
    created_at: Instant
    rotated_at: Instant | null
    /** 1: clients get a report of what they submitted over SMTP and could not be delivered. */
    reports_bounces: Generated<Flag>
  }
  /** Addresses, or `*@domain` for a whole domain, that a key may use as From. */
  senders: {
    id: SenderId
    key_id: KeyId
    /** Lower-case, domain in A-label form; `*@domain` covers every address of exactly that domain. */
    email: string
    name: string
    kind: 'unknown' | 'transactional' | 'bulk'
    is_default: Flag
    status: 'inactive' | 'active' | 'deleted'
    domain_id: DomainId | null
    created_at: Instant
    /** When the latest activation mail left, so that asking often does not send often. */
    activation_mail_at: Instant | null
  }
  /** Links of activation mails. The token itself stands in the mail alone. */
  activations: {
    id: number
    sender_id: SenderId
    key_id: KeyId
    /** SHA-256, hex. */
    token_hash: string
    created_at: Instant
    expires_at: Instant
    used_at: Instant | null
  }
  /** Senders that every API key of an account may use. */
  metasenders: {
    id: number
    account_id: AccountId
    /** As in `senders`. */
    email: string
    description: string
    /** 32 hex characters; names the file that would prove the domain. */
    ownership_token: string
    is_enabled: Flag
    created_at: Instant
  }
  domains: {
    id: DomainId
    key_id: KeyId
    /** A-label form, lower-case. */
    name: string
    /** 32 hex characters: proves ownership in DNS or as a file. */
    ownership_token: string
    created_at: Instant
    /** What the latest check found in DNS; a check that got no answer leaves them as they were. */
    dkim_status: Generated<RecordStatus>
    spf_status: Generated<RecordStatus>
    dmarc_status: Generated<RecordStatus>
    /** `ok`: bounces may come back under the domain itself. */
    return_path_status: Generated<RecordStatus>
    last_check_at: Instant | null
    /** What is wrong, for people; '' when nothing is. */
    problem: Generated<string>
  }
  dkim_keys: {
    id: number
    domain_id: DomainId
    /** A-label, lower-case: the d= tag. */
    domain_name: string
    /** The s= tag. */
    selector: string
    algorithm: 'rsa-sha256' | 'ed25519-sha256'
    /** PKCS#8 PEM, sealed with the instance key (runtime/seal.ts). */
    private_key_sealed: string
    /** The p= tag: base64 of SubjectPublicKeyInfo (RSA) or of the 32 raw bytes (Ed25519, RFC 8463). */
    public_key: string
    state: 'active' | 'next' | 'retired'
    created_at: Instant
    /** Since when DNS has shown it; null while it does not: then nothing is signed with it. */
    verified_at: Instant | null
    /** When it was replaced. Its record must stay published for the mail that it has signed. */
    retired_at: Instant | null
  }

  /** What an account's mail goes out through; without any, it goes to the MX hosts of its recipients. */
  outgoing_servers: {
    id: ServerId
    account_id: AccountId
    /** For people; plays no part in the choice. */
    name: string
    /** A-label form, lower-case, or an IP address. */
    host: string
    port: number
    security: 'none' | 'starttls' | 'starttls-strict' | 'tls' | 'tls-strict'
    /** Comma-separated addresses and domains; null is open to all. */
    from_filter: string | null
    /** The smallest number is used first. */
    priority: number
    /** 0: archived. */
    is_active: Flag
    authentication: 'none' | 'login' | 'xoauth2' | 'certificate'
    user_name: string | null
    /** Password or token; this and the two below are sealed with the instance key (runtime/seal.ts). */
    password_sealed: string | null
    certificate_sealed: string | null
    private_key_sealed: string | null
    is_debug: Flag
    max_size_bytes: number | null
    max_connections: number | null
    max_messages_per_connection: number | null
    max_messages_per_minute: number | null
    /** Takes over while this one does not answer. */
    fallback_server_id: ServerId | null
    created_at: Instant
    updated_at: Instant
  }
  /** Settings of an account by the names that Odoo gives them; unknown names are the user's own. */
  system_parameters: { account_id: AccountId; name: string; value: string; updated_at: Instant }

  /** What was submitted: one row per distinct content. */
  messages: {
    id: MessageId
    key_id: KeyId
    door: 'smtp' | 'api' | 'cli' | 'system'
    lane: Lane
    /** 0-3; 1 and 3 go before others of their lane (reference/send-api.md, Priority semantics). */
    priority: number
    accepted_at: Instant
    /** After this moment what is undelivered fails as expired. */
    expires_at: Instant
    /** The client's own envelope sender; '' for the null sender and for API mail. */
    envelope_from: string
    /** Address of the From header. */
    from_address: string
    subject: string
    /** Message-ID header, with its angle brackets. */
    header_message_id: string
    size_bytes: number
    recipient_count: number
    custom_id: string | null
    event_payload: string | null
    campaign_id: CampaignId | null
    /** JSON: trackOpens, trackClicks, clientAddress, monitoringCategory, ret, envid, smtpUtf8, body8bit … */
    options: string
    /** One UUID per submission, in the 250 reply and in X-MJ-SMTPGUID. */
    submission_uuid: string
  }
  /** The message as composed: header, blank line, body; CRLF throughout; not yet signed. Dropped by age. */
  bodies: { message_id: MessageId; content: Uint8Array }
  /** One message to one recipient. Its id is the MessageID of Mailjet's wire. */
  deliveries: {
    id: DeliveryId
    message_id: MessageId
    key_id: KeyId
    /** The unit of work that carries it (recipients of one message at one domain share one); 0 when blocked. */
    work_id: WorkId
    uuid: string
    recipient: string
    recipient_kind: 'to' | 'cc' | 'bcc' | 'envelope'
    state: DeliveryState
    /** A reply class (mail/classify-reply.ts) or a reason of ours; null while nothing went wrong. */
    class: string | null
    reply_code: number | null
    /** The remote's own words, or ours where no remote spoke. */
    reply_text: string | null
    attempts: number
    next_attempt_at: Instant | null
    updated_at: Instant
    /** RFC 3461 NOTIFY and ORCPT as submitted, space-separated `NOTIFY=… ORCPT=…`; null when not given. */
    dsn: string | null
  }
  /** One try of one transaction (one or more deliveries) with its transcript. */
  attempts: {
    id: AttemptId
    message_id: MessageId
    work_id: WorkId
    at: Instant
    duration_ms: number
    /** Host name and address:port tried last; '' when it never came to a connection. */
    host: string
    address: string
    /** e.g. `TLSv1.3 TLS_AES_256_GCM_SHA384 unverified`; '' without TLS. */
    tls: string
    /** The SMTP dialogue, one line per line, prefixed `S: `, `C: ` or `# ` (a remark of ours). No secrets, no body. */
    transcript: string
    /** The outgoing server that it went through, or was to go through; null for MX hosts. */
    server_id: ServerId | null
  }
  /** Facts that happened. Delivery-level facts name the delivery; `accepted` is a fact of the message. */
  events: {
    id: Generated<number>
    message_id: MessageId
    delivery_id: DeliveryId | null
    key_id: KeyId
    kind: EventKind
    at: Instant
    attempt_id: AttemptId | null
    class: string | null
    /** Plain words: the remote's reply, or who did what. */
    detail: string | null
    visit_id: Generated<number | null>
  }

  /** Durable work in lanes. Knows nothing of mail: `ref` is what it is about, `key` is for fairness. */
  work: {
    id: WorkId
    lane: string
    key: string
    /** When it may be taken; `never` while it is leased or held. */
    due_at: Instant
    /** The node that has it, or null. */
    owner: string | null
    /** Counted when it is taken, before anything is done. */
    attempts: number
    held_at: Instant | null
    ref: number
    created_at: Instant
  }

  campaigns: { id: CampaignId; key_id: KeyId; name: string; created_at: Instant }
  /** Addresses a deduplicated campaign has already reached. */
  campaign_recipients: { campaign_id: CampaignId; address: string }
  /** First answers to calls that carried an Idempotency-Key. `status` is null while the first call runs. */
  idempotency: {
    key_id: KeyId
    name: string
    request_hash: string
    status: number | null
    body: string | null
    created_at: Instant
  }

  lab_messages: {
    id: Generated<number>
    received_at: Instant
    envelope_from: string
    recipient: string
    header_from: string
    subject: string
    /** `pass`, `fail`, `none`, `temperror`, `permerror`, `neutral`, `softfail` as the receiver judged. */
    dkim: string
    spf: string
    dmarc: string
    /** e.g. `TLSv1.3`; '' without TLS. */
    tls: string
    authentication_results: string
    content: Uint8Array
  }
  /** Records a person put into the lab's DNS; they stand beside, and above, the ones the lab makes by itself. */
  lab_records: { id: Generated<number>; name: string; type: string; value: string; ttl: number }
}
