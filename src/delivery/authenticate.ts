/**
 * Logging in to an outgoing server (RFC 4954): PLAIN, LOGIN, CRAM-MD5, XOAUTH2. Methods are tried in the order in which
 * Odoo's library tries them (reference/outgoing-mail-servers.md §2), and one that is refused gives way to the next,
 * because servers announce CRAM-MD5 that they have no passwords for.
 */
import { createHmac } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { isLoopback } from '../runtime/loopback.ts'
import type { Connection } from './connection.ts'
import type { OpenFailure } from './smtp-client.ts'
import type { Transcript } from './transcript.ts'

export type Credentials =
  | { kind: 'password'; user: string; password: string }
  /** OAuth 2: somebody else renews the token. */
  | { kind: 'token'; user: string; token: string }

export type AuthFailure = OpenFailure & { stage: 'auth' }

type Login = {
  host: string
  address: string
  /** Parameters of AUTH in the answer to EHLO; undefined when it is not offered. */
  offered: string | undefined
  transcript: Transcript
  timeoutMs: number
}

const passwordMethods = ['CRAM-MD5', 'PLAIN', 'LOGIN'] as const
type Method = (typeof passwordMethods)[number] | 'XOAUTH2'

export async function authenticate(
  connection: Connection,
  credentials: Credentials,
  login: Login,
): Promise<AuthFailure | undefined> {
  const { host, offered } = login
  if (offered === undefined) {
    return { stage: 'auth', why: 'not-offered', text: `${host} does not offer AUTH, so nobody can log in` }
  }
  const wanted: readonly Method[] = credentials.kind === 'token' ? ['XOAUTH2'] : passwordMethods
  const announced = offered.toUpperCase().split(' ')
  const usable = wanted.filter((method) => announced.includes(method))
  if (usable.length === 0) {
    const text = `${host} offers no way to log in that fits (${offered || 'none'}); usable are ${wanted.join(', ')}`
    return { stage: 'auth', why: 'no-method', text }
  }
  // CRAM-MD5 shows nobody the password.
  const isPrivate = connection.tls() !== '' || isLoopback(login.address)
  const safe = usable.filter((method) => isPrivate || method === 'CRAM-MD5')
  if (safe.length === 0) {
    return { stage: 'auth', why: 'needs-tls', text: `a password is not sent to ${host} without TLS` }
  }
  let failure: AuthFailure | undefined
  for (const method of safe) {
    failure = await tryMethod(method, connection, credentials, login)
    // Only "wrong credentials" and "method not known" say that another method could do better.
    if (failure === undefined || ![504, 534, 535].includes(failure.reply?.code ?? 0)) return failure
  }
  return failure
}

function tryMethod(
  method: Method,
  connection: Connection,
  credentials: Credentials,
  login: Login,
): Promise<AuthFailure | undefined> {
  const user = userName(credentials.user)
  if (credentials.kind === 'token') {
    const token = base64(`user=${user}\x01auth=Bearer ${credentials.token}\x01\x01`)
    // The server explains a refusal in a challenge, to which the answer is an empty line.
    return say(connection, login, { shown: 'AUTH XOAUTH2 ********', line: `AUTH XOAUTH2 ${token}` }, [
      () => '',
    ])
  }
  const { password } = credentials
  if (method === 'CRAM-MD5') {
    return say(connection, login, { shown: 'AUTH CRAM-MD5', line: 'AUTH CRAM-MD5' }, [
      (challenge) => base64(`${user} ${createHmac('md5', password).update(challenge).digest('hex')}`),
    ])
  }
  if (method === 'PLAIN') {
    const line = `AUTH PLAIN ${base64(`\0${user}\0${password}`)}`
    return say(connection, login, { shown: 'AUTH PLAIN ********', line }, [])
  }
  const answers = [() => base64(user), () => base64(password)]
  return say(connection, login, { shown: 'AUTH LOGIN', line: 'AUTH LOGIN' }, answers)
}

/** The command, then an answer to each challenge (334). */
async function say(
  connection: Connection,
  { host, transcript, timeoutMs }: Login,
  { shown, line }: { shown: string; line: string },
  answers: readonly ((challenge: Buffer) => string)[],
): Promise<AuthFailure | undefined> {
  let next = { shown, line }
  for (let round = 0; ; round++) {
    transcript.client(next.shown)
    const { replies, loss } = await connection.exchange(`${next.line}\r\n`, { replies: 1, timeoutMs })
    const [reply] = replies
    if (reply === undefined || loss !== undefined) {
      const text = reply?.text ?? `${host}: ${loss?.text ?? 'no answer'}`
      return { stage: 'auth', text, ...(reply && { reply }), ...(loss && { loss }) }
    }
    if (reply.code >= 200 && reply.code < 300) return undefined
    const answer = answers[round]
    if (reply.code !== 334 || answer === undefined) {
      const text = reply.code === 334 ? `${host} asks for more than the method has to say` : reply.text
      return { stage: 'auth', reply, text }
    }
    next = { shown: '********', line: answer(Buffer.from(reply.text, 'base64')) }
  }
}

/** The domain of a user name that is an address goes in A-label form. */
function userName(user: string): string {
  const at = user.lastIndexOf('@')
  const domain = at === -1 ? '' : domainToASCII(user.slice(at + 1))
  return domain === '' ? user : `${user.slice(0, at + 1)}${domain}`
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
