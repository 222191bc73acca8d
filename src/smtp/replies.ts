/** The engine's own words, formatted once. */
import { formatReply } from '../mail/reply.ts'
import type { MessageProblem } from './data-reader.ts'
import type { SmtpAnswer } from './handlers.ts'

export const replies = {
  // While a client waits or after it has left the protocol
  goodbye: formatReply(221, '2.0.0', 'Goodbye'),
  stopping: formatReply(421, '4.3.2', 'Server is stopping, try again later'),
  idleTooLong: formatReply(421, '4.4.2', 'Timeout, closing the connection'),
  tooManyConnections: formatReply(421, '4.7.0', 'Too many connections, try again later'),
  tooManyErrors: formatReply(421, '4.7.0', 'Too many errors, closing the connection'),
  tooManyFailedLogins: formatReply(421, '4.7.0', 'Too many failed authentications, closing the connection'),
  tooManyMessages: formatReply(421, '4.7.0', 'Too many messages on one connection, open another'),
  earlyTalker: formatReply(554, '5.5.0', 'The client spoke before the greeting'),
  notSynchronised: formatReply(554, '5.5.0', 'Input was sent before the reply it has to wait for'),
  notSmtp: formatReply(554, '5.5.1', 'This is an SMTP server'),
  ourFault: formatReply(451, '4.3.0', 'Temporary failure on our side, try again later'),

  // Command lines
  badLineEnding: formatReply(500, '5.5.2', 'Lines end with CRLF; CR, LF and NUL have no other place'),
  lineTooLong: formatReply(500, '5.5.2', 'Line too long'),
  authLineTooLong: formatReply(500, '5.5.6', 'Authentication exchange line is too long'),
  notUtf8: formatReply(500, '5.5.2', 'Line is not valid UTF-8'),
  unknownCommand: formatReply(500, '5.5.1', 'Command not recognised'),
  notImplemented: formatReply(502, '5.5.1', 'Command not implemented'),
  noArgument: formatReply(501, '5.5.4', 'This command takes no argument'),
  badHelo: formatReply(501, '5.5.4', 'A host name or address literal is needed'),
  badMailSyntax: formatReply(501, '5.5.2', 'Syntax: MAIL FROM:<address>'),
  badRcptSyntax: formatReply(501, '5.5.2', 'Syntax: RCPT TO:<address>'),
  badBdatSyntax: formatReply(501, '5.5.4', 'Syntax: BDAT size [LAST]'),
  badSender: formatReply(501, '5.1.7', 'Invalid sender address'),
  badRecipient: formatReply(501, '5.1.3', 'Invalid recipient address'),
  needsSmtpUtf8: formatReply(553, '5.6.7', 'The address needs SMTPUTF8'),
  unknownParameter: formatReply(555, '5.5.4', 'Parameter not recognised'),
  badParameter: formatReply(501, '5.5.4', 'Invalid parameter'),
  heloFirst: formatReply(503, '5.5.1', 'EHLO or HELO first'),
  mailFirst: formatReply(503, '5.5.1', 'MAIL first'),
  rcptFirst: formatReply(503, '5.5.1', 'RCPT first'),
  mailTwice: formatReply(503, '5.5.1', 'Sender already given'),
  afterBdat: formatReply(503, '5.5.1', 'Only BDAT or RSET may follow BDAT'),
  noValidRecipients: formatReply(554, '5.5.1', 'No valid recipients'),
  tooManyRecipients: formatReply(452, '4.5.3', 'Too many recipients'),

  // Authentication and TLS
  authRequired: formatReply(530, '5.7.1', 'Authentication required'),
  authNeedsTls: formatReply(538, '5.7.11', 'Encryption required for authentication'),
  authDone: formatReply(235, '2.7.0', 'Authentication successful'),
  authTwice: formatReply(503, '5.5.1', 'Already authenticated'),
  authInTransaction: formatReply(503, '5.5.1', 'Not during a mail transaction'),
  authUnknown: formatReply(504, '5.5.4', 'Authentication mechanism not supported'),
  authBadCoding: formatReply(501, '5.5.2', 'Invalid base64 or form of credentials'),
  authCancelled: formatReply(501, '5.7.0', 'Authentication cancelled'),
  authAsAnother: formatReply(535, '5.7.8', 'Authentication credentials invalid'),
  startTls: formatReply(220, '2.0.0', 'Ready to start TLS'),
  alreadyTls: formatReply(503, '5.5.1', 'TLS is already in use'),
  noTls: formatReply(502, '5.5.1', 'TLS is not available here'),

  // What goes well
  ok: formatReply(250, '2.0.0', 'Ok'),
  senderOk: formatReply(250, '2.1.0', 'Ok'),
  recipientOk: formatReply(250, '2.1.5', 'Ok'),
  sendData: formatReply(354, undefined, 'End data with <CR><LF>.<CR><LF>'),
  cannotVerify: formatReply(252, '2.0.0', 'Cannot verify, but will take the message and attempt delivery'),
  help: formatReply(
    214,
    '2.0.0',
    'EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT (RFC 5321)',
  ),
} as const

export const replyToProblem = {
  'bare-line-ending': formatReply(554, '5.6.0', 'Bare CR or LF in message: lines end with CRLF'),
  nul: formatReply(554, '5.6.0', 'NUL in message'),
  'line-too-long': formatReply(554, '5.6.0', 'Message has a line longer than 1000 octets'),
  'header-too-long': formatReply(554, '5.6.0', 'Message header is too long'),
  'too-large': formatReply(552, '5.3.4', 'Message is too large'),
  'no-memory': formatReply(452, '4.3.1', 'Too much mail at once, try again later'),
} as const satisfies Record<MessageProblem, string>

export function formatAnswer({ code, enhanced, text }: SmtpAnswer): string {
  return formatReply(code, enhanced, text.includes('\n') ? text.split('\n') : text)
}
