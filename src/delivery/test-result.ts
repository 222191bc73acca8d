/** What a connection test found, and how it is said to people. */
import type { RelayServer } from '../routing/route.ts'
import type { TlsFacts } from './client-tls.ts'

/** How far it came. */
export type TestStep = 'prepare' | 'connect' | 'ehlo' | 'tls' | 'auth' | 'mail' | 'rcpt' | 'data'

/** One for each row of reference/outgoing-mail-servers.md §8, and for what can be told apart beyond it. */
export type TestSituation =
  | 'ok'
  | 'no-host'
  | 'invalid-name'
  | 'invalid-user'
  | 'no-sender'
  | 'sender-not-ascii'
  | 'client-certificate-invalid'
  | 'client-certificate-mismatch'
  | 'host-unknown'
  | 'dns-no-answer'
  | 'not-allowed'
  | 'no-answer'
  | 'refused'
  | 'unreachable'
  | 'no-greeting'
  | 'closed-early'
  | 'not-smtp'
  | 'error-reply'
  | 'starttls-not-offered'
  | 'tls-failed'
  | 'certificate-not-accepted'
  | 'login-not-offered'
  | 'no-login-method'
  | 'password-needs-tls'
  | 'login-refused'
  | 'sender-refused'
  | 'recipient-refused'
  | 'data-refused'
  | 'size-not-told'

export type ConnectionTest = {
  ok: boolean
  step: TestStep
  situation: TestSituation
  /** What happened, with the server's own words. */
  message: string
  /** What to do about it; '' when there is nothing to do. */
  hint: string
  /** No passwords. */
  transcript: string
  tls: TlsFacts | null
  /** Octets; missing when the server sets none or tells none. */
  sizeLimit?: number
  durationMs: number
}

export type Finding = { step: TestStep; situation: TestSituation; words: string }

/** `words`: of the server or the system, where there are any. */
export function describeFinding(
  { situation, step, words }: Finding,
  server: Pick<RelayServer, 'host' | 'port' | 'security'>,
): { message: string; hint: string } {
  const [message, hint] = texts[situation]({ ...server, where: `${server.host}:${server.port}`, step, words })
  return { message, hint }
}

type Facts = Pick<RelayServer, 'host' | 'port' | 'security'> & {
  where: string
  step: TestStep
  words: string
}

const stepNames: Record<TestStep, string> = {
  prepare: 'before connecting',
  connect: 'while connecting',
  ehlo: 'at the greeting',
  tls: 'when TLS was to begin',
  auth: 'at the login',
  mail: 'at MAIL FROM',
  rcpt: 'at RCPT TO',
  data: 'at DATA',
}

const texts: Record<TestSituation, (facts: Facts) => readonly [message: string, hint: string]> = {
  ok: ({ where }) => [`${where} takes mail from here. Nothing was sent.`, ''],
  'no-host': () => ['No host is set.', 'Enter the host name of the outgoing server.'],
  'invalid-name': ({ host }) => [
    `"${host}" is not a host name.`,
    'A host name consists of labels with dots between them, each of 1 to 63 letters, digits and hyphens.',
  ],
  'invalid-user': ({ words }) => [
    `The domain in the user name "${words}" cannot be written for a mail server.`,
    'Check the user name after its @.',
  ],
  'no-sender': () => [
    'There is no address to test with.',
    'Set a From filter, the parameter mail.default.from, or an address of your own first.',
  ],
  'sender-not-ascii': ({ words }) => [
    `The test sender ${words} has letters that most mail servers do not take before the @.`,
    'Put an address of plain letters into the From filter.',
  ],
  'client-certificate-invalid': ({ words }) => [
    `The client certificate or its key cannot be read: ${words}.`,
    'Both have to be PEM files, the key without a passphrase.',
  ],
  'client-certificate-mismatch': () => [
    'The private key does not belong to the client certificate.',
    'Upload the certificate together with the key that it was made for.',
  ],
  'host-unknown': ({ host, words }) => [
    `The host ${host} cannot be found: ${words}.`,
    'Check the spelling of the host name.',
  ],
  'dns-no-answer': ({ host, words }) => [
    `DNS gives no answer for ${host}: ${words}.`,
    'Check the DNS servers of this machine, and try again.',
  ],
  'not-allowed': ({ where, words }) => [
    `${where} may not be connected to from here: ${words}.`,
    'In the lab, nothing leaves this machine: use a server on localhost, or the mode "live".',
  ],
  'no-answer': ({ where, step }) => [
    `${where} gives no answer ${stepNames[step]}.`,
    'Check host and port. A firewall may be in the way; many networks block port 25, where 465, 587 or 2525 work.',
  ],
  refused: ({ where }) => [
    `${where} refuses connections.`,
    'Check the port (usual are 587 for STARTTLS and 465 for TLS), and whether the server runs.',
  ],
  unreachable: ({ where, words }) => [
    `${where} cannot be reached: ${words}.`,
    'Check host and port, and the network of this machine.',
  ],
  'no-greeting': ({ where, security }) => [
    `${where} accepted the connection and then said nothing.`,
    security.startsWith('tls')
      ? 'Check the port and the security.'
      : 'This port probably wants TLS from the start, as 465 does: choose the security "tls-strict".',
  ],
  'closed-early': ({ where, step }) => [
    `${where} closed the connection unexpectedly ${stepNames[step]}.`,
    'Check that the security fits the port: STARTTLS for 587 and 2525, TLS for 465.',
  ],
  'not-smtp': ({ where, words }) => [
    `What answers at ${where} is not a mail server: ${words}.`,
    'Check host and port.',
  ],
  'error-reply': ({ where, step, words }) => [
    `${where} answered with an error ${stepNames[step]}: ${words}`,
    'The words are those of the server; its operator can explain them. It may not accept this machine at all.',
  ],
  'starttls-not-offered': ({ where }) => [
    `${where} does not offer STARTTLS.`,
    'Choose TLS with port 465 if the server has it. Without any encryption, everything can be read on the way.',
  ],
  'tls-failed': ({ where, words }) => [
    `No encrypted connection with ${where} came about: ${words}.`,
    'Check the security: a port for clear text or STARTTLS (25, 587) cannot be used with TLS from the start.',
  ],
  'certificate-not-accepted': ({ host, where, words }) => [
    `The certificate of ${where} is not good enough: ${words}.`,
    `The host must be called as in its certificate, which an authority trusted here has made. To go without this check, choose the security without "strict"; then nobody knows whether it is ${host} that answers.`,
  ],
  'login-not-offered': ({ where, security }) => [
    `${where} does not let anybody log in.`,
    security === 'none'
      ? 'Many servers offer the login only on encrypted connections: choose STARTTLS or TLS. Or leave the user empty.'
      : 'Leave the user empty if the server knows this machine by its address, else check the port.',
  ],
  'no-login-method': ({ words }) => [
    `There is no way to log in that both sides know: ${words}.`,
    'Check the authentication (password or token), the port and the security.',
  ],
  'password-needs-tls': ({ where }) => [
    `The password was not sent, because the connection to ${where} is not encrypted.`,
    'Choose STARTTLS or TLS.',
  ],
  'login-refused': ({ where, words }) => [
    `${where} does not accept the user and the password: ${words}`,
    'Enter both again. Some services want an API key and a secret key, or an app password, in their place.',
  ],
  'sender-refused': ({ words }) => [
    `The server refuses the test sender ${words}`,
    'Prove the address or its domain with the service first, or name one that it knows in the From filter.',
  ],
  'recipient-refused': ({ words }) => [
    `The server refuses the test recipient ${words}`,
    'It may take mail for its own domains only: log in with a user, or set another test recipient.',
  ],
  'data-refused': ({ words }) => [
    `The server refuses the message before it was sent: ${words}`,
    'The words are those of the server; its operator can explain them.',
  ],
  'size-not-told': ({ where }) => [
    `${where} takes mail from here, but does not tell how large a message may be.`,
    'Enter the maximum size by hand.',
  ],
}
