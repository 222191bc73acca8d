/** What one client, and all clients together, may take of us. */

export type SmtpLimits = {
  /** Announced as SIZE; larger messages are discarded while they are read. */
  maxMessageBytes: number
  /** Per message; further ones are answered 452 4.5.3. */
  maxRecipients: number
  /** Per connection, announced as MAILMAX (RFC 9422, at most six digits). */
  maxMessages: number
  maxConnections: number
  /** Connections of one IPv4 address or one IPv6 /64. */
  maxConnectionsPerAddress: number
  /** Protocol errors per connection, after which it is closed. */
  maxErrors: number
  /** Failed AUTHs per connection, after which it is closed. */
  maxAuthenticationFailures: number
  /** Header of a message. */
  maxHeaderBytes: number
  /** All messages together that are being received or wait for their handler. */
  maxHeldBytes: number
  /** Input kept while a handler runs; above it the socket is not read. */
  maxPipelinedBytes: number
  /** Up to a complete command, however many bytes trickle in. */
  idleTimeoutMs: number
  /** Without a byte of the message. */
  dataTimeoutMs: number
  /** A whole message. */
  messageTimeoutMs: number
  handshakeTimeoutMs: number
  /** After our last reply, for the client to read it and to close. */
  lingerMs: number
  /** Pause before the greeting, to catch clients that talk first. 0 still looks once, without a timer. */
  greetingDelayMs: number
}

export const defaultLimits: SmtpLimits = {
  maxMessageBytes: 26_214_400,
  maxRecipients: 1000,
  maxMessages: 100_000,
  maxConnections: 2000,
  maxConnectionsPerAddress: 500,
  maxErrors: 10,
  maxAuthenticationFailures: 3,
  maxHeaderBytes: 262_144,
  maxHeldBytes: 134_217_728,
  maxPipelinedBytes: 65_536,
  idleTimeoutMs: 5 * 60_000,
  dataTimeoutMs: 3 * 60_000,
  messageTimeoutMs: 30 * 60_000,
  handshakeTimeoutMs: 30_000,
  lingerMs: 10_000,
  greetingDelayMs: 0,
}

/** Bytes of messages that all connections of one server hold in memory. */
export type HeldBytes = { bytes: number; readonly maxBytes: number }

/** Counts connections, all together and by address. */
export function createConnectionCount(limits: SmtpLimits) {
  const byAddress = new Map<string, number>()
  let total = 0
  return {
    total: () => total,
    /** False when there is no room; else `leave` gives the place back. */
    enter(address: string): boolean {
      const key = groupOf(address)
      const ofAddress = byAddress.get(key) ?? 0
      if (total >= limits.maxConnections || ofAddress >= limits.maxConnectionsPerAddress) return false
      total++
      byAddress.set(key, ofAddress + 1)
      return true
    },
    leave(address: string) {
      const key = groupOf(address)
      const ofAddress = byAddress.get(key) ?? 0
      total--
      if (ofAddress > 1) byAddress.set(key, ofAddress - 1)
      else byAddress.delete(key)
    },
  }
}

/** A host commands a whole IPv6 /64, so that is what counts as one address. */
function groupOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? 0 : tail.split(':').length
    while (groups.length + after < 8) groups.push('0')
  }
  return groups.length >= 4 ? groups.slice(0, 4).join(':') : address
}
