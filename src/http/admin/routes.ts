/** `/api`: the same table makes the routes and their documentation. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { HttpDependencies } from '../dependencies.ts'
import { auditRoutes } from './audit.ts'
import { backupRoutes } from './backup.ts'
import { contactJobRoutes, registerContactUploads } from './contact-jobs.ts'
import { contactListRoutes } from './contact-lists.ts'
import { contactRoutes } from './contacts.ts'
import { domainRoutes } from './domains.ts'
import { explainRoutes } from './explain.ts'
import { inboundRoutes } from './inbound.ts'
import { keyRoutes } from './keys.ts'
import { labRoutes } from './lab.ts'
import { registerLeadFiles } from './lead-files.ts'
import { messageContentRoutes } from './message-content.ts'
import { messageRoutes } from './messages.ts'
import { describeApi } from './openapi.ts'
import { outgoingServerRoutes } from './outgoing-servers.ts'
import { overviewRoutes } from './overview.ts'
import { parseRouteRoutes } from './parse-routes.ts'
import { queueRoutes } from './queue.ts'
import { letIn, registerRoute } from './register-route.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { segmentRoutes } from './segments.ts'
import { sendRoutes } from './send.ts'
import { senderRoutes } from './senders.ts'
import { sessionRoutes } from './session.ts'
import { setupRoutes } from './setup.ts'
import { signUpRoutes } from './sign-ups.ts'
import { smtpSettingsRoutes } from './smtp-settings.ts'
import { statsRoutes } from './stats.ts'
import { suppressionRoutes } from './suppressions.ts'
import { systemParameterRoutes } from './system-parameters.ts'
import { templatePreviewRoutes } from './template-preview.ts'
import { templateVersionRoutes } from './template-versions.ts'
import { templateRoutes } from './templates.ts'
import { testServerRoutes } from './test-server.ts'
import { trackingRoutes } from './tracking.ts'
import { twoFactorRoutes } from './two-factor.ts'
import { userRoutes } from './users.ts'
import { webhookRoutes } from './webhooks.ts'

/** The whole table. */
export function adminRoutes(dependencies: HttpDependencies): AdminRoute[] {
  return [
    ...sessionRoutes(dependencies),
    ...setupRoutes(dependencies),
    ...twoFactorRoutes(dependencies),
    ...userRoutes(dependencies),
    ...auditRoutes(dependencies),
    ...overviewRoutes(dependencies),
    ...keyRoutes(dependencies),
    ...smtpSettingsRoutes(dependencies),
    ...domainRoutes(dependencies),
    ...senderRoutes(dependencies),
    ...sendRoutes(dependencies),
    ...messageRoutes(dependencies),
    ...messageContentRoutes(dependencies),
    ...queueRoutes(dependencies),
    ...outgoingServerRoutes(dependencies),
    ...testServerRoutes(dependencies),
    ...systemParameterRoutes(dependencies),
    ...explainRoutes(dependencies),
    ...suppressionRoutes(dependencies),
    ...contactRoutes(dependencies),
    ...contactListRoutes(dependencies),
    ...contactJobRoutes(dependencies),
    ...segmentRoutes(dependencies),
    ...signUpRoutes(dependencies),
    ...templatePreviewRoutes(dependencies),
    ...templateRoutes(dependencies),
    ...templateVersionRoutes(dependencies),
    ...trackingRoutes(dependencies),
    ...statsRoutes(dependencies),
    ...inboundRoutes(dependencies),
    ...webhookRoutes(dependencies),
    ...parseRouteRoutes(dependencies),
    ...labRoutes(dependencies),
    ...backupRoutes(dependencies),
  ]
}

export function registerAdminRoutes(app: FastifyInstance, dependencies: HttpDependencies): void {
  const routes = adminRoutes(dependencies)
  for (const route of routes) registerRoute(app, route, dependencies)
  const description = describeApi(routes, dependencies.version)
  const openapi = defineRoute({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document',
    answer: z.unknown(),
    handle: async () => description,
  })
  registerRoute(app, openapi, dependencies)
  registerLeadFiles(app, dependencies, letIn(dependencies, 'viewer'))
  registerContactUploads(app, dependencies, letIn(dependencies, 'marketer'))
}
