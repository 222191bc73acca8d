import type { FastifyRequest } from 'fastify'

/** How the caller reached us, for links in answers; never anything but a host name and a port. */
export function baseUrlOf(request: FastifyRequest, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl
  const host = request.headers.host ?? ''
  const safe = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/.test(host)
    ? host
    : 'localhost'
  return `${request.protocol}://${safe}`
}
