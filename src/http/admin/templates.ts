/** `/api/templates`: what mail is made from, over and over. */
import { z } from 'zod'
import {
  changeTemplate,
  createTemplate,
  deleteTemplate,
  TemplateNameIsTaken,
  undeleteTemplate,
} from '../../templates/change-templates.ts'
import { fillParts } from '../../templates/fill-parts.ts'
import {
  countTemplates,
  detailsOf,
  editModes,
  knownWords,
  listTemplates,
  type StoredTemplate,
  type TemplateDetails,
} from '../../templates/stored-templates.ts'
import {
  changedMeanwhile,
  currentContent,
  emptyContent,
  fillContent,
} from '../../templates/template-content.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { askerOf } from './asker.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'
import {
  contentBody,
  contentOf,
  contentShape,
  key,
  keyQuery,
  openTemplate,
  openToChange,
  readerOf,
  savedBy,
  templateOf,
  templateShape,
} from './template-shapes.ts'

const details = {
  author: z.string().max(255).optional(),
  description: z.string().max(2_000).optional(),
  copyright: z.string().max(1_000).optional(),
  editMode: z.enum(editModes).optional(),
  locale: z.string().max(5).optional().describe('Language and country: en_US'),
  purposes: z.array(z.enum(knownWords.purposes)).max(10).optional(),
  categories: z.array(z.enum(knownWords.categories)).max(20).optional(),
  presets: z.string().max(100_000).optional(),
  isStarred: z.boolean().optional(),
  makesText: z.boolean().optional(),
}
const name = z.string().trim().min(1).max(255)

const opened = z.object({ template: templateShape, content: contentShape })

/** So many templates are called `Name (9)` before one has to think of another. */
const mostCopies = 100

export function templateRoutes({ storage, clock }: HttpDependencies): AdminRoute[] {
  const { db } = storage

  return [
    defineRoute({
      method: 'GET',
      path: '/templates',
      summary: 'Templates that an API key sees',
      query: z.strictObject({
        key,
        search: z.string().max(200).optional().describe('Somewhere in the name or the description'),
        starred: z.enum(['true', 'false']).optional(),
        purpose: z.enum(knownWords.purposes).optional(),
        editMode: z.enum(editModes).optional(),
        deleted: z.enum(['true', 'false']).optional().describe('true: those that were deleted of late'),
        order: z.enum(['changed', 'name', 'newest', 'oldest']).optional().describe('changed when left out'),
        limit: queryNumber({ min: 1, max: 1_000 }).optional().describe('50 when left out'),
        offset: queryNumber({ min: 0, max: 1_000_000 }).optional(),
      }),
      answer: z.object({ templates: z.array(templateShape), total: z.number() }),
      async handle({ query }) {
        const { search, starred, purpose, editMode, order = 'changed', limit = 50, offset = 0 } = query
        const { reader } = await readerOf(storage, query.key)
        const filters = {
          reader,
          isDeleted: query.deleted === 'true',
          ...(search !== undefined && { search }),
          ...(starred !== undefined && { isStarred: starred === 'true' }),
          ...(purpose !== undefined && { purposes: { words: [purpose], method: 'any' as const } }),
          ...(editMode !== undefined && { editMode }),
        }
        const found = await listTemplates(db, filters, { limit, offset, order })
        const total = await countTemplates(db, filters)
        return { templates: found.map((one) => templateOf(one, reader)), total }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/templates',
      summary: 'Make a template',
      role: 'marketer',
      status: 201,
      body: z.strictObject({
        key,
        name,
        ownerType: z.enum(['apikey', 'user']).optional().describe('user: for all keys, by the master key'),
        ...details,
        content: contentBody.optional(),
      }),
      answer: opened,
      async handle(call) {
        const { key: reference, ownerType = 'apikey', content: wanted, ...wish } = call.body
        const { reader } = await readerOf(storage, reference)
        const parts = { before: emptyContent, makesText: wish.makesText ?? false, asker: askerOf(call) }
        const content = await fillParts(wanted ?? {}, parts)
        const template = await createTemplate(storage, {
          ...{ reader, ownerType, details: withoutGaps(wish), now: clock.now() },
          ...(wanted !== undefined && { content: { content, by: savedBy(call) } }),
        })
        return { template: templateOf(template, reader), content: contentOf(content) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/templates/{id}',
      summary: 'A template and what it holds',
      query: keyQuery,
      answer: opened,
      async handle({ params, query }) {
        const { template, reader } = await openTemplate(storage, { id: params.id, key: query.key })
        const content = await currentContent(db, template)
        return { template: templateOf(template, reader), content: contentOf(content) }
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/templates/{id}',
      summary: 'Change a template; content makes a new version, and what it leaves out is kept',
      role: 'marketer',
      body: z.strictObject({
        key,
        name: name.optional(),
        ...details,
        content: contentBody.optional(),
        version: z
          .number()
          .int()
          .optional()
          .describe('The version that was read: another by now is a conflict'),
      }),
      answer: opened,
      async handle(call) {
        const { key: reference, content: wanted, version, ...wish } = call.body
        const { template: before, reader } = await openToChange(storage, {
          id: call.params.id,
          key: reference,
        })
        if (version !== undefined && version !== before.version) throw changedMeanwhile()
        const changes = withoutGaps(wish)
        const makesText = changes.makesText ?? before.makesText
        const content =
          wanted === undefined
            ? undefined
            : await fillContent(
                db,
                { ...before, makesText },
                { wanted, others: 'keep', asker: askerOf(call) },
              )
        const template = await changeTemplate(db, before, {
          details: changes,
          content: content && { content, by: savedBy(call) },
          now: clock.now(),
        })
        return {
          template: templateOf(template, reader),
          content: contentOf(content ?? (await currentContent(db, template))),
        }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/templates/{id}',
      summary: 'Delete a template; for some days it can be brought back',
      role: 'marketer',
      query: keyQuery,
      answer: z.object({ deleted: z.number() }),
      async handle({ params, query }) {
        const { template } = await openToChange(storage, { id: params.id, key: query.key })
        await deleteTemplate(db, { id: template.id, now: clock.now() })
        return { deleted: template.id }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/templates/{id}/undelete',
      summary: 'Bring a deleted template back',
      role: 'marketer',
      body: z.strictObject({ key }),
      answer: z.object({ template: templateShape }),
      async handle({ params, body }) {
        const which = { id: params.id, key: body.key, isDeleted: true }
        const { template, reader } = await openToChange(storage, which)
        const back = await undeleteTemplate(db, { template, now: clock.now() })
        return { template: templateOf(back, reader) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/templates/{id}/duplicate',
      summary: 'A copy of a template, of this API key, with another name',
      role: 'marketer',
      status: 201,
      body: z.strictObject({ key, name: name.optional().describe('That of the original with a number') }),
      answer: opened,
      async handle(call) {
        const { template: original, reader } = await openTemplate(storage, {
          id: call.params.id,
          key: call.body.key,
        })
        const content = await currentContent(db, original)
        const made = {
          ...{ reader, now: clock.now() },
          ...(original.version > 0 && { content: { content, by: savedBy(call) } }),
        }
        const wanted = { ...detailsOf(original), isStarred: false }
        const template = await firstFree(call.body.name ?? original.name, {
          exact: call.body.name !== undefined,
          make: (free) => createTemplate(storage, { ...made, details: { ...wanted, name: free } }),
        })
        return { template: templateOf(template, reader), content: contentOf(content) }
      },
    }),
  ]
}

type Wish = { [Name in keyof TemplateDetails]?: TemplateDetails[Name] | undefined }

function withoutGaps<W extends Wish>(wish: W) {
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined)) as {
    [Name in keyof W]: Exclude<W[Name], undefined>
  }
}

async function firstFree(
  wanted: string,
  { exact, make }: { exact: boolean; make: (name: string) => Promise<StoredTemplate> },
): Promise<StoredTemplate> {
  const stem = wanted.replace(/ \(\d{1,3}\)$/, '').slice(0, 248)
  for (let number = 2; ; number++) {
    try {
      return await make(exact ? wanted : `${stem} (${number})`)
    } catch (error) {
      if (exact || number > mostCopies || !(error instanceof TemplateNameIsTaken)) throw error
    }
  }
}
