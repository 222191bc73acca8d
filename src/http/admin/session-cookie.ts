import type { FastifyRequest } from 'fastify'
import { sessionLifetimeMs } from '../../accounts/sessions.ts'

const name = 'paravion_session'

export function readSessionCookie(request: FastifyRequest): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === name && value !== undefined && value !== '') return value
  }
  return undefined
}

/** No script reads it, no other site's page sends it, and where we are reached by HTTPS it never travels in clear. */
export function formatSessionCookie(token: string | undefined, { isSecure }: { isSecure: boolean }): string {
  const age = token === undefined ? 0 : Math.floor(sessionLifetimeMs / 1000)
  return `${name}=${token ?? ''}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
}

/** Behind a proxy we are reached by HTTPS when the public URL says so. */
export function isReachedSecurely(request: FastifyRequest, publicUrl: string | undefined): boolean {
  if (request.protocol === 'https') return true
  if (publicUrl === undefined || !publicUrl.startsWith('https:')) return false
  return new URL(publicUrl).host === request.headers.host
}
