/** Where a conversation stands, without its socket. Commands change it; the connection acts on what it expects next. */
import type { Log } from '../runtime/log.ts'
import { createMessageReader, type MessageReader, release } from './data-reader.ts'
import type { SmtpAnswer, SmtpHandlers, SmtpRecipient, SmtpSender, SmtpSession } from './handlers.ts'
import type { HeldBytes, SmtpLimits } from './limits.ts'
import { formatAnswer, replies } from './replies.ts'

/** What all connections of a server share. */
export type Common = {
  readonly name: string
  readonly handlers: SmtpHandlers
  readonly limits: SmtpLimits
  readonly held: HeldBytes
  readonly counts: Counts
  readonly log: Log
}

export type Counts = {
  messagesAccepted: number
  messagesRefused: number
  protocolErrors: number
  authenticationFailures: number
  timeouts: number
}

export type OpenSession = { -readonly [Key in keyof SmtpSession]: SmtpSession[Key] }

export type Transaction = {
  readonly sender: SmtpSender
  readonly recipients: SmtpRecipient[]
  /** A RCPT was refused: DATA is then told that no recipient is valid rather than that RCPT is missing. */
  recipientRefused: boolean
  /** From the first BDAT or DATA on. */
  reader: MessageReader | undefined
}

export type Dialogue = {
  readonly common: Common
  readonly session: OpenSession
  expects: 'command' | 'auth-response' | 'message' | 'chunk' | 'handshake' | 'nothing'
  transaction: Transaction | undefined
  exchange: { mechanism: 'PLAIN' | 'LOGIN'; username?: string }
  /** The BDAT chunk being read; one that is refused is read all the same, because its octets are no commands. */
  chunk: { sizeBytes: number; remainingBytes: number; isLast: boolean; refusal: string | undefined }
  messages: number
  errors: number
  failedLogins: number
}

/** The reply to send; '' when there is nothing to say yet. */
export type Reply = string | Promise<string>

export function createDialogue(common: Common, session: OpenSession): Dialogue {
  return {
    common,
    session,
    expects: 'command',
    transaction: undefined,
    exchange: { mechanism: 'PLAIN' },
    chunk: { sizeBytes: 0, remainingBytes: 0, isLast: false, refusal: undefined },
    messages: 0,
    errors: 0,
    failedLogins: 0,
  }
}

export function endTransaction(dialogue: Dialogue) {
  const reader = dialogue.transaction?.reader
  if (reader !== undefined) release(reader)
  dialogue.transaction = undefined
}

/** Nothing said before TLS counts after it (RFC 3207 §4.2). */
export function forgetPlainText(dialogue: Dialogue) {
  endTransaction(dialogue)
  dialogue.session.helo = ''
  dialogue.session.extended = false
  dialogue.session.user = undefined
  dialogue.expects = 'command'
}

/** The client broke the protocol: counted, because there is a limit. */
export function mistake(dialogue: Dialogue, reply: string): string {
  dialogue.errors++
  dialogue.common.counts.protocolErrors++
  return reply
}

export function closeAfter(dialogue: Dialogue, reply: string): string {
  dialogue.expects = 'nothing'
  return reply
}

export function readerOf(dialogue: Dialogue, transaction: Transaction): MessageReader {
  transaction.reader ??= createMessageReader(dialogue.common.limits, dialogue.common.held)
  return transaction.reader
}

export function isPositive(answer: SmtpAnswer | undefined): boolean {
  return answer === undefined || (answer.code >= 200 && answer.code < 300)
}

/** A handler's answer as a reply; `usual` when it had none. */
export function toReply(dialogue: Dialogue, answer: SmtpAnswer | undefined, usual: string): string {
  if (answer === undefined) return usual
  if (answer.close === true || answer.code === 421 || answer.code === 221) dialogue.expects = 'nothing'
  return formatAnswer(answer)
}

/** Asks a handler, which may answer at once or later. What it throws is our bug: logged here, 451 to the client. */
export function ask<T>(
  dialogue: Dialogue,
  handler: string,
  question: () => T | Promise<T>,
  toText: (answer: T) => string,
): Reply {
  try {
    const answer = question()
    if (!(answer instanceof Promise)) return toText(answer)
    return answer.then(toText).catch((error: unknown) => ourFault(dialogue, handler, error))
  } catch (error) {
    return ourFault(dialogue, handler, error)
  }
}

function ourFault(dialogue: Dialogue, handler: string, error: unknown): string {
  const { id, remoteAddress } = dialogue.session
  dialogue.common.log.error({ err: error, handler, session: id, remoteAddress }, 'SMTP handler failed')
  return replies.ourFault
}
