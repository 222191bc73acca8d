/** The one-time links: the first owner, and people who choose their password. */
import { z } from 'zod'
import { csrfTokenOf, startSession } from '../../accounts/sessions.ts'
import { makeSetupLink, readLink, usePasswordLink, useSetupLink } from '../../accounts/user-links.ts'
import { Refused } from '../../runtime/refused.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { BadField } from '../errors.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { signedIn } from './session.ts'
import { user } from './user-shape.ts'

const token = z.string().max(200)
const password = z.string().max(2_000)

export function setupUrl(baseUrl: string, setupToken: string): string {
  // Behind the hash: browsers send it to nobody, so it stands in no log of a proxy.
  return `${baseUrl}/setup#${setupToken}`
}

export function passwordUrl(baseUrl: string, passwordToken: string): string {
  return `${baseUrl}/invitation#${passwordToken}`
}

export function setupRoutes({ storage, clock, signIns }: HttpDependencies): AdminRoute[] {
  async function hashed(next: string, person: { email: string }): Promise<string> {
    try {
      return await signIns.hashPassword(next, person)
    } catch (error) {
      if (error instanceof Refused) throw new BadField('password', error.message)
      throw error
    }
  }

  return [
    defineRoute({
      method: 'POST',
      path: '/setup',
      summary: 'Make the first owner with the link of the first start, and sign them in',
      role: 'anyone',
      body: z.strictObject({
        token: token.describe('What stands behind the hash of the link'),
        email: z.string().max(500),
        password,
        name: z.string().max(500).optional(),
      }),
      answer: signedIn,
      status: 201,
      async handle({ body: { token, email, password, name = '' }, client, setSession, actAs }) {
        const now = clock.now()
        // Hashing is dear: only for who has a link.
        if ((await readLink(storage.db, { token, now })) !== 'setup') throw wrongLink()
        const passwordHash = await hashed(password, { email })
        const owner = await useSetupLink(storage, { token, email, name, passwordHash, now })
        actAs(owner)
        const session = await startSession(storage, { userId: owner.id, now, ...client })
        setSession(session.token)
        return { user: { ...owner, signedInAt: now }, csrf: csrfTokenOf(session.token) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/setup-link',
      summary: 'A new link for the first owner; refused once there is one',
      role: 'owner',
      answer: z.object({ url: z.string() }),
      async handle({ client }) {
        const made = await makeSetupLink(storage, { now: clock.now() })
        if (made === undefined) {
          throw new Refused(
            'conflict',
            'there are users already; an owner invites others (paravion user add), or makes them a new link (paravion user reset-password)',
          )
        }
        return { url: setupUrl(client.baseUrl, made) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/invitation',
      summary: 'Whose link it is, to choose a password with',
      role: 'anyone',
      body: z.strictObject({ token }),
      answer: z.object({ email: z.string(), name: z.string() }),
      async handle({ body }) {
        const found = await readLink(storage.db, { token: body.token, now: clock.now() })
        if (found === 'setup') throw wrongLink()
        return { email: found.email, name: found.name }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/invitation/password',
      summary: 'Choose a password with a link; every session of the person ends',
      role: 'anyone',
      body: z.strictObject({ token, password }),
      answer: z.object({ user }),
      async handle({ body: { token, password }, actAs }) {
        const now = clock.now()
        const found = await readLink(storage.db, { token, now })
        if (found === 'setup') throw wrongLink()
        actAs(found)
        const passwordHash = await hashed(password, found)
        return { user: await usePasswordLink(storage, { token, passwordHash, now }) }
      },
    }),
  ]
}

function wrongLink(): Refused {
  return new Refused('not-found', 'this link is for something else; open the whole link as it was printed')
}
