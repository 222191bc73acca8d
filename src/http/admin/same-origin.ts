/** Whether a page of another site made the browser send this. */
import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { ApiProblem } from './problem.ts'

/**
 * Browsers say where a request comes from, and pages cannot change that (Fetch Metadata, RFC 6454). What says nothing
 * is no browser that is in use.
 */
export function isOwnPage(request: FastifyRequest, publicUrl: string | undefined): boolean {
  const { 'sec-fetch-site': site, origin, host } = request.headers
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  if (origin === undefined) return true
  if (publicUrl !== undefined && origin === new URL(publicUrl).origin) return true
  return URL.canParse(origin) && new URL(origin).host === host
}

/** A change that the session cookie allows has to show, besides, what only our own page can read. */
export function checkCsrf(request: FastifyRequest, csrf: string, publicUrl: string | undefined): void {
  checkOwnPage(request, publicUrl)
  const given = Buffer.from(String(request.headers['x-csrf-token'] ?? ''))
  const expected = Buffer.from(csrf)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new ApiProblem(
      403,
      'csrf',
      'The header X-CSRF-Token is missing or of another session: GET /api/session tells the right one',
    )
  }
}

/** For calls of whoever is not signed in: a form of another site can send neither of the two. */
export function checkOwnPage(request: FastifyRequest, publicUrl: string | undefined): void {
  if (!isOwnPage(request, publicUrl)) {
    throw new ApiProblem(403, 'csrf', 'This call comes from a page of another site')
  }
  const length = request.headers['content-length'] ?? '0'
  const type = request.headers['content-type'] ?? ''
  // No form of another site can send either; uploads are CSV.
  if (length !== '0' && !/^(?:application\/json|text\/csv)\b/i.test(type)) {
    throw new ApiProblem(403, 'csrf', 'Send the body as Content-Type: application/json')
  }
}
