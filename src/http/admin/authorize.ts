import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'

/** Hashes are compared, so that neither content nor length of the token shows in the time it takes. */
export function isAdmin(request: FastifyRequest, adminToken: string): boolean {
  const given = /^bearer +(\S{1,500})$/i.exec(request.headers.authorization ?? '')?.[1]
  if (given === undefined || adminToken === '') return false
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', adminToken, 'buffer'))
}
