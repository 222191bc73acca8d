/** `DELETE /v4/contacts/{id}` (reference/contacts.md §10). */
import type { FastifyInstance } from 'fastify'
import { eraseContact } from '../../contacts/erase.ts'
import type { ContactId } from '../../mail/ids.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { createAuthorize } from './authorize.ts'
import { wholeNumber } from './filters.ts'
import { badRequest } from './rest-errors.ts'

export function registerErasureRoutes(
  app: FastifyInstance,
  { authenticator, contacts }: Pick<HttpDependencies, 'authenticator' | 'contacts'>,
): void {
  app.delete<{ Params: { id: string } }>(
    '/v4/contacts/:id',
    { onRequest: createAuthorize(authenticator, 'v3.1') },
    async (request, reply) => {
      const { apiKey, params } = request
      if (apiKey === undefined) throw new Error('an erasure came past its authorization')
      const id = wholeNumber(params.id)
      // Whoever names a person by address must not believe that it is done.
      if (!/^\d+$/.test(params.id)) throw badRequest('A contact is erased by its numeric ID alone')
      // An id that never existed is answered alike.
      if (id !== undefined) await eraseContact(contacts, { keyId: apiKey.id, id: id as ContactId })
      return reply.code(200).send()
    },
  )
}
