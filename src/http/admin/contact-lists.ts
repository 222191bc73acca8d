/** `/api/contact-lists`: lists, and their members in and out as CSV. */
import { Readable } from 'node:stream'
import type { Kysely } from 'kysely'
import { z } from 'zod'
import { csvMethods } from '../../contacts/csv-steps.ts'
import { dateReader } from '../../contacts/date-formats.ts'
import { exportList } from '../../contacts/export-list.ts'
import { createJob, findJob } from '../../contacts/jobs.ts'
import {
  type ContactList,
  changeContactList,
  createContactList,
  findContactList,
  listContactLists,
} from '../../contacts/lists.ts'
import { countLeavers, readListAction } from '../../contacts/members.ts'
import { propertyTypes } from '../../contacts/properties.ts'
import { segmentCondition } from '../../contacts/segments.ts'
import { findUpload } from '../../contacts/uploads.ts'
import type { ContactListId, KeyId, UploadId } from '../../mail/ids.ts'
import { Refused } from '../../runtime/refused.ts'
import type { Schema } from '../../storage/schema.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { BadField } from '../errors.ts'
import { contactJob, jobShape } from './contact-jobs.ts'
import { readId } from './messages.ts'
import { RawAnswer } from './raw-answer.ts'
import { type AdminRoute, defineRoute, idNumber } from './route.ts'
import { whichKey } from './which-key.ts'

const key = z.string().optional().describe('API key; the first one when left out')

const list = z.object({
  id: z.number(),
  name: z.string(),
  address: z.string(),
  createdAt: z.number(),
  deletedAt: z.number().nullable(),
  memberCount: z.number().describe('In whatever state they are'),
  leftCount: z.number().describe('Those of them who have left'),
})

export function contactListRoutes({ storage, clock, contacts }: HttpDependencies): AdminRoute[] {
  const { db } = storage
  const find = async (reference: string | undefined, id: string | undefined) => {
    const keyId = (await whichKey(storage, reference)).id
    return { keyId, list: await findList(db, keyId, readId(id) as ContactListId) }
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/contact-lists',
      summary: 'Contact lists of an API key',
      query: z.strictObject({ key, deleted: z.enum(['true', 'false']).optional() }),
      answer: z.object({ lists: z.array(list) }),
      async handle({ query: { key: reference, deleted = 'false' } }) {
        const keyId = (await whichKey(storage, reference)).id
        const filters = { keyId, isDeleted: deleted === 'true' }
        const sort = { by: 'name', descending: false } as const
        const lists = await listContactLists(db, filters, { limit: 10_000, sort })
        const leavers = await countLeavers(db, { keyId })
        return { lists: lists.map((one) => ({ ...one, leftCount: leavers.get(one.id) ?? 0 })) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/contact-lists',
      summary: 'Make a list',
      role: 'marketer',
      status: 201,
      body: z.strictObject({ key, name: z.string().trim().min(1).max(255) }),
      answer: z.object({ list }),
      async handle({ body: { key: reference, name }, about }) {
        const keyId = (await whichKey(storage, reference)).id
        const added = await createContactList(storage, { keyId, name, now: clock.now() })
        about(`list=${added.id}`)
        return { list: { ...added, leftCount: 0 } }
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/contact-lists/{id}',
      summary: 'Rename a list, delete it, or bring it back with its members',
      role: 'marketer',
      body: z.strictObject({
        key,
        name: z.string().trim().min(1).max(255).optional(),
        isDeleted: z.boolean().optional(),
      }),
      answer: z.object({ list }),
      async handle({ params, body: { key: reference, name, isDeleted } }) {
        const keyId = (await whichKey(storage, reference)).id
        const before = await findList(db, keyId, readId(params.id) as ContactListId, { isDeletedToo: true })
        const changes = { ...(name !== undefined && { name }), ...(isDeleted !== undefined && { isDeleted }) }
        const changed = await changeContactList(db, { ...before, keyId }, { ...changes, now: clock.now() })
        const leavers = await countLeavers(db, { keyId, listId: changed.id })
        return { list: { ...changed, leftCount: leavers.get(changed.id) ?? 0 } }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/contact-lists/{id}/import',
      summary: 'Import an uploaded CSV file into a list: a job',
      role: 'marketer',
      status: 202,
      body: z.strictObject({
        key,
        uploadId: idNumber.describe('From POST /contact-uploads'),
        method: z.enum(csvMethods).default('addnoforce'),
        errorLimitPercent: z
          .number()
          .int()
          .min(0)
          .max(100)
          .default(0)
          .describe('0: it never stops for errors'),
        dateTimeFormat: z.string().max(60).optional().describe('Such as dd/mm/yyyy hh:nn'),
        timezoneOffset: z.number().min(-12).max(12).optional().describe('Hours'),
        nameColumn: z.string().max(100).optional().describe('The column that is the name of the contact'),
        types: z
          .record(z.string().max(100), z.enum(propertyTypes))
          .optional()
          .describe('Types of properties that the import makes, by column; of others the values decide'),
        fieldNames: z
          .array(z.string().max(100))
          .max(200)
          .optional()
          .describe('Names of the columns, where the file has no line for them'),
      }),
      answer: z.object({ job: contactJob }),
      async handle({ params, body }) {
        const { keyId, list: target } = await find(body.key, params.id)
        const { method, errorLimitPercent, key: _key, uploadId, ...options } = body
        if ((await findUpload(storage, { keyId, id: uploadId as UploadId })) === undefined) {
          throw new BadField('uploadId', `there is no uploaded file ${uploadId}`)
        }
        if (dateReader(options.dateTimeFormat) === undefined) {
          throw new BadField('dateTimeFormat', 'it needs year, month and day, as dd/mm/yyyy has')
        }
        const action = readListAction(method)
        const id = await createJob(contacts, {
          ...{ keyId, kind: 'csv', method, status: 'Upload', errorLimitPercent },
          options: { ...options, guessesTypes: true },
          uploadId: uploadId as UploadId,
          targets: action === undefined ? [] : [{ listId: target.id, action }],
          listId: target.id,
        })
        const job = await findJob(db, { id, keyId })
        if (job === undefined) throw new Error('a job was forgotten while it was asked for')
        return { job: jobShape(job) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/contact-lists/{id}/export',
      summary: 'The members of a list as CSV; with a formula, those that it chooses',
      query: z.strictObject({ key, formula: z.string().max(10_000).optional() }),
      answer: z.string(),
      produces: ['text/csv'],
      async handle({ params, query }) {
        const { keyId, list: source } = await find(query.key, params.id)
        const now = clock.now()
        const { formula: expression } = query
        // What is wrong with it is told now: later the answer has begun.
        if (expression !== undefined) await segmentCondition(db, { keyId, expression, now })
        const lines = exportList(db, {
          ...{ keyId, listId: source.id, now },
          ...(expression !== undefined && { segment: { expression } }),
        })
        return new RawAnswer('text/csv; charset=utf-8', Readable.from(lines), {
          'Content-Disposition': `attachment; filename="list-${source.id}.csv"`,
        })
      },
    }),
  ]
}

/** Throws `Refused` when there is none, or only a deleted one. */
export async function findList(
  db: Kysely<Schema>,
  keyId: KeyId,
  id: ContactListId,
  { isDeletedToo = false }: { isDeletedToo?: boolean } = {},
): Promise<ContactList> {
  const found = await findContactList(db, { keyId, id })
  if (found === undefined || (found.deletedAt !== null && !isDeletedToo)) {
    throw new Refused('not-found', `this API key has no contact list ${id}`)
  }
  return found
}
