/** Proof of senders and domains: activation mails, what DNS showed, senders of a whole account. */
import type { Migration } from './migration.ts'

const statuses = ['dkim_status', 'spf_status', 'dmarc_status', 'return_path_status']

export const sendersMigration: Migration = {
  version: 2,
  name: 'senders',
  statements: ({ integer, end }) => [
    `ALTER TABLE senders ADD COLUMN activation_mail_at ${integer}`,
    'CREATE INDEX senders_by_email ON senders (email)',
    ...statuses.map(
      (column) => `ALTER TABLE domains ADD COLUMN ${column} TEXT NOT NULL DEFAULT 'not-checked'`,
    ),
    `ALTER TABLE domains ADD COLUMN last_check_at ${integer}`,
    "ALTER TABLE domains ADD COLUMN problem TEXT NOT NULL DEFAULT ''",
    `ALTER TABLE dkim_keys ADD COLUMN verified_at ${integer}`,
    `ALTER TABLE dkim_keys ADD COLUMN retired_at ${integer}`,
    `CREATE TABLE activations (
      id ${integer} PRIMARY KEY,
      sender_id ${integer} NOT NULL,
      key_id ${integer} NOT NULL,
      token_hash TEXT NOT NULL UNIQUE,
      created_at ${integer} NOT NULL,
      expires_at ${integer} NOT NULL,
      used_at ${integer}
    ) ${end}`,
    'CREATE INDEX activations_by_key ON activations (key_id, created_at)',
    'CREATE INDEX activations_by_sender ON activations (sender_id)',
    `CREATE TABLE metasenders (
      id ${integer} PRIMARY KEY,
      account_id ${integer} NOT NULL,
      email TEXT NOT NULL,
      description TEXT NOT NULL,
      ownership_token TEXT NOT NULL,
      is_enabled ${integer} NOT NULL,
      created_at ${integer} NOT NULL,
      UNIQUE (account_id, email)
    ) ${end}`,
  ],
}
