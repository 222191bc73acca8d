/** `/api/templates/{id}/versions`: what a template held before. */
import { z } from 'zod'
import { Refused } from '../../runtime/refused.ts'
import { keptVersions, listVersions, readContent, restoreVersion } from '../../templates/template-content.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { readId } from './messages.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import {
  contentOf,
  contentShape,
  key,
  keyQuery,
  openTemplate,
  openToChange,
  savedBy,
  templateOf,
  templateShape,
} from './template-shapes.ts'

const version = z.object({
  number: z.number(),
  createdAt: z.number(),
  createdBy: z.string().describe('Who saved it'),
})

export function templateVersionRoutes({ storage, clock }: HttpDependencies): AdminRoute[] {
  const { db } = storage
  return [
    defineRoute({
      method: 'GET',
      path: '/templates/{id}/versions',
      summary: 'The versions of a template that are kept, newest first',
      query: keyQuery,
      answer: z.object({ versions: z.array(version), kept: z.number().describe('How many at most') }),
      async handle({ params, query }) {
        const { template } = await openTemplate(storage, { id: params.id, key: query.key })
        return { versions: await listVersions(db, template.id), kept: keptVersions }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/templates/{id}/versions/{number}',
      summary: 'What a version holds',
      query: keyQuery,
      answer: z.object({ version, content: contentShape }),
      async handle({ params, query }) {
        const { template } = await openTemplate(storage, { id: params.id, key: query.key })
        const found = await readContent(db, template, readId(params.number))
        if (found === undefined) {
          throw new Refused('not-found', `the template has no version ${params.number} any more`)
        }
        return { version: found.version, content: contentOf(found) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/templates/{id}/versions/{number}/restore',
      summary: 'Make what a version held the newest version',
      role: 'marketer',
      body: z.strictObject({ key }),
      answer: z.object({ template: templateShape, content: contentShape }),
      async handle(call) {
        const { params, body } = call
        const { template, reader } = await openToChange(storage, { id: params.id, key: body.key })
        const number = readId(params.number)
        const restored = await restoreVersion(db, template, { number, by: savedBy(call), now: clock.now() })
        return { template: templateOf(restored.template, reader), content: contentOf(restored.content) }
      },
    }),
  ]
}
