/** Where a message goes and as whom: what the rules of the gateway decided, with their reasons. */
import type { ServerId } from '../mail/ids.ts'

export type RelaySecurity =
  /** Clear text. */
  | 'none'
  /** STARTTLS is demanded, but nobody checks who answers (as Odoo 17 does). */
  | 'starttls'
  /** STARTTLS, and the certificate must be valid for the host. */
  | 'starttls-strict'
  /** TLS from the start, unchecked. */
  | 'tls'
  /** TLS from the start, and the certificate must be valid for the host. */
  | 'tls-strict'

export type RelayAuthentication =
  | { kind: 'none' }
  | { kind: 'login'; user: string; password: string }
  /** OAuth 2 with a token that somebody else renews. */
  | { kind: 'xoauth2'; user: string; token: string }
  /** PEM: the TLS client certificate is the identity, no login follows. */
  | { kind: 'certificate'; certificate: string; privateKey: string }

/** An outgoing server, ready to connect to: its secrets are open. */
export type RelayServer = {
  /** Undefined for the relay of the settings, which is no row. */
  id: ServerId | undefined
  name: string
  /** A host name in A-label form, or an IP address. */
  host: string
  port: number
  security: RelaySecurity
  authentication: RelayAuthentication
  /** The whole SMTP dialogue goes to the log. */
  isDebug: boolean
  /** Larger messages are not offered to it; undefined: what it announces itself. */
  maxSizeBytes?: number
  limits: RelayLimits
}

/** What is missing is not limited by us. */
export type RelayLimits = {
  connections?: number
  messagesPerConnection?: number
  messagesPerMinute?: number
}

/** Missing where nothing has to change. */
export type Rewrite = {
  /** The From that goes out, as plain text (`"name" <address>`, not yet encoded). */
  fromHeader?: string
  /** The envelope sender; missing where bounces come back to this instance. */
  envelopeFrom?: string
}

export type Route = { because: readonly string[] } & (
  | ({ kind: 'mx' } & Rewrite)
  | ({
      kind: 'relay'
      server: RelayServer
      /** Takes over, with the same sender, while the server does not answer. */
      fallback?: RelayServer
    } & Rewrite)
  /** Nothing may be sent until a person has changed something; `error` says what, in the words of the rules. */
  | { kind: 'refused'; error: RouteError }
)

export type RouteError = 'from_missing' | 'from_invalid' | 'server_archived' | 'server_unknown'
