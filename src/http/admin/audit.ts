import { z } from 'zod'
import { listActions } from '../../accounts/audit.ts'
import { findUser } from '../../accounts/users.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'

const entry = z.object({
  id: z.number(),
  at: z.number().describe('Milliseconds since 1970'),
  userId: z.number().nullable().describe('null: the admin token'),
  actor: z.string(),
  address: z.string().describe('Where the call came from'),
  action: z.string().describe('Method and path of the route'),
  object: z.string().describe('What it was about: names and values'),
  outcome: z.string().describe('ok, or the code of the error'),
})

export function auditRoutes({ storage }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/audit',
      summary: 'Who changed what, newest first',
      role: 'admin',
      query: z.strictObject({
        user: z.string().max(500).optional().describe('Id or e-mail address'),
        before: queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
          .optional()
          .describe('Only ids below: the next page'),
        limit: queryNumber({ min: 1, max: 1000 }).optional().describe('50 when left out'),
      }),
      answer: z.object({ entries: z.array(entry) }),
      async handle({ query: { user, before, limit } }) {
        const userId = user === undefined ? undefined : (await findUser(storage.db, user)).id
        return {
          entries: await listActions(storage, {
            ...(userId !== undefined && { userId }),
            ...(before !== undefined && { before }),
            ...(limit !== undefined && { limit }),
          }),
        }
      },
    }),
  ]
}
