/** All routes of one listener, and what holds for every request. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { registerAdminRoutes } from './admin/routes.ts'
import { registerConsole } from './console/serve.ts'
import type { HttpDependencies } from './dependencies.ts'
import { answerErrors, answerNotFound } from './errors.ts'
import { registerDataRoutes } from './mailjet/data-routes.ts'
import { registerErasureRoutes } from './mailjet/erasure-routes.ts'
import { registerRestRoutes } from './mailjet/rest-routes.ts'
import { registerSendRoutes } from './mailjet/send-routes.ts'
import { registerActivationPages } from './pages/activate.ts'
import { registerConfirmPages } from './pages/confirm.ts'
import { registerOnlinePages } from './pages/online.ts'
import { registerTrackingPages } from './pages/track.ts'
import { registerUnsubscribePages } from './pages/unsubscribe.ts'
import { sendText } from './replies.ts'
import { registerSystemRoutes } from './system-routes.ts'

export type HttpContext = HttpDependencies & { maxBodyBytes: number }

export function registerRoutes(
  app: FastifyInstance,
  context: HttpContext,
  memory: { maxBodyBytesTotal: number; held: { bytes: number } },
): void {
  const { log, metrics } = context

  // Bodies stay bytes: each part of the API reads JSON by its own rules, and after it knows who is asking.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'Cache-Control': 'no-store',
    })
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const durationMs = reply.elapsedTime
    metrics.httpRequest({ route, method: request.method, status: reply.statusCode, durationMs })
    log.debug(
      {
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(durationMs),
        keyId: request.keyId,
      },
      'request',
    )
  })
  app.setErrorHandler((error, request, reply) => answerErrors(context, error, request, reply))
  const pages = registerConsole(app, { folder: context.consoleFolder })
  app.setNotFoundHandler((request, reply) => pages.answer(request, reply) ?? answerNotFound(request, reply))

  const takeBody = createBodyMemory(context.maxBodyBytes, memory)
  registerSendRoutes(app, context, takeBody)
  registerRestRoutes(app, context, takeBody)
  registerDataRoutes(app, context)
  registerErasureRoutes(app, context)
  registerAdminRoutes(app, context)
  registerActivationPages(app, context)
  registerConfirmPages(app, context)
  registerTrackingPages(app, context)
  registerOnlinePages(app, context)
  registerUnsubscribePages(app, context)
  registerSystemRoutes(app, context)
}

/** An `onRequest` hook: room for the body, or 503 while too many large ones are being worked on. */
function createBodyMemory(
  maxBodyBytes: number,
  { maxBodyBytesTotal, held }: { maxBodyBytesTotal: number; held: { bytes: number } },
) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const declared = Number(request.headers['content-length'] ?? maxBodyBytes)
    const bytes = Math.min(Number.isFinite(declared) ? declared : maxBodyBytes, maxBodyBytes)
    if (held.bytes > 0 && held.bytes + bytes > maxBodyBytesTotal) {
      reply.code(503).header('Retry-After', '1')
      return sendText(
        reply,
        'text/plain; charset=utf-8',
        'Too many large requests at one time. Try again in a moment.\n',
      )
    }
    held.bytes += bytes
    reply.raw.once('close', () => {
      held.bytes -= bytes
    })
    return undefined
  }
}
