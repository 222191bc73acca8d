/** Who calls `/api`: an operator with the admin token, somebody who signed in, or nobody. */
import type { FastifyRequest } from 'fastify'
import { mayActAs, type Role } from '../../accounts/roles.ts'
import { readSession, type SignedIn } from '../../accounts/sessions.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { isAdmin } from './authorize.ts'
import { ApiProblem } from './problem.ts'
import { checkCsrf, checkOwnPage } from './same-origin.ts'
import { readSessionCookie } from './session-cookie.ts'

export type Caller = { kind: 'operator' } | ({ kind: 'user' } & SignedIn) | { kind: 'nobody' }

export async function identify(
  request: FastifyRequest,
  { storage, clock, adminToken, publicUrl }: HttpDependencies,
): Promise<Caller> {
  if (isAdmin(request, adminToken)) return { kind: 'operator' }
  // Whoever shows a token means it: a wrong one is not made good by a cookie.
  const token = request.headers.authorization === undefined ? readSessionCookie(request) : undefined
  const signedIn =
    token === undefined
      ? undefined
      : await readSession(storage, { token, now: clock.now(), address: request.ip })
  const changes = request.method !== 'GET' && request.method !== 'HEAD'
  if (signedIn === undefined) {
    if (changes) checkOwnPage(request, publicUrl)
    return { kind: 'nobody' }
  }
  if (changes) checkCsrf(request, signedIn.csrf, publicUrl)
  return { kind: 'user', ...signedIn }
}

/** Throws ApiProblem when the caller may not go on. */
export function checkRole(caller: Caller, needed: Role | 'anyone'): void {
  if (caller.kind === 'operator' || needed === 'anyone') return
  if (caller.kind === 'nobody') {
    throw new ApiProblem(
      401,
      'unauthorized',
      'Sign in, or send the admin token of this server as Authorization: Bearer <token>',
    )
  }
  const { role } = caller.user
  if (!mayActAs(role, needed)) {
    throw new ApiProblem(403, 'forbidden', `This needs the role ${needed}; yours is ${role}`)
  }
}

/** For what only a person has: a password, sessions, a second factor. */
export function signedInOf(caller: Caller): SignedIn {
  if (caller.kind === 'user') return caller
  throw new ApiProblem(
    caller.kind === 'nobody' ? 401 : 403,
    caller.kind === 'nobody' ? 'unauthorized' : 'forbidden',
    'Only somebody who is signed in to the console has this',
  )
}
