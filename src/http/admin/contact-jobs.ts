/** `/api/contact-jobs`: how far imports and other work on many contacts have come; and the upload of files for them. */
import { Readable } from 'node:stream'
import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import { z } from 'zod'
import { csvErrorFile } from '../../contacts/error-files.ts'
import { abortJob, type ContactJob, findJob, listJobs, resumeJob } from '../../contacts/jobs.ts'
import { newPropertiesOf } from '../../contacts/new-properties.ts'
import { propertyTypes } from '../../contacts/properties.ts'
import { maxUploadBytes, storeUpload } from '../../contacts/uploads.ts'
import type { ContactJobId } from '../../mail/ids.ts'
import { Refused } from '../../runtime/refused.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { BadField } from '../errors.ts'
import { sendJson } from '../replies.ts'
import { readId } from './messages.ts'
import { RawAnswer } from './raw-answer.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'
import { whichKey } from './which-key.ts'

const key = z.string().optional().describe('API key; the first one when left out')
const keyQuery = z.strictObject({ key })

export const contactJob = z.object({
  id: z.number(),
  kind: z.enum(['csv', 'manage', 'copy-list', 'forget-property']),
  method: z.string(),
  listId: z.number().nullable(),
  status: z.enum(['Allocated', 'Upload', 'Prepare', 'Importing', 'Completed', 'Error', 'Abort']),
  processed: z.number().describe('Records handled, the refused ones included'),
  refused: z.number(),
  problem: z.string().describe('Why it ended in Error or Abort'),
  newProperties: z
    .array(z.object({ name: z.string(), type: z.enum(propertyTypes) }))
    .describe('Properties that the import has made'),
  requestedAt: z.number(),
  startedAt: z.number().nullable(),
  aliveAt: z.number().nullable(),
  endedAt: z.number().nullable(),
})

export function jobShape(job: ContactJob): z.infer<typeof contactJob> {
  const { id, kind, method, listId, status, processed, refused, problem } = job
  const { requestedAt, startedAt, aliveAt, endedAt } = job
  return {
    ...{ id, kind, method, listId, status, processed, refused, problem },
    ...{ requestedAt, startedAt, aliveAt, endedAt },
    newProperties: newPropertiesOf(job).map(({ name, type }) => ({ name, type })),
  }
}

export function contactJobRoutes({ storage, contacts }: HttpDependencies): AdminRoute[] {
  const { db } = storage

  async function find(reference: string | undefined, id: string | undefined): Promise<ContactJob> {
    const keyId = (await whichKey(storage, reference)).id
    const job = await findJob(db, { keyId, id: readId(id) as ContactJobId })
    if (job === undefined) throw new Refused('not-found', `this API key has no job ${id}`)
    return job
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/contact-jobs',
      summary: 'Imports and other work on many contacts, the newest first',
      query: z.strictObject({ key, limit: queryNumber({ min: 1, max: 1000 }).optional() }),
      answer: z.object({ jobs: z.array(contactJob) }),
      async handle({ query: { key: reference, limit = 100 } }) {
        const keyId = (await whichKey(storage, reference)).id
        return { jobs: (await listJobs(db, { keyId }, { limit, newestFirst: true })).map(jobShape) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/contact-jobs/{id}',
      summary: 'How far a job has come',
      query: keyQuery,
      answer: z.object({ job: contactJob }),
      handle: async ({ params, query }) => ({ job: jobShape(await find(query.key, params.id)) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/contact-jobs/{id}/abort',
      summary: 'Stop a job; what it has done stays',
      role: 'marketer',
      body: keyQuery,
      answer: z.object({ job: contactJob }),
      async handle({ params, body }) {
        await abortJob(contacts, await find(body.key, params.id))
        return { job: jobShape(await find(body.key, params.id)) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/contact-jobs/{id}/resume',
      summary: 'Go on with a job that was stopped, from where it was',
      role: 'marketer',
      body: keyQuery,
      answer: z.object({ job: contactJob }),
      async handle({ params, body }) {
        await resumeJob(contacts, await find(body.key, params.id))
        return { job: jobShape(await find(body.key, params.id)) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/contact-jobs/{id}/errors',
      summary: 'The refused lines of an import, with why',
      query: keyQuery,
      answer: z.string(),
      produces: ['text/csv'],
      async handle({ params, query }) {
        const job = await find(query.key, params.id)
        return new RawAnswer('text/csv; charset=utf-8', Readable.from(csvErrorFile(storage, job)), {
          'Content-Disposition': `attachment; filename="errors-${job.id}.csv"`,
        })
      },
    }),
  ]
}

/** `POST /api/contact-uploads?key=`: the file as it is, of any size; `{ "uploadId": … }` comes back. */
export function registerContactUploads(
  app: FastifyInstance,
  { storage, contacts }: Pick<HttpDependencies, 'storage' | 'contacts'>,
  onRequest: onRequestHookHandler,
): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    scope.post('/api/contact-uploads', { bodyLimit: maxUploadBytes, onRequest }, async (request, reply) => {
      const parsed = keyQuery.safeParse(request.query)
      if (!parsed.success) throw new BadField('key', 'the query takes key')
      const keyId = (await whichKey(storage, parsed.data.key)).id
      const content = request.body instanceof Readable ? request.body : []
      const { id, sizeBytes } = await storeUpload(contacts, { keyId, listId: null, content })
      return sendJson(reply.code(201), { uploadId: id, sizeBytes })
    })
  })
}
