/** Incoming mail: aliases, leads, and everything that came in with its decision. */
import type { Migration } from './migration.ts'

export const inboundMigration: Migration = {
  version: 7,
  name: 'incoming mail',
  statements: ({ integer, text, bytes, end }) => [
    `CREATE TABLE aliases (
      id ${integer} PRIMARY KEY,
      account_id ${integer} NOT NULL,
      name ${text} NOT NULL,
      domain ${text} NOT NULL,
      policy ${text} NOT NULL,
      any_domain ${integer} NOT NULL,
      defaults ${text} NOT NULL,
      refusal ${text},
      ends_at ${integer},
      created_at ${integer} NOT NULL,
      UNIQUE (name, domain)
    ) ${end}`,
    'CREATE INDEX aliases_by_account ON aliases (account_id)',
    `CREATE TABLE leads (
      id ${integer} PRIMARY KEY,
      account_id ${integer} NOT NULL,
      alias_id ${integer},
      name ${text} NOT NULL,
      sender ${text} NOT NULL,
      contact ${text} NOT NULL,
      cc ${text} NOT NULL,
      state ${text} NOT NULL,
      details ${text} NOT NULL,
      answers_id ${integer},
      created_at ${integer} NOT NULL,
      updated_at ${integer} NOT NULL
    ) ${end}`,
    'CREATE INDEX leads_by_account ON leads (account_id, id)',
    'CREATE INDEX leads_by_state ON leads (account_id, state, id)',
    'CREATE INDEX leads_by_contact ON leads (account_id, contact, created_at)',
    'CREATE INDEX leads_by_answer ON leads (answers_id) WHERE answers_id IS NOT NULL',
    `CREATE TABLE lead_messages (
      lead_id ${integer} NOT NULL,
      inbox_id ${integer} NOT NULL,
      account_id ${integer} NOT NULL,
      header_message_id ${text} NOT NULL,
      contact ${text} NOT NULL,
      received_at ${integer} NOT NULL,
      PRIMARY KEY (lead_id, inbox_id)
    ) ${end}`,
    'CREATE INDEX lead_messages_by_inbox ON lead_messages (inbox_id)',
    'CREATE INDEX lead_messages_by_header ON lead_messages (header_message_id, account_id)',
    'CREATE INDEX lead_messages_by_contact ON lead_messages (lead_id, contact, received_at)',
    `CREATE TABLE inbox (
      id ${integer} PRIMARY KEY,
      account_id ${integer} NOT NULL,
      received_at ${integer} NOT NULL,
      envelope_from ${text} NOT NULL,
      recipients ${text} NOT NULL,
      sender ${text} NOT NULL,
      subject ${text} NOT NULL,
      header_message_id ${text} NOT NULL,
      taken_id ${text},
      size_bytes ${integer} NOT NULL,
      spf ${text} NOT NULL,
      dkim ${text} NOT NULL,
      dmarc ${text} NOT NULL,
      client ${text} NOT NULL,
      outcome ${text} NOT NULL,
      because ${text} NOT NULL,
      answered_to ${text}
    ) ${end}`,
    'CREATE INDEX inbox_by_account ON inbox (account_id, id)',
    'CREATE INDEX inbox_by_age ON inbox (received_at)',
    'CREATE UNIQUE INDEX inbox_taken_once ON inbox (taken_id, account_id) WHERE taken_id IS NOT NULL',
    'CREATE INDEX inbox_by_answer ON inbox (answered_to, account_id, received_at) WHERE answered_to IS NOT NULL',
    // Who was written to before is a known contact.
    'CREATE INDEX deliveries_by_recipient ON deliveries (recipient, key_id)',
    `CREATE TABLE inbox_bodies (inbox_id ${integer} PRIMARY KEY, content ${bytes} NOT NULL) ${end}`,
  ],
}
