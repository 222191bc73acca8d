/** What the SMTP engine asks of whoever uses it, and what it tells them: policy lives behind these types. */
import type { Address } from '../mail/address.ts'

/** An answer to a command. 221 and 421 close the connection, and so does `close`. */
export type SmtpAnswer = {
  code: number
  /** RFC 3463 `x.y.z`. */
  enhanced?: string
  /** ASCII; `\n` separates the lines of a multi-line reply. */
  text: string
  close?: boolean
}

export type SmtpListener = {
  host: string
  /** 0 picks a free port. */
  port: number
  tls: 'implicit' | 'starttls' | 'none'
  /** `required` answers 530 to mail commands until the client has authenticated. Default: AUTH is not offered. */
  authentication?: 'none' | 'required'
  /** AUTH without TLS for clients on this machine. Default: never. */
  authenticationWithoutTls?: 'never' | 'loopback'
  /** A word of the owner's, to tell listeners apart in handlers and logs. */
  label?: string
}

/** One connection, as handlers see it. */
export type SmtpSession<User = unknown> = {
  readonly id: number
  readonly listener: SmtpListener
  /** Without the `::ffff:` of mapped IPv4 addresses. */
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  /** The argument of HELO or EHLO; '' before it, and again after STARTTLS. */
  readonly helo: string
  /** The client said EHLO. */
  readonly extended: boolean
  /** e.g. `TLSv1.3 TLS_AES_256_GCM_SHA384`; '' without TLS. */
  readonly tls: string
  /** What `authenticate` returned. */
  readonly user: User | undefined
}

/** MAIL parameters, validated. */
export type MailParameters = {
  sizeBytes?: number
  body?: '7BIT' | '8BITMIME'
  smtpUtf8?: boolean
  ret?: 'FULL' | 'HDRS'
  /** xtext as given (RFC 3461 §4.4). */
  envid?: string
}

/** RCPT parameters, validated. */
export type RcptParameters = {
  /** `NEVER`, or a comma-separated list of `SUCCESS`, `FAILURE`, `DELAY`. */
  notify?: string
  /** `type;xtext` as given (RFC 3461 §4.2). */
  orcpt?: string
}

export type SmtpSender = { readonly address: Address | null; readonly params: MailParameters }
export type SmtpRecipient = { readonly address: Address; readonly params: RcptParameters }

export type SmtpMessage = {
  readonly sender: SmtpSender
  /** At least one: those whose RCPT was answered with 2xx. */
  readonly recipients: readonly SmtpRecipient[]
  /**
   * CRLF line endings throughout, dots unstuffed, lines within 1,000 octets, no NUL. It may be a view into a larger
   * buffer: copy it to keep it for long.
   */
  readonly raw: Buffer
}

export type Credentials = { readonly username: string; readonly password: string }

/** `user` when the credentials are right; else the refusal to answer with. */
export type Authentication<User> = { readonly user: User } | SmtpAnswer

type Awaitable<T> = T | Promise<T>

/**
 * Each may answer at once or later; commands of one connection are answered in order. `undefined` means the usual
 * 2xx reply. A handler that throws is answered 451 4.3.0 and logged.
 */
export type SmtpHandlers<User = unknown> = {
  /** Before the greeting. A 2xx reply replaces its words; any other closes the connection. */
  connect?(session: SmtpSession<User>): Awaitable<SmtpAnswer | undefined>
  /** Needed by listeners with `authentication: 'required'`. */
  authenticate?(session: SmtpSession<User>, credentials: Credentials): Awaitable<Authentication<User>>
  mail?(session: SmtpSession<User>, sender: SmtpSender): Awaitable<SmtpAnswer | undefined>
  /** Called for each RCPT within the limit; a 2xx (or undefined) makes it a recipient of the message. */
  rcpt?(
    session: SmtpSession<User>,
    recipient: SmtpRecipient,
    sender: SmtpSender,
  ): Awaitable<SmtpAnswer | undefined>
  /** The whole message, after its end. */
  data(session: SmtpSession<User>, message: SmtpMessage): Awaitable<SmtpAnswer>
}
