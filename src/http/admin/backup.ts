import { isAbsolute } from 'node:path'
import { z } from 'zod'
import type { HttpDependencies } from '../dependencies.ts'
import { BadField } from '../errors.ts'
import { type AdminRoute, defineRoute } from './route.ts'

export function backupRoutes({ storage, log }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/backup',
      summary: 'Write a consistent copy of the database to a new file on the machine of the server',
      role: 'owner',
      body: z.strictObject({ path: z.string().describe('Absolute path of a file that does not exist yet') }),
      answer: z.object({ path: z.string() }),
      async handle({ body: { path } }) {
        if (!isAbsolute(path) || path.includes('\0')) throw new BadField('path', 'Give an absolute path')
        await storage.backup(path)
        log.info({ path }, 'backup written')
        return { path }
      },
    }),
  ]
}
