import { z } from 'zod'
import {
  createApiKey,
  findApiKey,
  listApiKeys,
  renameApiKey,
  resumeApiKey,
  rotateApiKey,
  setReportsBounces,
  suspendApiKey,
} from '../../accounts/api-keys.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute } from './route.ts'

export const apiKey = z
  .object({
    id: z.number(),
    accountId: z.number(),
    name: z.string(),
    publicKey: z.string().describe('32 hexadecimal characters: user name of the Send API and of SMTP'),
    isMaster: z.boolean(),
    isActive: z.boolean(),
    createdAt: z.number().describe('Milliseconds since 1970'),
    rotatedAt: z.number().nullable(),
    reportsBounces: z
      .boolean()
      .describe('Clients get a report of what they sent over SMTP and could not be delivered'),
  })
  .describe('API key')

const withSecret = z.object({ key: apiKey, secret: z.string().describe('Shown this once') })

export function keyRoutes({ storage, clock, authenticator }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/keys',
      summary:
        'All API keys: the first is meant where none is named, the last account is the instance itself',
      answer: z.object({ keys: z.array(apiKey) }),
      handle: async () => ({ keys: await listApiKeys(storage) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/keys',
      summary: 'Make an API key',
      role: 'owner',
      body: z.strictObject({ name: z.string() }),
      answer: withSecret,
      status: 201,
      handle: ({ body }) => createApiKey(storage, { name: body.name, now: clock.now() }),
    }),
    defineRoute({
      method: 'GET',
      path: '/keys/{key}',
      summary: 'One API key, by its id or by itself',
      answer: z.object({ key: apiKey }),
      handle: async ({ params }) => ({ key: await findApiKey(storage, params.key ?? '') }),
    }),
    defineRoute({
      method: 'PATCH',
      path: '/keys/{key}',
      summary: 'Change the name or a setting of an API key; what is left out stays as it is',
      body: z.strictObject({ name: z.string().optional(), reportsBounces: z.boolean().optional() }),
      answer: z.object({ key: apiKey }),
      async handle({ params, body: { name, reportsBounces } }) {
        const { id } = await findApiKey(storage, params.key ?? '')
        if (name !== undefined) await renameApiKey(storage, id, name)
        if (reportsBounces !== undefined) await setReportsBounces(storage, id, reportsBounces)
        return { key: await findApiKey(storage, id) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/keys/{key}/suspend',
      summary: 'Refuse the key at every door; what it sent before still goes out',
      role: 'owner',
      answer: z.object({ key: apiKey }),
      async handle({ params }) {
        const key = await suspendApiKey(storage, params.key ?? '')
        authenticator.forget(key.publicKey)
        return { key }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/keys/{key}/resume',
      summary: 'Accept a suspended key again',
      role: 'owner',
      answer: z.object({ key: apiKey }),
      async handle({ params }) {
        const key = await resumeApiKey(storage, params.key ?? '')
        authenticator.forget(key.publicKey)
        return { key }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/keys/{key}/rotate',
      summary: 'Give the key a new secret; the old one stops working',
      role: 'owner',
      answer: withSecret,
      async handle({ params }) {
        const made = await rotateApiKey(storage, params.key ?? '', { now: clock.now() })
        authenticator.forget(made.key.publicKey)
        return made
      },
    }),
  ]
}
