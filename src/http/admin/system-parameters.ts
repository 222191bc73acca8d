/** `/api/system-parameters`: settings of an account, by the names that Odoo gives them. */
import { z } from 'zod'
import { findParameter, listParameters, setParameter } from '../../routing/parameters.ts'
import { checkParameter } from '../../webhooks/special-addresses.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { whichKey } from './which-key.ts'

const parameter = z.object({
  name: z.string(),
  value: z.string().nullable().describe('null: not set'),
  isKnown: z.boolean().describe('false: it is your own, and means nothing here'),
  about: z.string(),
  unset: z.string().describe('What holds while it is not set'),
  updatedAt: z.number().nullable().describe('Milliseconds since 1970'),
})

const keyQuery = z.strictObject({
  key: z.string().optional().describe('An API key of the account; the first one when left out'),
})

export function systemParameterRoutes({ storage, clock, gateway, webhooks }: HttpDependencies): AdminRoute[] {
  async function set(name: string, value: string | null, key: string | undefined) {
    const { accountId } = await whichKey(storage, key)
    if (value !== null) await checkParameter(webhooks, { accountId, name, value })
    const changed = await setParameter(storage, { accountId, name, value, now: clock.now() })
    gateway.router.forget(accountId)
    return { parameter: changed ?? null }
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/system-parameters',
      summary: 'The parameters that mean something, set or not, and those that are your own',
      query: keyQuery,
      answer: z.object({ parameters: z.array(parameter) }),
      async handle({ query }) {
        const { accountId } = await whichKey(storage, query.key)
        return { parameters: await listParameters(storage, accountId) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/system-parameters/{name}',
      summary: 'One parameter',
      query: keyQuery,
      answer: z.object({ parameter }),
      async handle({ params, query }) {
        const { accountId } = await whichKey(storage, query.key)
        return { parameter: await findParameter(storage, { accountId, name: params.name ?? '' }) }
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/system-parameters/{name}',
      summary: 'Set a parameter; an empty value takes it away',
      query: keyQuery,
      body: z.strictObject({ value: z.string() }),
      answer: z.object({ parameter: parameter.nullable() }),
      handle: ({ params, query, body }) => set(params.name ?? '', body.value, query.key),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/system-parameters/{name}',
      summary: 'Take a parameter away',
      query: keyQuery,
      answer: z.object({ parameter: parameter.nullable() }),
      handle: ({ params, query }) => set(params.name ?? '', null, query.key),
    }),
  ]
}
