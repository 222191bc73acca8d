/** AUTH PLAIN and LOGIN (RFC 4954, RFC 4616). */
import { isUtf8 } from 'node:buffer'
import { isLoopback } from '../runtime/loopback.ts'
import { ask, type Dialogue, mistake, type Reply, toReply } from './dialogue.ts'
import type { Authentication, Credentials, SmtpSession } from './handlers.ts'
import { replies } from './replies.ts'

const askForPlain = '334 \r\n'
const askForUsername = '334 VXNlcm5hbWU6\r\n'
const askForPassword = '334 UGFzc3dvcmQ6\r\n'

/** Passwords travel under TLS, or, where the listener says so, within this machine. */
export function mayAuthenticate({ listener, tls, remoteAddress }: SmtpSession): boolean {
  if (listener.authentication !== 'required') return false
  if (tls !== '') return true
  return listener.authenticationWithoutTls === 'loopback' && isLoopback(remoteAddress)
}

export function startAuthentication(dialogue: Dialogue, argument: string): Reply {
  const { session } = dialogue
  if (session.listener.authentication !== 'required') return mistake(dialogue, replies.notImplemented)
  if (!session.extended) return mistake(dialogue, replies.heloFirst)
  if (session.user !== undefined) return mistake(dialogue, replies.authTwice)
  if (dialogue.transaction !== undefined) return mistake(dialogue, replies.authInTransaction)
  if (!mayAuthenticate(session)) return mistake(dialogue, replies.authNeedsTls)
  const [name = '', initial, ...more] = argument.split(' ')
  const mechanism = name.toUpperCase()
  if (mechanism !== 'PLAIN' && mechanism !== 'LOGIN') return mistake(dialogue, replies.authUnknown)
  if (more.length > 0) return mistake(dialogue, replies.authBadCoding)
  dialogue.exchange = { mechanism }
  if (initial !== undefined) return takeResponse(dialogue, initial === '=' ? '' : initial)
  dialogue.expects = 'auth-response'
  return mechanism === 'PLAIN' ? askForPlain : askForUsername
}

export function continueAuthentication(dialogue: Dialogue, line: string): Reply {
  dialogue.expects = 'command'
  return line === '*' ? mistake(dialogue, replies.authCancelled) : takeResponse(dialogue, line)
}

function takeResponse(dialogue: Dialogue, response: string): Reply {
  const text = decodeBase64(response)
  if (text === undefined) return mistake(dialogue, replies.authBadCoding)
  const { mechanism, username } = dialogue.exchange
  if (mechanism === 'LOGIN') {
    if (username !== undefined) return checkCredentials(dialogue, { username, password: text })
    dialogue.exchange.username = text
    dialogue.expects = 'auth-response'
    return askForPassword
  }
  const [authorizeAs, name, password, ...more] = text.split('\0')
  if (name === undefined || password === undefined || more.length > 0) {
    return mistake(dialogue, replies.authBadCoding)
  }
  if (authorizeAs !== '' && authorizeAs !== name) return countFailure(dialogue, replies.authAsAnother)
  return checkCredentials(dialogue, { username: name, password })
}

function decodeBase64(text: string): string | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

function checkCredentials(dialogue: Dialogue, credentials: Credentials): Reply {
  const { session, common } = dialogue
  return ask<Authentication<unknown> | undefined>(
    dialogue,
    'authenticate',
    () => common.handlers.authenticate?.(session, credentials),
    (result) => {
      if (result === undefined) return countFailure(dialogue, replies.authAsAnother)
      if (!('user' in result)) return countFailure(dialogue, toReply(dialogue, result, ''))
      session.user = result.user
      return replies.authDone
    },
  )
}

function countFailure(dialogue: Dialogue, reply: string): string {
  dialogue.failedLogins++
  dialogue.common.counts.authenticationFailures++
  return reply
}
