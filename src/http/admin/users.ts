/** `/api/users`: who may sign in. For owners. */
import { z } from 'zod'
import { makePasswordLink, type PasswordLink, resetAccess } from '../../accounts/user-links.ts'
import { addUser, changeUser, findUser, listUsers, removeUser } from '../../accounts/users.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { passwordUrl } from './setup.ts'
import { role, user } from './user-shape.ts'

const link = z.object({
  url: z.string().describe('Hand it over: whoever opens it first chooses the password'),
  expiresAt: z.number().describe('Milliseconds since 1970'),
})

export function userRoutes({ storage, clock }: HttpDependencies): AdminRoute[] {
  function shown({ token, expiresAt }: PasswordLink, baseUrl: string) {
    return { url: passwordUrl(baseUrl, token), expiresAt }
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/users',
      summary: 'Everybody who may sign in',
      role: 'owner',
      answer: z.object({ users: z.array(user) }),
      handle: async () => ({ users: await listUsers(storage.db) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/users',
      summary: 'Invite somebody; the answer holds the link with which they choose their password',
      role: 'owner',
      body: z.strictObject({
        email: z.string().max(500),
        name: z.string().max(500).optional(),
        role,
      }),
      answer: z.object({ user, link }),
      status: 201,
      async handle({ body: { email, name = '', role }, client, about }) {
        about(`email=${email}`)
        about(`role=${role}`)
        const added = await addUser(storage, { email, name, role, now: clock.now() })
        const made = await makePasswordLink(storage, { userId: added.id, now: clock.now() })
        return { user: added, link: shown(made, client.baseUrl) }
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/users/{user}',
      summary: 'Change the name or the role of somebody, by id or e-mail address',
      role: 'owner',
      body: z.strictObject({ name: z.string().max(500).optional(), role: role.optional() }),
      answer: z.object({ user }),
      async handle({ params, body: { name, role }, about }) {
        const { id, email } = await findUser(storage.db, params.user ?? '')
        about(`email=${email}`)
        if (role !== undefined) about(`role=${role}`)
        const changed = await changeUser(storage, {
          id,
          ...(name !== undefined && { name }),
          ...(role !== undefined && { role }),
        })
        return { user: changed }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/users/{user}',
      summary: 'Remove somebody; their sessions end at once',
      role: 'owner',
      answer: z.object({ removed: z.literal(true) }),
      async handle({ params, about }) {
        const { id, email } = await findUser(storage.db, params.user ?? '')
        about(`email=${email}`)
        await removeUser(storage, id)
        return { removed: true as const }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/users/{user}/reset-password',
      summary:
        'A new link to choose a password; the old one stops working, two-factor is off, every session ends',
      role: 'owner',
      answer: z.object({ user, link }),
      async handle({ params, client, about }) {
        const found = await findUser(storage.db, params.user ?? '')
        about(`email=${found.email}`)
        const reset = await resetAccess(storage, { userId: found.id, now: clock.now() })
        return {
          user: { ...found, hasPassword: false, hasTwoFactor: false },
          link: shown(reset, client.baseUrl),
        }
      },
    }),
  ]
}
