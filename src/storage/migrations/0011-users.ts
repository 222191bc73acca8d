/** People, their sessions, and what they did. */
import type { Migration } from './migration.ts'

export const usersMigration: Migration = {
  version: 11,
  name: 'users',
  statements: ({ integer, text, serial, end }) => [
    `CREATE TABLE users (
      id ${integer} PRIMARY KEY,
      email ${text} NOT NULL UNIQUE,
      name ${text} NOT NULL,
      role ${text} NOT NULL,
      password_hash ${text},
      totp_secret_sealed ${text},
      totp_confirmed_at ${integer},
      totp_step ${integer} NOT NULL DEFAULT 0,
      created_at ${integer} NOT NULL,
      signed_in_at ${integer}
    ) ${end}`,
    `CREATE TABLE recovery_codes (
      user_id ${integer} NOT NULL,
      code_hash ${text} NOT NULL,
      PRIMARY KEY (user_id, code_hash)
    ) ${end}`,
    `CREATE TABLE sessions (
      id ${integer} PRIMARY KEY,
      user_id ${integer} NOT NULL,
      token_hash ${text} NOT NULL UNIQUE,
      created_at ${integer} NOT NULL,
      seen_at ${integer} NOT NULL,
      address ${text} NOT NULL,
      user_agent ${text} NOT NULL
    ) ${end}`,
    'CREATE INDEX sessions_by_user ON sessions (user_id)',
    'CREATE INDEX sessions_by_age ON sessions (seen_at)',
    `CREATE TABLE user_links (
      token_hash ${text} PRIMARY KEY,
      user_id ${integer},
      created_at ${integer} NOT NULL,
      expires_at ${integer} NOT NULL
    ) ${end}`,
    `CREATE TABLE audit_log (
      id ${serial},
      at ${integer} NOT NULL,
      user_id ${integer},
      actor ${text} NOT NULL,
      address ${text} NOT NULL,
      action ${text} NOT NULL,
      object ${text} NOT NULL,
      outcome ${text} NOT NULL
    ) ${end}`,
    'CREATE INDEX audit_log_by_user ON audit_log (user_id, id)',
    'CREATE INDEX audit_log_by_age ON audit_log (at)',
  ],
}
