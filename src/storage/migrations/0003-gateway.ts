/** The gateway: outgoing servers and system parameters. */
import type { Migration } from './migration.ts'

export const gatewayMigration: Migration = {
  version: 3,
  name: 'gateway',
  statements: ({ integer, text, end }) => [
    `CREATE TABLE outgoing_servers (
      id ${integer} PRIMARY KEY,
      account_id ${integer} NOT NULL,
      name ${text} NOT NULL,
      host ${text} NOT NULL,
      port ${integer} NOT NULL,
      security ${text} NOT NULL,
      from_filter ${text},
      priority ${integer} NOT NULL,
      is_active ${integer} NOT NULL,
      authentication ${text} NOT NULL,
      user_name ${text},
      password_sealed ${text},
      certificate_sealed ${text},
      private_key_sealed ${text},
      is_debug ${integer} NOT NULL,
      max_size_bytes ${integer},
      max_connections ${integer},
      max_messages_per_connection ${integer},
      max_messages_per_minute ${integer},
      fallback_server_id ${integer},
      created_at ${integer} NOT NULL,
      updated_at ${integer} NOT NULL
    ) ${end}`,
    'CREATE INDEX outgoing_servers_by_account ON outgoing_servers (account_id)',
    `CREATE TABLE system_parameters (
      account_id ${integer} NOT NULL,
      name ${text} NOT NULL,
      value ${text} NOT NULL,
      updated_at ${integer} NOT NULL,
      PRIMARY KEY (account_id, name)
    ) ${end}`,
  ],
}
