import type { RelayAuthentication, RelayServer } from './route.ts'
import type { ServerSecrets } from './server-fields.ts'
import type { ServerRow } from './servers.ts'

/** What of a row a connection depends on. */
type RelayRow = Omit<ServerRow, 'account_id' | 'created_at' | 'updated_at' | `${string}_sealed`>

/** A row with its secrets, as delivery and the connection test want it. */
export function toRelayServer(row: RelayRow, secrets: ServerSecrets): RelayServer {
  return {
    id: row.id,
    name: row.name,
    host: row.host,
    port: row.port,
    security: row.security,
    authentication: toAuthentication(row, secrets),
    isDebug: row.is_debug === 1,
    ...(row.max_size_bytes !== null && { maxSizeBytes: row.max_size_bytes }),
    limits: {
      ...(row.max_connections !== null && { connections: row.max_connections }),
      ...(row.max_messages_per_connection !== null && {
        messagesPerConnection: row.max_messages_per_connection,
      }),
      ...(row.max_messages_per_minute !== null && { messagesPerMinute: row.max_messages_per_minute }),
    },
  }
}

/** An empty password is sent as empty (reference/outgoing-mail-servers.md §2). */
function toAuthentication(
  row: RelayRow,
  { password, certificate, privateKey }: ServerSecrets,
): RelayAuthentication {
  const user = row.user_name ?? ''
  switch (row.authentication) {
    case 'none':
      return { kind: 'none' }
    case 'login':
      return { kind: 'login', user, password: password ?? '' }
    case 'xoauth2':
      return { kind: 'xoauth2', user, token: password ?? '' }
    case 'certificate':
      if (certificate === null || privateKey === null) {
        throw new Error(`the outgoing server ${row.id} has lost its client certificate`)
      }
      return { kind: 'certificate', certificate, privateKey }
  }
}
