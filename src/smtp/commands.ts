/** The commands of RFC 5321 and the extensions offered: a line in, a reply out. */
import type { Address } from '../mail/address.ts'
import { parsePath } from '../mail/address.ts'
import { continueAuthentication, mayAuthenticate, startAuthentication } from './authentication.ts'
import {
  ask,
  closeAfter,
  type Dialogue,
  endTransaction,
  isPositive,
  mistake,
  type Reply,
  toReply,
} from './dialogue.ts'
import type { SmtpAnswer } from './handlers.ts'
import { parseMailParameters, parseRcptParameters } from './parameters.ts'
import { replies, replyToProblem } from './replies.ts'
import { startChunk, startData } from './transfer.ts'

/** A line without its CRLF. */
export function answerLine(dialogue: Dialogue, line: string): Reply {
  if (dialogue.expects === 'auth-response') return continueAuthentication(dialogue, line)
  const space = line.indexOf(' ')
  const verb = (space === -1 ? line : line.slice(0, space)).toUpperCase()
  const command = commands.get(verb)
  if (command === undefined) return mistake(dialogue, replies.unknownCommand)
  const argument = space === -1 ? '' : line.slice(space + 1).trim()
  if (command.needsAuthentication && isUnauthenticated(dialogue)) return replies.authRequired
  if (command.takesArgument === false && argument !== '') return mistake(dialogue, replies.noArgument)
  return command.run(dialogue, argument)
}

/** Commands after which a client waits for the reply, whatever it is. */
export function hasToBeLast(line: string): boolean {
  return /^(?:DATA|STARTTLS)(?: |$)/i.test(line)
}

type Command = {
  run: (dialogue: Dialogue, argument: string) => Reply
  needsAuthentication?: boolean
  takesArgument?: false
}

// Other protocols' first words: somebody made a browser or a proxy talk to us. Its body must not become commands.
const otherProtocol: Command = {
  run: (dialogue) => closeAfter(dialogue, mistake(dialogue, replies.notSmtp)),
}

const commands = new Map<string, Command>([
  ['MAIL', { run: mail, needsAuthentication: true }],
  ['RCPT', { run: rcpt, needsAuthentication: true }],
  ['DATA', { run: startData, needsAuthentication: true, takesArgument: false }],
  ['BDAT', { run: (dialogue, argument) => startChunk(dialogue, argument, isUnauthenticated(dialogue)) }],
  ['EHLO', { run: (dialogue, argument) => hello(dialogue, argument, true) }],
  ['HELO', { run: (dialogue, argument) => hello(dialogue, argument, false) }],
  ['RSET', { run: reset, takesArgument: false }],
  ['NOOP', { run: () => replies.ok }],
  ['QUIT', { run: (dialogue) => closeAfter(dialogue, replies.goodbye), takesArgument: false }],
  ['AUTH', { run: startAuthentication }],
  ['STARTTLS', { run: startTls, takesArgument: false }],
  ['VRFY', { run: () => replies.cannotVerify, needsAuthentication: true }],
  ['EXPN', { run: (dialogue) => mistake(dialogue, replies.notImplemented) }],
  ['HELP', { run: () => replies.help }],
  ...['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'CONNECT'].map((verb) => [verb, otherProtocol] as const),
])

function isUnauthenticated({ session }: Dialogue): boolean {
  return session.listener.authentication === 'required' && session.user === undefined
}

function hello(dialogue: Dialogue, argument: string, extended: boolean): Reply {
  // It is written into the Received header, so it has to be atoms (RFC 5322 §3.2.3) or an address literal there.
  if (!/^[\w.:[\]!#$%&'*+/=?^`{|}~-]{1,255}$/.test(argument)) return mistake(dialogue, replies.badHelo)
  endTransaction(dialogue)
  dialogue.session.helo = argument
  dialogue.session.extended = extended
  return extended ? greet(dialogue) : `250 ${dialogue.common.name}\r\n`
}

function greet({ common, session }: Dialogue): string {
  const { limits } = common
  const lines = [
    common.name,
    'PIPELINING',
    `SIZE ${limits.maxMessageBytes}`,
    '8BITMIME',
    'SMTPUTF8',
    'ENHANCEDSTATUSCODES',
    'CHUNKING',
    'DSN',
    `LIMITS MAILMAX=${limits.maxMessages} RCPTMAX=${limits.maxRecipients}`,
  ]
  if (session.listener.tls === 'starttls' && session.tls === '') lines.push('STARTTLS')
  if (mayAuthenticate(session)) lines.push('AUTH PLAIN LOGIN')
  return `${lines.map((line) => `250-${line}\r\n`).join('')}250 HELP\r\n`
}

function reset(dialogue: Dialogue): Reply {
  endTransaction(dialogue)
  return replies.ok
}

function startTls(dialogue: Dialogue): Reply {
  if (dialogue.session.tls !== '') return mistake(dialogue, replies.alreadyTls)
  if (dialogue.session.listener.tls !== 'starttls') return mistake(dialogue, replies.noTls)
  dialogue.expects = 'handshake'
  return replies.startTls
}

function mail(dialogue: Dialogue, argument: string): Reply {
  const { session, common } = dialogue
  if (session.helo === '') return mistake(dialogue, replies.heloFirst)
  if (dialogue.transaction !== undefined) return mistake(dialogue, replies.mailTwice)
  if (dialogue.messages >= common.limits.maxMessages) return closeAfter(dialogue, replies.tooManyMessages)
  if (argument.slice(0, 5).toUpperCase() !== 'FROM:') return mistake(dialogue, replies.badMailSyntax)
  const path = parsePath(argument.slice(5))
  if (path === undefined) return replies.badSender
  if (path.rest !== '' && !session.extended) return replies.unknownParameter
  const parsed = parseMailParameters(path.rest)
  if ('reply' in parsed) return parsed.reply
  const { address } = path
  const { params } = parsed
  if (params.smtpUtf8 !== true && !isAscii(argument)) return replies.needsSmtpUtf8
  if (params.sizeBytes !== undefined && params.sizeBytes > common.limits.maxMessageBytes) {
    return replyToProblem['too-large']
  }
  const sender = { address, params }
  const begin = (answer: SmtpAnswer | undefined) => {
    if (isPositive(answer)) {
      dialogue.transaction = { sender, recipients: [], recipientRefused: false, reader: undefined }
    }
    return toReply(dialogue, answer, replies.senderOk)
  }
  if (common.handlers.mail === undefined) return begin(undefined)
  return ask(dialogue, 'mail', () => common.handlers.mail?.(session, sender), begin)
}

function rcpt(dialogue: Dialogue, argument: string): Reply {
  const { session, common, transaction } = dialogue
  if (transaction === undefined) return mistake(dialogue, replies.mailFirst)
  if (transaction.reader !== undefined) return mistake(dialogue, replies.afterBdat)
  if (argument.slice(0, 3).toUpperCase() !== 'TO:') return mistake(dialogue, replies.badRcptSyntax)
  const refuse = (reply: string) => {
    transaction.recipientRefused = true
    return reply
  }
  if (transaction.recipients.length >= common.limits.maxRecipients) return refuse(replies.tooManyRecipients)
  const path = parseRecipient(argument.slice(3), common.name)
  if (path === undefined) return refuse(replies.badRecipient)
  if (path.rest !== '' && !session.extended) return refuse(replies.unknownParameter)
  const parsed = parseRcptParameters(path.rest)
  if ('reply' in parsed) return refuse(parsed.reply)
  if (transaction.sender.params.smtpUtf8 !== true && !isAscii(argument)) return refuse(replies.needsSmtpUtf8)
  const recipient = { address: path.address, params: parsed.params }
  const add = (answer: SmtpAnswer | undefined) => {
    if (isPositive(answer)) transaction.recipients.push(recipient)
    else transaction.recipientRefused = true
    return toReply(dialogue, answer, replies.recipientOk)
  }
  if (common.handlers.rcpt === undefined) return add(undefined)
  return ask(dialogue, 'rcpt', () => common.handlers.rcpt?.(session, recipient, transaction.sender), add)
}

function parseRecipient(text: string, ourName: string): { address: Address; rest: string } | undefined {
  // RFC 5321 §4.5.1: every server knows <postmaster> without a domain.
  const path = parsePath(text) ?? parsePath(text.replace(/^ *<postmaster>/i, `<postmaster@${ourName}>`))
  const address = path?.address
  return path === undefined || address === undefined || address === null
    ? undefined
    : { address, rest: path.rest }
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text)
}
