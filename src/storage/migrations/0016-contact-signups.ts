/** Double opt-in. */
import type { Migration } from './migration.ts'

export const contactSignupsMigration: Migration = {
  version: 16,
  name: 'contact-signups',
  statements: ({ integer, text, end }) => [
    `CREATE TABLE contact_signups (
      id ${integer} PRIMARY KEY,
      key_id ${integer} NOT NULL,
      list_id ${integer} NOT NULL,
      contact_id ${integer} NOT NULL,
      email ${text} NOT NULL,
      token_hash ${text} NOT NULL UNIQUE,
      details ${text} NOT NULL,
      source ${text} NOT NULL,
      source_id ${integer},
      signed_up_at ${integer} NOT NULL,
      signed_up_from ${text} NOT NULL,
      expires_at ${integer} NOT NULL,
      confirmed_at ${integer},
      confirmed_from ${text}
    ) ${end}`,
    'CREATE INDEX contact_signups_by_key ON contact_signups (key_id, id)',
    'CREATE INDEX contact_signups_by_time ON contact_signups (key_id, signed_up_at)',
    'CREATE INDEX contact_signups_by_contact ON contact_signups (contact_id)',
  ],
}
