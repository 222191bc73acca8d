/** `/api`: the same table makes the routes and their documentation. */
import type { FastifyInstance } from 'fastify'
import type { HttpDependencies } from '../dependencies.ts'
import { sendJson } from '../replies.ts'
import { createAdminAuthorize } from './authorize.ts'
import { backupRoutes } from './backup.ts'
import { domainRoutes } from './domains.ts'
import { explainRoutes } from './explain.ts'
import { inboundRoutes } from './inbound.ts'
import { keyRoutes } from './keys.ts'
import { labRoutes } from './lab.ts'
import { registerLeadFiles } from './lead-files.ts'
import { messageRoutes } from './messages.ts'
import { describeApi } from './openapi.ts'
import { outgoingServerRoutes } from './outgoing-servers.ts'
import { queueRoutes } from './queue.ts'
import { type AdminRoute, readBodyOf, readQueryOf } from './route.ts'
import { sendRoutes } from './send.ts'
import { senderRoutes } from './senders.ts'
import { suppressionRoutes } from './suppressions.ts'
import { systemParameterRoutes } from './system-parameters.ts'
import { testServerRoutes } from './test-server.ts'

export function registerAdminRoutes(app: FastifyInstance, dependencies: HttpDependencies): void {
  const routes: AdminRoute[] = [
    ...keyRoutes(dependencies),
    ...domainRoutes(dependencies),
    ...senderRoutes(dependencies),
    ...sendRoutes(dependencies),
    ...messageRoutes(dependencies),
    ...queueRoutes(dependencies),
    ...outgoingServerRoutes(dependencies),
    ...testServerRoutes(dependencies),
    ...systemParameterRoutes(dependencies),
    ...explainRoutes(dependencies),
    ...suppressionRoutes(dependencies),
    ...inboundRoutes(dependencies),
    ...labRoutes(dependencies),
    ...backupRoutes(dependencies),
  ]
  const onRequest = createAdminAuthorize(dependencies.adminToken)
  for (const route of routes) {
    app.route<{ Params: Record<string, string> }>({
      method: route.method,
      url: `/api${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      onRequest,
      async handler(request, reply) {
        const gone = new AbortController()
        reply.raw.once('close', () => gone.abort())
        const answer = await route.handle({
          params: request.params,
          query: readQueryOf(route, request.url),
          body: readBodyOf(route, request.body),
          signal: gone.signal,
        })
        return sendJson(reply.code(route.status), answer)
      },
    })
  }
  registerLeadFiles(app, dependencies, onRequest)
  const description = describeApi(routes, dependencies.version)
  app.get('/api/openapi.json', { onRequest }, async (_request, reply) => sendJson(reply, description))
}
