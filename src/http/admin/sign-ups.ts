/** `/api/contact-lists/{id}/signups`: double opt-in. */
import { z } from 'zod'
import { contactEmail } from '../../contacts/contacts.ts'
import { propertiesByName } from '../../contacts/properties.ts'
import { readValues } from '../../contacts/save-contacts.ts'
import { signUp } from '../../contacts/sign-up.ts'
import type { ContactListId } from '../../mail/ids.ts'
import { parseMailboxList } from '../../mail/mailbox.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { BadField } from '../errors.ts'
import { findList } from './contact-lists.ts'
import { readId } from './messages.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { whichKey } from './which-key.ts'

export function signUpRoutes({ storage, contacts }: HttpDependencies): AdminRoute[] {
  const { db } = storage
  return [
    defineRoute({
      method: 'POST',
      path: '/contact-lists/{id}/signups',
      summary:
        'Ask somebody who signed up to confirm it: a mail goes out, and its link puts them into the list',
      role: 'marketer',
      status: 202,
      body: z.strictObject({
        key: z.string().optional().describe('API key; the first one when left out'),
        email: z.string().max(500),
        from: z.string().max(500).describe('A sender of the key: address, with a name or without'),
        name: z.string().max(255).optional(),
        properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
        source: z.string().max(100).default('api').describe('Where the person signed up'),
        address: z.string().max(100).optional().describe('IP address of the person'),
      }),
      answer: z.object({ outcome: z.enum(['mailed', 'mailed-lately', 'subscribed-already']) }),
      async handle({ params, body, client }) {
        const keyId = (await whichKey(storage, body.key)).id
        const { id } = await findList(db, keyId, readId(params.id) as ContactListId)
        const email = contactEmail(body.email)
        if (email === undefined)
          throw new BadField('email', `'${body.email.slice(0, 300)}' is not an e-mail address`)
        const [from, ...more] = parseMailboxList(body.from) ?? []
        if (from === undefined || more.length > 0) throw new BadField('from', 'Give one address of a sender')
        const { problems } = readValues(Object.entries(body.properties), await propertiesByName(db, keyId))
        const [first] = problems
        if (first !== undefined)
          throw new BadField(`properties.${first.name}`, 'is no property, or of another type')
        const outcome = await signUp(contacts, {
          ...{ keyId, listId: id, email, from, source: body.source },
          address: body.address ?? client.address,
          details: { properties: body.properties, ...(body.name !== undefined && { name: body.name }) },
        })
        return { outcome }
      },
    }),
  ]
}
