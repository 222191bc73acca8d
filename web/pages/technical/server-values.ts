/** What stands in the form of an outgoing server, and what of it is sent. */
import type { OutgoingServer, Security } from '../../api/types.ts'

export type ServerValues = {
  name: string
  fromFilter: string
  priority: number | ''
  host: string
  port: number | ''
  security: Security
  authentication: OutgoingServer['authentication']
  user: string
  password: string
  certificate: string
  privateKey: string
  maxSizeBytes: number | ''
  maxConnections: number | ''
  maxMessagesPerConnection: number | ''
  maxMessagesPerMinute: number | ''
  fallbackServerId: string
  isDebug: boolean
}

export const newValues: ServerValues = {
  name: '',
  fromFilter: '',
  priority: 10,
  host: '',
  port: 465,
  security: 'tls-strict',
  authentication: 'login',
  user: '',
  password: '',
  certificate: '',
  privateKey: '',
  maxSizeBytes: '',
  maxConnections: '',
  maxMessagesPerConnection: '',
  maxMessagesPerMinute: '',
  fallbackServerId: '',
  isDebug: false,
}

export function valuesOf(server: OutgoingServer): ServerValues {
  return {
    name: server.name,
    fromFilter: server.fromFilter ?? '',
    priority: server.priority,
    host: server.host,
    port: server.port,
    security: server.security,
    authentication: server.authentication,
    user: server.user ?? '',
    password: '',
    certificate: '',
    privateKey: '',
    maxSizeBytes: server.maxSizeBytes ?? '',
    maxConnections: server.maxConnections ?? '',
    maxMessagesPerConnection: server.maxMessagesPerConnection ?? '',
    maxMessagesPerMinute: server.maxMessagesPerMinute ?? '',
    fallbackServerId: server.fallbackServerId === null ? '' : String(server.fallbackServerId),
    isDebug: server.isDebug,
  }
}

/** Secrets that were not typed are left out: the saved ones stay. */
export function bodyOf(values: ServerValues) {
  const { password, certificate, privateKey, user, fromFilter, priority, port, fallbackServerId, ...rest } =
    values
  const isLogin = values.authentication === 'login' || values.authentication === 'xoauth2'
  const number = (value: number | '') => (value === '' ? null : value)
  return {
    ...rest,
    fromFilter: fromFilter.trim() === '' ? null : fromFilter,
    ...(priority !== '' && { priority }),
    ...(port !== '' && { port }),
    user: isLogin ? user : null,
    ...(isLogin && password !== '' && { password }),
    ...(certificate !== '' && { certificate }),
    ...(privateKey !== '' && { privateKey }),
    maxSizeBytes: number(values.maxSizeBytes),
    maxConnections: number(values.maxConnections),
    maxMessagesPerConnection: number(values.maxMessagesPerConnection),
    maxMessagesPerMinute: number(values.maxMessagesPerMinute),
    fallbackServerId: fallbackServerId === '' ? null : Number(fallbackServerId),
  }
}

export function usualPort(security: Security): number {
  if (security === 'none') return 25
  return security.startsWith('tls') ? 465 : 587
}

/** The server that the mission page configures. */
export const mailjet: Partial<ServerValues> = {
  name: 'Mailjet',
  host: 'in-v3.mailjet.com',
  port: 465,
  security: 'tls-strict',
  authentication: 'login',
}
