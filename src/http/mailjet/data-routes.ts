/** `/v3/DATA`: files in and out, as streams (reference/contacts.md §7, rest-conventions.md §1). */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { csvErrorFile, hasErrors, jsonErrorFile } from '../../contacts/error-files.ts'
import { findJob } from '../../contacts/jobs.ts'
import { findContactList } from '../../contacts/lists.ts'
import { maxUploadBytes, storeUpload } from '../../contacts/uploads.ts'
import type { ContactJobId, ContactListId } from '../../mail/ids.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { sendText } from '../replies.ts'
import { createAuthorize } from './authorize.ts'
import { wholeNumber } from './filters.ts'
import { formatRestError, methodNotAllowed, RestError } from './rest-errors.ts'

type Params = { resource: string; id: string; kind: string; type: string }

export function registerDataRoutes(
  app: FastifyInstance,
  { storage, authenticator, contacts }: HttpDependencies,
): void {
  app.register(async (scope) => {
    // The body is read as it arrives, however large it is.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    for (const url of ['/v3/DATA/:resource/:id/:kind/:type', '/v3/DATA/:resource/:id/:kind/:type/*']) {
      scope.route<{ Params: Params }>({
        method: ['GET', 'POST'],
        url,
        bodyLimit: maxUploadBytes,
        onRequest: createAuthorize(authenticator, 'v3'),
        handler: answer,
      })
    }
  })

  async function answer(request: FastifyRequest<{ Params: Params }>, reply: FastifyReply) {
    const { apiKey, method, params, body } = request
    if (apiKey === undefined) throw new Error('a DATA request came past its authorization')
    const type = params.type.replace(':', '/')
    const id = wholeNumber(params.id)
    switch (`${params.resource}/${params.kind}`.toLowerCase()) {
      case 'contactslist/csvdata': {
        if (method !== 'POST') throw methodNotAllowed(['POST'])
        const list =
          id === undefined
            ? undefined
            : await findContactList(storage.db, { keyId: apiKey.id, id: id as ContactListId })
        if (list === undefined || list.deletedAt !== null) return refuse(reply, type)
        const upload = await storeUpload(contacts, {
          keyId: apiKey.id,
          listId: list.id,
          content: body instanceof Readable ? body : [],
        })
        return sendText(reply, 'application/json', JSON.stringify({ ID: upload.id }))
      }
      case 'batchjob/csverror':
      case 'batchjob/jsonerror': {
        if (method !== 'GET') throw methodNotAllowed(['GET'])
        const job =
          id === undefined
            ? undefined
            : await findJob(storage.db, { keyId: apiKey.id, id: id as ContactJobId })
        if (job === undefined || !hasErrors(job)) return refuse(reply, type)
        const isCsv = params.kind.toLowerCase() === 'csverror'
        const file = isCsv ? csvErrorFile(storage, job) : jsonErrorFile(storage.db, job)
        return reply
          .header('Content-Type', isCsv ? 'text/csv; charset=utf-8' : 'application/json')
          .send(Readable.from(file))
      }
      default:
        throw new RestError(
          400,
          `Unknown resource: "${`${params.resource}/${params.kind}`.slice(0, 100)}"`,
          'Bad Request',
        )
    }
  }
}

/** The body is JSON; the type is that of the file that was asked for. */
function refuse(reply: FastifyReply, type: string): FastifyReply {
  const message = 'Source object not found'
  reply.code(404)
  reply.raw.statusMessage = message
  const safe = /^[a-z]+\/[a-z.+-]+$/i.test(type) ? type.toLowerCase() : 'application/json'
  return sendText(reply, safe, formatRestError({ status: 404, message }))
}
