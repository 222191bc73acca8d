/** An outgoing server as a person describes it, checked: what is kept in clear and what is kept secret. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import type { ServerId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import { checkFromFilter } from './check-filter.ts'
import type { RelayAuthentication, RelaySecurity } from './route.ts'

export const securities = ['none', 'starttls', 'starttls-strict', 'tls', 'tls-strict'] as const
export const authentications = ['none', 'login', 'xoauth2', 'certificate'] as const

/** Everything about a server but its secrets. */
export type ServerFields = {
  name: string
  host: string
  port: number
  security: RelaySecurity
  fromFilter: string | null
  priority: number
  isActive: boolean
  authentication: RelayAuthentication['kind']
  user: string | null
  isDebug: boolean
  maxSizeBytes: number | null
  maxConnections: number | null
  maxMessagesPerConnection: number | null
  maxMessagesPerMinute: number | null
  fallbackServerId: ServerId | null
}

/** Written, never read again; null takes one away. */
export type ServerSecrets = {
  /** The password, or the token for xoauth2. */
  password: string | null
  /** PEM. */
  certificate: string | null
  privateKey: string | null
}

export type ServerInput = Partial<ServerFields & ServerSecrets>
export type NewServer = ServerInput & Pick<ServerFields, 'name' | 'host'>

/** Odoo's default for the port follows the security; 587 is where STARTTLS is offered to clients (RFC 6409). */
export function defaultPort(security: RelaySecurity): number {
  if (security === 'none') return 25
  return security === 'starttls' || security === 'starttls-strict' ? 587 : 465
}

const maxPriority = 1_000_000_000

/** A server that is new: what is left out gets its default. */
export function completeFields({ name, host, ...given }: NewServer): ServerFields {
  const security = given.security ?? 'starttls-strict'
  const hasCertificate = typeof given.certificate === 'string' || typeof given.privateKey === 'string'
  const hasLogin = typeof given.user === 'string' && given.user !== ''
  return checkFields({
    name,
    host,
    security,
    port: given.port ?? defaultPort(security),
    fromFilter: given.fromFilter ?? null,
    priority: given.priority ?? 10,
    isActive: given.isActive ?? true,
    authentication: given.authentication ?? (hasCertificate ? 'certificate' : hasLogin ? 'login' : 'none'),
    user: given.user ?? null,
    isDebug: given.isDebug ?? false,
    maxSizeBytes: given.maxSizeBytes ?? null,
    maxConnections: given.maxConnections ?? null,
    maxMessagesPerConnection: given.maxMessagesPerConnection ?? null,
    maxMessagesPerMinute: given.maxMessagesPerMinute ?? null,
    fallbackServerId: given.fallbackServerId ?? null,
  })
}

/** A server that changes. A new security brings its port along, unless the port was not the usual one. */
export function mergeFields(known: ServerFields, input: ServerInput): ServerFields {
  const { password: _password, certificate: _certificate, privateKey: _privateKey, ...fields } = input
  const merged: ServerFields = { ...known, ...fields }
  const hadUsualPort = known.port === defaultPort(known.security)
  if (input.security !== undefined && input.port === undefined && hadUsualPort) {
    merged.port = defaultPort(input.security)
  }
  return checkFields(merged)
}

function checkFields(fields: ServerFields): ServerFields {
  const user = fields.user === '' ? null : fields.user
  const { authentication, security } = fields
  if ((authentication === 'login' || authentication === 'xoauth2') && user === null) {
    throw new Refused(
      'bad-value',
      `to log in, the server needs a user name; give one, or set authentication to none`,
    )
  }
  if (user !== null && (user.length > 320 || /\p{Cc}/u.test(user))) {
    throw new Refused('bad-value', 'the user name must have at most 320 characters, no control characters')
  }
  if (authentication === 'certificate' && security === 'none') {
    throw new Refused(
      'bad-value',
      'a client certificate can only be shown over TLS; choose starttls, tls or their strict forms as security',
    )
  }
  if (!Number.isInteger(fields.priority) || Math.abs(fields.priority) > maxPriority) {
    throw new Refused(
      'bad-value',
      `the priority is a whole number up to ${maxPriority}; the smallest goes first`,
    )
  }
  return {
    ...fields,
    name: checkName(fields.name),
    host: checkHost(fields.host),
    port: checkRange(fields.port, 'the port', { min: 1, max: 65_535 }),
    fromFilter: fields.fromFilter === null ? null : checkFromFilter(fields.fromFilter),
    user,
    maxSizeBytes: checkLimit(fields.maxSizeBytes, 'the largest message, in bytes,', 10_000_000_000),
    maxConnections: checkLimit(fields.maxConnections, 'the number of connections', 1_000),
    maxMessagesPerConnection: checkLimit(
      fields.maxMessagesPerConnection,
      'the number of messages per connection',
      1_000_000,
    ),
    maxMessagesPerMinute: checkLimit(
      fields.maxMessagesPerMinute,
      'the number of messages per minute',
      10_000_000,
    ),
  }
}

function checkName(name: string): string {
  const trimmed = name.trim()
  if (trimmed === '' || trimmed.length > 200 || /\p{Cc}/u.test(trimmed)) {
    throw new Refused(
      'bad-value',
      'the name of a server must have 1 to 200 characters, no control characters',
    )
  }
  return trimmed
}

/** A-label form and lower-case; an IP address stays as it is. */
export function checkHost(given: string): string {
  const host = given.trim().replace(/\.$/, '')
  const address = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(address) !== 0) return address
  const name = /^[\w.-]*$/.test(host) ? host.toLowerCase() : domainToASCII(host)
  const isName =
    name.length <= 253 &&
    name.split('.').every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)) &&
    !/^[\d.]+$/.test(name)
  if (!isName) {
    throw new Refused(
      'bad-value',
      `'${given.slice(0, 300)}' is not a host name like smtp.shop.example, nor an IP address; give it without smtp:// and without the port`,
    )
  }
  return name
}

function checkRange(value: number, what: string, { min, max }: { min: number; max: number }): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new Refused('bad-value', `${what} must be a whole number from ${min} to ${max}`)
}

/** 0 is no limit, as in Odoo. */
function checkLimit(value: number | null, what: string, max: number): number | null {
  return value === null || value === 0 ? null : checkRange(value, what, { min: 1, max })
}

/** Each thing that is wrong with them has its own words. */
export function checkCertificate({
  certificate,
  privateKey,
}: Pick<ServerSecrets, 'certificate' | 'privateKey'>) {
  if (certificate === null) {
    throw new Refused('bad-value', 'the client certificate is missing; give the certificate as PEM')
  }
  if (privateKey === null) {
    throw new Refused(
      'bad-value',
      'the private key of the client certificate is missing; give the key as PEM',
    )
  }
  const read = attempt(() => new X509Certificate(certificate))
  if (read === undefined)
    throw new Refused('bad-value', 'the client certificate is not a valid PEM certificate')
  const key = attempt(() => createPrivateKey(privateKey))
  if (key === undefined) {
    throw new Refused('bad-value', 'the private key is not a valid PEM key, or it is protected by a password')
  }
  if (!read.checkPrivateKey(key)) {
    throw new Refused('bad-value', 'the private key does not belong to the client certificate')
  }
}

/** What OpenSSL cannot read it throws at, in words that help nobody. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
