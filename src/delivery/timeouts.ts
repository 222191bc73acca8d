/** How long we wait for the other side. */
export type SmtpTimeouts = {
  connectMs: number
  greetingMs: number
  /** EHLO, STARTTLS and its handshake, AUTH. */
  ehloMs: number
  /** MAIL and RCPT. */
  envelopeMs: number
  dataMs: number
  /** Each write of the body that makes no progress. */
  blockMs: number
  finalMs: number
  quitMs: number
}

// RFC 5321 §4.5.3.2, but two minutes for a greeting: who needs longer will not take mail in time either. The answer
// to the final dot may take ten minutes; giving up sooner and trying again is how a recipient gets two copies.
export const defaultTimeouts: SmtpTimeouts = {
  connectMs: 30_000,
  greetingMs: 2 * 60_000,
  ehloMs: 2 * 60_000,
  envelopeMs: 5 * 60_000,
  dataMs: 2 * 60_000,
  blockMs: 3 * 60_000,
  finalMs: 10 * 60_000,
  quitMs: 5_000,
}
