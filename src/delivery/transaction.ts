/**
 * One SMTP transaction on an open connection. Where the server can pipeline, there is one round trip before the body;
 * where it takes chunks too, and the body is not large, one for everything (RFC 2920, RFC 3030).
 */
import type { SmtpReply } from '../mail/reply.ts'
import type { Connection, Loss } from './connection.ts'
import type { PreparedBody } from './prepare-body.ts'
import type { Extensions } from './smtp-client.ts'
import type { SmtpTimeouts } from './timeouts.ts'
import type { Transcript } from './transcript.ts'

export type Transaction = {
  /** '' for the null sender. */
  envelopeFrom: string
  /** `dsn`: RFC 3461 parameters, passed on to servers that know them. */
  recipients: readonly { address: string; dsn?: string }[]
  body: PreparedBody
  /** An address or a header field is not ASCII. */
  smtpUtf8: boolean
  ret?: string
  envid?: string
}

export type TransactionResult = {
  mail?: SmtpReply
  /** One for each recipient that was answered, in their order. */
  recipients: readonly SmtpReply[]
  /** To DATA. Where the body came in a chunk, nothing was asked first. */
  data?: SmtpReply
  final?: SmtpReply
  /** The connection broke before this was through. */
  loss?: Loss & { stage: 'mail' | 'rcpt' | 'data' | 'final' }
  /** It offers CHUNKING and does not know BDAT; what it made of the body nobody can tell. */
  knowsNoChunks?: boolean
}

/** What this server cannot take, known before anything is said. */
export function obstacleTo(
  { smtpUtf8, body }: Transaction,
  extensions: Extensions,
): { class: 'bad-message' | 'too-large'; text: string } | undefined {
  if (smtpUtf8 && !extensions.has('SMTPUTF8')) {
    return { class: 'bad-message', text: '5.6.7 the server does not take internationalised mail (SMTPUTF8)' }
  }
  const largest = Number(extensions.get('SIZE') ?? 0)
  if (largest > 0 && body.sizeBytes > largest) {
    return {
      class: 'too-large',
      text: `5.3.4 the message has ${body.sizeBytes} bytes; the server takes ${largest}`,
    }
  }
  return undefined
}

type Context = {
  extensions: Extensions
  transcript: Transcript
  timeouts: SmtpTimeouts
  /** Whether bodies may go in chunks to a server that offers it. */
  chunking: boolean
}

/** Beyond this, hearing first that nobody there wants it is worth a round trip. */
const chunkBelowBytes = 64 * 1024

export async function sendTransaction(
  connection: Connection,
  transaction: Transaction,
  context: Context,
): Promise<TransactionResult> {
  const { extensions, chunking } = context
  const envelope = envelopeCommands(transaction, extensions)
  if (!extensions.has('PIPELINING')) return sendStepByStep(connection, transaction, envelope, context)
  return chunking && extensions.has('CHUNKING') && transaction.body.sizeBytes < chunkBelowBytes
    ? sendChunked(connection, transaction, envelope, context)
    : sendPipelined(connection, transaction, envelope, context)
}

/** MAIL and every RCPT. */
function envelopeCommands(
  { envelopeFrom, recipients, body, smtpUtf8, ret, envid }: Transaction,
  extensions: Extensions,
): string[] {
  const knowsDsn = extensions.has('DSN')
  let mail = `MAIL FROM:<${envelopeFrom}>`
  if (extensions.has('SIZE')) mail += ` SIZE=${body.sizeBytes}`
  if (!body.isAscii && extensions.has('8BITMIME')) mail += ' BODY=8BITMIME'
  if (smtpUtf8) mail += ' SMTPUTF8'
  if (knowsDsn && ret !== undefined) mail += ` RET=${ret}`
  if (knowsDsn && envid !== undefined) mail += ` ENVID=${envid}`
  const commands = [mail]
  for (const { address, dsn } of recipients) {
    commands.push(knowsDsn && dsn !== undefined ? `RCPT TO:<${address}> ${dsn}` : `RCPT TO:<${address}>`)
  }
  for (const command of commands) {
    // Addresses come from the one parser, which has no line breaks. Anything else here would be a second command.
    if (/[\r\n\0]/.test(command))
      throw new Error(`a line break in an SMTP command: ${JSON.stringify(command)}`)
  }
  return commands
}

async function sendPipelined(
  connection: Connection,
  transaction: Transaction,
  envelope: readonly string[],
  context: Context,
): Promise<TransactionResult> {
  const commands = [...envelope, 'DATA']
  for (const command of commands) context.transcript.client(command)
  const { replies, loss } = await connection.exchange(`${commands.join('\r\n')}\r\n`, {
    replies: commands.length,
    timeoutMs: context.timeouts.envelopeMs,
  })
  const count = transaction.recipients.length
  const [mail] = replies
  const data = replies[count + 1]
  const result: TransactionResult = { recipients: replies.slice(1, count + 1) }
  if (mail !== undefined) result.mail = mail
  if (data !== undefined) result.data = data
  if (loss !== undefined) {
    const stage = !isAccepted(mail) ? 'mail' : result.recipients.length < count ? 'rcpt' : 'data'
    return { ...result, loss: { ...loss, stage } }
  }
  if (data?.code !== 354) return isAccepted(mail) ? reset(connection, context, result) : result
  return isAccepted(mail) && result.recipients.some(isAccepted)
    ? sendBody(connection, transaction, context, result)
    : sendNothing(connection, context, result)
}

/** All at once. A body that nobody there wanted is read and thrown away by the server. */
async function sendChunked(
  connection: Connection,
  { body, recipients }: Transaction,
  envelope: readonly string[],
  context: Context,
): Promise<TransactionResult> {
  const { transcript, timeouts } = context
  const commands = [...envelope, `BDAT ${body.sizeBytes} LAST`]
  for (const command of commands) transcript.client(command)
  tellSize(body, transcript)
  const said = Buffer.from(`${commands.join('\r\n')}\r\n`)
  const { replies, loss } = await connection.exchange([Buffer.concat([said, ...body.chunks])], {
    replies: commands.length,
    timeoutMs: timeouts.envelopeMs,
    lastTimeoutMs: timeouts.finalMs,
  })
  const count = recipients.length
  const [mail] = replies
  const final = replies[count + 1]
  const result: TransactionResult = { recipients: replies.slice(1, count + 1) }
  if (mail !== undefined) result.mail = mail
  const isWanted = isAccepted(mail) && result.recipients.some(isAccepted)
  if (final !== undefined && isWanted) result.final = final
  if (loss !== undefined) {
    const stage =
      mail === undefined ? 'mail' : result.recipients.length < count ? 'rcpt' : isWanted ? 'final' : 'data'
    return { ...result, loss: { ...loss, stage } }
  }
  if (isWanted && final !== undefined && unknownCommand.has(final.code)) result.knowsNoChunks = true
  // RFC 3030 §4.1: after a chunk that was refused, what state the server is in is not defined.
  return isAccepted(mail) && !isAccepted(final) ? reset(connection, context, result) : result
}

/** RFC 5321 §4.2.4: what BDAT may be answered with by a server that does not know it. */
const unknownCommand: ReadonlySet<number> = new Set([500, 501, 502, 504])

async function sendStepByStep(
  connection: Connection,
  transaction: Transaction,
  envelope: readonly string[],
  context: Context,
): Promise<TransactionResult> {
  const { timeouts, transcript } = context
  const commands = [...envelope, 'DATA']
  const result: TransactionResult = { recipients: [] }
  const recipients: SmtpReply[] = []
  result.recipients = recipients
  for (const [i, command] of commands.entries()) {
    const stage = i === 0 ? 'mail' : i === commands.length - 1 ? 'data' : 'rcpt'
    if (stage === 'data' && !recipients.some(isAccepted)) return reset(connection, context, result)
    transcript.client(command)
    const { replies, loss } = await connection.exchange(`${command}\r\n`, {
      replies: 1,
      timeoutMs: stage === 'data' ? timeouts.dataMs : timeouts.envelopeMs,
    })
    const [reply] = replies
    if (reply !== undefined) {
      if (stage === 'rcpt') recipients.push(reply)
      else result[stage] = reply
    }
    if (loss !== undefined) return { ...result, loss: { ...loss, stage } }
    if (stage === 'mail' && !isAccepted(reply)) return result
  }
  return result.data?.code === 354
    ? sendBody(connection, transaction, context, result)
    : reset(connection, context, result)
}

async function sendBody(
  connection: Connection,
  { body }: Transaction,
  { transcript, timeouts }: Context,
  result: TransactionResult,
): Promise<TransactionResult> {
  tellSize(body, transcript)
  const { replies, loss } = await connection.exchange(body.dotted(), {
    replies: 1,
    timeoutMs: timeouts.finalMs,
    blockMs: timeouts.blockMs,
  })
  const [final] = replies
  if (final !== undefined) result.final = final
  return loss === undefined ? result : { ...result, loss: { ...loss, stage: 'final' } }
}

function tellSize({ sizeBytes }: PreparedBody, transcript: Transcript): void {
  transcript.note(`${sizeBytes.toLocaleString('en-US')} bytes of message`)
}

/** The server asks for a body although it took no recipient (RFC 2920 §3.1): a lone dot, which it must refuse. */
async function sendNothing(
  connection: Connection,
  { transcript, timeouts }: Context,
  result: TransactionResult,
): Promise<TransactionResult> {
  transcript.client('.')
  const { loss } = await connection.exchange('.\r\n', { replies: 1, timeoutMs: timeouts.dataMs })
  return loss === undefined ? result : { ...result, loss: { ...loss, stage: 'data' } }
}

/** There was no body: what MAIL began is ended, so that the connection can be used again. */
async function reset(
  connection: Connection,
  { transcript, timeouts }: Context,
  result: TransactionResult,
): Promise<TransactionResult> {
  transcript.client('RSET')
  const { loss } = await connection.exchange('RSET\r\n', { replies: 1, timeoutMs: timeouts.quitMs })
  return loss === undefined ? result : { ...result, loss: { ...loss, stage: 'data' } }
}

export function isAccepted(reply: SmtpReply | undefined): boolean {
  return reply !== undefined && reply.code >= 200 && reply.code < 300
}
