/**
 * The tables of schema.ts. Every index is paid for by each message, so the hot tables have only those that a story,
 * a claim or a list cannot do without.
 */
import type { Dialect, Migration } from './migration.ts'

export const firstMigration: Migration = {
  version: 1,
  name: 'first',
  statements: (dialect) => [
    ...nodeTables(dialect),
    ...accountTables(dialect),
    ...messageTables(dialect),
    ...workTables(dialect),
    ...submissionTables(dialect),
    ...labTables(dialect),
    ...(dialect.kind === 'postgres' ? postgresTuning : []),
  ],
}

// As long as other providers' ids, and far below 2^53: exact in clients that read numbers as doubles.
const firstId = 100_000_000_000

const nodeTables = ({ integer, text, end }: Dialect) => [
  `CREATE TABLE id_blocks (name ${text} PRIMARY KEY, next ${integer} NOT NULL) ${end}`,
  `INSERT INTO id_blocks (name, next) VALUES ('ids', ${firstId})`,
  `CREATE TABLE nodes (
    id ${text} PRIMARY KEY,
    host ${text} NOT NULL,
    pid ${integer} NOT NULL,
    started_at ${integer} NOT NULL,
    seen_at ${integer} NOT NULL
  ) ${end}`,
]

const accountTables = ({ integer, text, end }: Dialect) => [
  `CREATE TABLE accounts (
    id ${integer} PRIMARY KEY,
    name ${text} NOT NULL,
    created_at ${integer} NOT NULL
  ) ${end}`,
  `CREATE TABLE api_keys (
    id ${integer} PRIMARY KEY,
    account_id ${integer} NOT NULL,
    name ${text} NOT NULL,
    public_key ${text} NOT NULL UNIQUE,
    secret_hash ${text} NOT NULL,
    is_master ${integer} NOT NULL,
    is_active ${integer} NOT NULL,
    created_at ${integer} NOT NULL,
    rotated_at ${integer}
  ) ${end}`,
  `CREATE TABLE senders (
    id ${integer} PRIMARY KEY,
    key_id ${integer} NOT NULL,
    email ${text} NOT NULL,
    name ${text} NOT NULL,
    kind ${text} NOT NULL,
    is_default ${integer} NOT NULL,
    status ${text} NOT NULL,
    domain_id ${integer},
    created_at ${integer} NOT NULL,
    UNIQUE (key_id, email)
  ) ${end}`,
  `CREATE TABLE domains (
    id ${integer} PRIMARY KEY,
    key_id ${integer} NOT NULL,
    name ${text} NOT NULL,
    ownership_token ${text} NOT NULL,
    created_at ${integer} NOT NULL,
    UNIQUE (key_id, name)
  ) ${end}`,
  'CREATE INDEX domains_by_name ON domains (name)',
  `CREATE TABLE dkim_keys (
    id ${integer} PRIMARY KEY,
    domain_id ${integer} NOT NULL,
    domain_name ${text} NOT NULL,
    selector ${text} NOT NULL,
    algorithm ${text} NOT NULL,
    private_key_sealed ${text} NOT NULL,
    public_key ${text} NOT NULL,
    state ${text} NOT NULL,
    created_at ${integer} NOT NULL
  ) ${end}`,
  'CREATE INDEX dkim_keys_by_domain ON dkim_keys (domain_id)',
  'CREATE INDEX dkim_keys_by_name ON dkim_keys (domain_name, selector)',
]

const messageTables = ({ integer, text, bytes, serial, end }: Dialect) => [
  `CREATE TABLE messages (
    id ${integer} PRIMARY KEY,
    key_id ${integer} NOT NULL,
    door ${text} NOT NULL,
    lane ${text} NOT NULL,
    priority ${integer} NOT NULL,
    accepted_at ${integer} NOT NULL,
    expires_at ${integer} NOT NULL,
    envelope_from ${text} NOT NULL,
    from_address ${text} NOT NULL,
    subject ${text} NOT NULL,
    header_message_id ${text} NOT NULL,
    size_bytes ${integer} NOT NULL,
    recipient_count ${integer} NOT NULL,
    custom_id ${text},
    event_payload ${text},
    campaign_id ${integer},
    options ${text} NOT NULL,
    submission_uuid ${text} NOT NULL
  ) ${end}`,
  'CREATE INDEX messages_by_custom_id ON messages (key_id, custom_id) WHERE custom_id IS NOT NULL',
  'CREATE INDEX messages_by_campaign ON messages (campaign_id) WHERE campaign_id IS NOT NULL',
  `CREATE TABLE bodies (message_id ${integer} PRIMARY KEY, content ${bytes} NOT NULL) ${end}`,
  `CREATE TABLE deliveries (
    id ${integer} PRIMARY KEY,
    message_id ${integer} NOT NULL,
    key_id ${integer} NOT NULL,
    work_id ${integer} NOT NULL,
    uuid ${text} NOT NULL,
    recipient ${text} NOT NULL,
    recipient_kind ${text} NOT NULL,
    state ${text} NOT NULL,
    class ${text},
    reply_code ${integer},
    reply_text ${text},
    attempts ${integer} NOT NULL,
    next_attempt_at ${integer},
    updated_at ${integer} NOT NULL,
    dsn ${text}
  ) ${end}`,
  // The work beside the message: one of a message's thousand units of work finds its own recipients directly.
  'CREATE INDEX deliveries_by_message ON deliveries (message_id, work_id)',
  'CREATE INDEX deliveries_by_key ON deliveries (key_id, id)',
  `CREATE TABLE attempts (
    id ${integer} PRIMARY KEY,
    message_id ${integer} NOT NULL,
    work_id ${integer} NOT NULL,
    at ${integer} NOT NULL,
    duration_ms ${integer} NOT NULL,
    host ${text} NOT NULL,
    address ${text} NOT NULL,
    tls ${text} NOT NULL,
    transcript ${text} NOT NULL
  ) ${end}`,
  'CREATE INDEX attempts_by_message ON attempts (message_id)',
  `CREATE TABLE events (
    id ${serial},
    message_id ${integer} NOT NULL,
    delivery_id ${integer},
    key_id ${integer} NOT NULL,
    kind ${text} NOT NULL,
    at ${integer} NOT NULL,
    attempt_id ${integer},
    class ${text},
    detail ${text}
  ) ${end}`,
  'CREATE INDEX events_by_message ON events (message_id, delivery_id)',
]

// Both indexes leave out what is leased or held. Work that is handed over in memory is born leased and dies leased:
// it never enters them, and no claim ever walks over it.
const workTables = ({ integer, text, end }: Dialect) => [
  `CREATE TABLE work (
    id ${integer} PRIMARY KEY,
    lane ${text} NOT NULL,
    key ${text} NOT NULL,
    due_at ${integer} NOT NULL,
    owner ${text},
    attempts ${integer} NOT NULL,
    held_at ${integer},
    ref ${integer} NOT NULL,
    created_at ${integer} NOT NULL
  ) ${end}`,
  'CREATE INDEX work_by_due ON work (lane, due_at, key, id) WHERE owner IS NULL AND held_at IS NULL',
  'CREATE INDEX work_by_key ON work (lane, key, due_at, id) WHERE owner IS NULL AND held_at IS NULL',
]

const submissionTables = ({ integer, text, end }: Dialect) => [
  `CREATE TABLE campaigns (
    id ${integer} PRIMARY KEY,
    key_id ${integer} NOT NULL,
    name ${text} NOT NULL,
    created_at ${integer} NOT NULL,
    UNIQUE (key_id, name)
  ) ${end}`,
  `CREATE TABLE campaign_recipients (
    campaign_id ${integer} NOT NULL,
    address ${text} NOT NULL,
    PRIMARY KEY (campaign_id, address)
  ) ${end}`,
  `CREATE TABLE idempotency (
    key_id ${integer} NOT NULL,
    name ${text} NOT NULL,
    request_hash ${text} NOT NULL,
    status ${integer},
    body ${text},
    created_at ${integer} NOT NULL,
    PRIMARY KEY (key_id, name)
  ) ${end}`,
  'CREATE INDEX idempotency_by_age ON idempotency (created_at)',
]

const labTables = ({ integer, text, bytes, serial, end }: Dialect) => [
  `CREATE TABLE lab_messages (
    id ${serial},
    received_at ${integer} NOT NULL,
    envelope_from ${text} NOT NULL,
    recipient ${text} NOT NULL,
    header_from ${text} NOT NULL,
    subject ${text} NOT NULL,
    dkim ${text} NOT NULL,
    spf ${text} NOT NULL,
    dmarc ${text} NOT NULL,
    tls ${text} NOT NULL,
    authentication_results ${text} NOT NULL,
    content ${bytes} NOT NULL
  ) ${end}`,
  `CREATE TABLE lab_records (
    id ${serial},
    name ${text} NOT NULL,
    type ${text} NOT NULL,
    value ${text} NOT NULL,
    ttl ${integer} NOT NULL
  ) ${end}`,
  'CREATE INDEX lab_records_by_name ON lab_records (name)',
]

const postgresTuning = [
  // Bodies and transcripts are read whole: trying to compress them costs more than it saves.
  'ALTER TABLE bodies ALTER COLUMN content SET STORAGE EXTERNAL',
  'ALTER TABLE lab_messages ALTER COLUMN content SET STORAGE EXTERNAL',
  // Each delivery is updated once or twice in columns without an index: room on the page makes that cheap (HOT).
  'ALTER TABLE deliveries SET (fillfactor = 75)',
  // Work lives for moments. Without early vacuums its dead rows would pile up in front of every scan.
  'ALTER TABLE work SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000)',
]
