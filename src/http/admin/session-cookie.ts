import type { FastifyRequest } from 'fastify'
import { sessionLifetimeMs } from '../../accounts/sessions.ts'

/** Cookies know no ports: two instances on one machine would sign each other out if both had one of the same name. */
function nameOf(request: FastifyRequest): string {
  const port = /:(\d{1,5})$/.exec(request.headers.host ?? '')?.[1]
  const isUsual = port === undefined || port === '80' || port === '443'
  return isUsual ? 'paravion_session' : `paravion_session_${port}`
}

export function readSessionCookie(request: FastifyRequest): string | undefined {
  const name = nameOf(request)
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === name && value !== undefined && value !== '') return value
  }
  return undefined
}

/** No script reads it, no other site's page sends it, and where we are reached by HTTPS it never travels in clear. */
export function formatSessionCookie(
  request: FastifyRequest,
  token: string | undefined,
  { isSecure }: { isSecure: boolean },
): string {
  const age = token === undefined ? 0 : Math.floor(sessionLifetimeMs / 1000)
  return `${nameOf(request)}=${token ?? ''}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
}

/** Behind a proxy we are reached by HTTPS when the public URL says so. */
export function isReachedSecurely(request: FastifyRequest, publicUrl: string | undefined): boolean {
  if (request.protocol === 'https') return true
  if (publicUrl === undefined || !publicUrl.startsWith('https:')) return false
  return new URL(publicUrl).host === request.headers.host
}
