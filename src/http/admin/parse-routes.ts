/** `/api/parse-routes`: addresses whose mail is posted to a program. */
import { z } from 'zod'
import { addParseRoute, changeParseRoute } from '../../webhooks/parse-routes.ts'
import { findWebhook, listWebhooks } from '../../webhooks/webhooks.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { given, idOf, key, shown, shownAll, state, url, webhook, withSecret } from './webhook-shape.ts'
import { whichKey } from './which-key.ts'

export function parseRouteRoutes({ storage, webhooks }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/parse-routes',
      summary: 'Addresses of an API key whose mail is posted to a program',
      query: z.strictObject({ key }),
      answer: z.object({ routes: z.array(webhook), domain: z.string().describe('Where addresses are made') }),
      async handle({ query }) {
        const { id: keyId } = await whichKey(storage, query.key)
        const routes = await shownAll(webhooks, await listWebhooks(webhooks, { keyId, kind: 'mail' }))
        return { routes, domain: webhooks.mailDomain }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/parse-routes',
      summary: 'Post the mail of an address to a program',
      query: z.strictObject({ key }),
      body: z.strictObject({
        url,
        address: z
          .string()
          .max(320)
          .optional()
          .describe('Of a domain that the API key has proved; one is made when it is left out'),
      }),
      answer: withSecret,
      status: 201,
      async handle({ query, body, about }) {
        const { id: keyId } = await whichKey(storage, query.key)
        const added = await addParseRoute(webhooks, { keyId, ...given(body), url: body.url })
        about(`webhook=${added.webhook.id}`)
        return { webhook: await shown(webhooks, added.webhook), secret: added.secret }
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/parse-routes/{id}',
      summary: 'Change a parse route; what is left out stays as it is. A new URL makes a dead one alive',
      body: z.strictObject({
        url: url.optional(),
        address: z.string().max(320).optional(),
        state: state.optional(),
      }),
      answer: z.object({ webhook }),
      async handle({ params, body }) {
        const found = await findWebhook(webhooks, { id: idOf(params.id), kind: 'mail' })
        return { webhook: await shown(webhooks, await changeParseRoute(webhooks, found, given(body))) }
      },
    }),
  ]
}
