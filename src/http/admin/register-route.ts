/** One route of the table: who calls, whether they may, what they asked, what came of it, and the audit log. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { recordAction } from '../../accounts/audit.ts'
import type { UserId } from '../../mail/ids.ts'
import { baseUrlOf } from '../base-url.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { codeOf } from '../errors.ts'
import { goneSignal } from '../gone.ts'
import { sendJson } from '../replies.ts'
import { type Caller, checkRole, identify } from './caller.ts'
import { RawAnswer } from './raw-answer.ts'
import { type AdminRoute, readBodyOf, readQueryOf } from './route.ts'
import { formatSessionCookie, isReachedSecurely } from './session-cookie.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on the paths of /api, before anything of the body is read. */
    caller?: Caller
  }
}

/** Whoever has not proved who they are sends a few words, no more. */
const maxBytesOfAnyone = 16 * 1024

/** An `onRequest` hook for routes outside the table; they only read. */
export function letIn(dependencies: HttpDependencies, role: AdminRoute['role']) {
  return async (request: FastifyRequest): Promise<void> => {
    request.caller = await identify(request, dependencies)
    checkRole(request.caller, role)
  }
}

type Request = FastifyRequest<{ Params: Record<string, string> }>

export function registerRoute(app: FastifyInstance, route: AdminRoute, dependencies: HttpDependencies): void {
  app.route<{ Params: Record<string, string> }>({
    method: route.method,
    url: `/api${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    ...(route.role === 'anyone' && { bodyLimit: maxBytesOfAnyone }),
    async onRequest(request) {
      const caller = await identify(request, dependencies)
      request.caller = caller
      try {
        checkRole(caller, route.role)
      } catch (error) {
        if (caller.kind === 'user') await createTrail(request, route, dependencies).record(codeOf(error))
        throw error
      }
    },
    async handler(request, reply) {
      const trail = createTrail(request, route, dependencies)
      try {
        const answer = await route.handle(callOf(request, reply, { route, dependencies, trail }))
        await trail.record('ok')
        return send(reply.code(route.status), answer)
      } catch (error) {
        await trail.record(codeOf(error))
        throw error
      }
    },
  })
}

function callOf(
  request: Request,
  reply: FastifyReply,
  { route, dependencies, trail }: { route: AdminRoute; dependencies: HttpDependencies; trail: Trail },
): Parameters<AdminRoute['handle']>[0] {
  const { publicUrl } = dependencies
  return {
    params: request.params,
    query: readQueryOf(route, request.url),
    body: readBodyOf(route, request.body),
    signal: goneSignal(reply),
    caller: request.caller ?? { kind: 'nobody' },
    client: {
      address: request.ip,
      userAgent: request.headers['user-agent'] ?? '',
      accept: request.headers.accept ?? '',
      baseUrl: baseUrlOf(request, publicUrl),
    },
    setSession(token) {
      const isSecure = isReachedSecurely(request, publicUrl)
      reply.header('Set-Cookie', formatSessionCookie(request, token, { isSecure }))
    },
    about: trail.about,
    actAs: trail.actAs,
  }
}

function send(reply: FastifyReply, answer: unknown): FastifyReply {
  if (!(answer instanceof RawAnswer)) return sendJson(reply, answer)
  const { contentType, headers, body } = answer
  // A string would get a charset of fastify's own.
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return reply.headers(headers).header('Content-Type', contentType).send(bytes)
}

type Trail = {
  about(object: string): void
  actAs(user: { id: UserId; email: string }): void
  record(outcome: string): Promise<void>
}

/** Reading leaves no trail, and nor do strangers: they could fill the disk with it. */
function createTrail(
  request: Request,
  { method, path, isReading }: AdminRoute,
  { storage, clock, log }: HttpDependencies,
): Trail {
  const objects = Object.entries(request.params).map(([name, value]) => `${name}=${value}`)
  const { caller } = request
  let actor: { userId: UserId | null; actor: string } | undefined
  if (caller?.kind === 'operator') actor = { userId: null, actor: 'admin token' }
  if (caller?.kind === 'user') actor = { userId: caller.user.id, actor: caller.user.email }

  return {
    about: (object) => void objects.push(object),
    actAs({ id, email }) {
      actor = { userId: id, actor: email }
    },
    async record(outcome) {
      if (isReading || actor === undefined) return
      const action = `${method} ${path}`
      try {
        await recordAction(storage, {
          ...actor,
          at: clock.now(),
          address: request.ip,
          action,
          object: objects.join(' '),
          outcome,
        })
      } catch (error) {
        // What was done is done: its answer must not say otherwise.
        log.error({ err: error, action, actor: actor.actor, outcome }, 'the audit log could not be written')
      }
    },
  }
}
