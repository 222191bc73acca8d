import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendJson } from '../replies.ts'

/** An `onRequest` hook for `/api`. */
export function createAdminAuthorize(adminToken: string) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    if (isAdmin(request, adminToken)) return undefined
    reply.code(401).header('WWW-Authenticate', 'Bearer realm="Paravion admin API"')
    return sendJson(reply, {
      error: {
        code: 'unauthorized',
        message: 'Send the admin token of this server as Authorization: Bearer <token>',
      },
    })
  }
}

/** Hashes are compared, so that neither content nor length of the token shows in the time it takes. */
export function isAdmin(request: FastifyRequest, adminToken: string): boolean {
  const given = /^bearer +(\S{1,500})$/i.exec(request.headers.authorization ?? '')?.[1]
  if (given === undefined || adminToken === '') return false
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', adminToken, 'buffer'))
}
