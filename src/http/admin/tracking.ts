/** `/api/tracking`: whether mail is tracked where it does not say so itself. */
import { z } from 'zod'
import { readWishes, writeWishes } from '../../tracking/defaults.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { whichKey } from './which-key.ts'

const key = z.string().optional().describe('API key; the first one when left out')

const wish = z.boolean().nullable()
const wishes = z.object({
  opens: wish,
  clicks: wish,
  isPrivate: wish.describe('Neither addresses nor agents nor countries are kept'),
})
const answer = z.object({
  account: wishes.describe('null: not said'),
  key: wishes.describe('null: as the account says'),
  effective: z.object({ opens: z.boolean(), clicks: z.boolean(), isPrivate: z.boolean() }),
})

export function trackingRoutes({ storage, tracking }: HttpDependencies): AdminRoute[] {
  async function show(reference: string | undefined) {
    const found = await whichKey(storage, reference)
    tracking.defaults.forget(found.id)
    return { ...(await readWishes(storage, found.id)), effective: await tracking.defaults.of(found.id) }
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/tracking',
      summary: 'Whether mail of a key is tracked where it does not say so itself',
      query: z.strictObject({ key }),
      answer,
      handle: ({ query }) => show(query.key),
    }),
    defineRoute({
      method: 'PUT',
      path: '/tracking',
      summary:
        'Say whether mail is tracked, for a key or its whole account; other processes know within 5 seconds',
      role: 'marketer',
      body: z.strictObject({
        key,
        of: z.enum(['key', 'account']),
        opens: wish.optional(),
        clicks: wish.optional(),
        isPrivate: wish.optional(),
      }),
      answer,
      async handle({ body: { key: reference, of, ...said } }) {
        const { id: keyId, accountId } = await whichKey(storage, reference)
        const wishes = {
          ...(said.opens !== undefined && { opens: said.opens }),
          ...(said.clicks !== undefined && { clicks: said.clicks }),
          ...(said.isPrivate !== undefined && { isPrivate: said.isPrivate }),
        }
        await writeWishes(storage, { accountId, ...(of === 'key' && { keyId }), wishes })
        return show(reference)
      },
    }),
  ]
}
