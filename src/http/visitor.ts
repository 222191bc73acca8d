import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { isLoopback } from '../runtime/loopback.ts'

/** Who asks. Behind a proxy on this machine everybody comes from loopback: the proxy says who it was. */
export function visitorOf(request: FastifyRequest): { method: string; ip: string; agent: string } {
  const { headers, method } = request
  const forwarded = headers['x-forwarded-for']
  // The last one is the one that our own proxy saw; what stands before it anybody can have written.
  const last = (Array.isArray(forwarded) ? forwarded.join() : forwarded)?.split(',').at(-1)?.trim() ?? ''
  const ip = isLoopback(request.ip) && isIP(last) !== 0 ? last : request.ip
  return { method, ip, agent: headers['user-agent'] ?? '' }
}
