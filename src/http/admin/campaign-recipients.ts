/** `/api/campaigns/{id}/recipients`: whom it goes to, whom not and why. */
import { Readable } from 'node:stream'
import { z } from 'zod'
import { exportRecipients, listRecipients } from '../../campaigns/list-recipients.ts'
import type { ContactId } from '../../mail/ids.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { exclusionReasons } from './campaign-shapes.ts'
import { findMailingOf, key } from './campaigns.ts'
import { RawAnswer } from './raw-answer.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'

const states = ['pending', 'handed', 'excluded'] as const

export function campaignRecipientRoutes(dependencies: HttpDependencies): AdminRoute[] {
  const { db } = dependencies.storage
  return [
    defineRoute({
      method: 'GET',
      path: '/campaigns/{id}/recipients',
      summary: 'Recipients of a campaign that was begun, in the order of their contact numbers',
      query: z.strictObject({
        key,
        state: z.enum(states).optional(),
        reason: z.enum(exclusionReasons).optional().describe('Of excluded ones'),
        after: queryNumber({ min: 0, max: Number.MAX_SAFE_INTEGER })
          .optional()
          .describe('The last contactId of the page before'),
        limit: queryNumber({ min: 1, max: 500 }).default(100),
      }),
      answer: z.object({
        recipients: z.array(
          z.object({
            contactId: z.number(),
            address: z.string(),
            state: z.enum(states),
            reason: z.enum(exclusionReasons).nullable(),
            deliveryId: z.number().nullable().describe('Number of its message'),
            delivery: z
              .enum(['queued', 'deferred', 'held', 'delivered', 'failed', 'blocked', 'dropped'])
              .nullable(),
            said: z.string().nullable().describe('The words of the host, or ours'),
          }),
        ),
      }),
      async handle({ params, query: { key: reference, state, reason, after = 0, limit } }) {
        const mailing = await findMailingOf(dependencies, reference, params.id)
        // Those that are handed over come before: they need not be walked through.
        const from = state === 'pending' ? Math.max(after, mailing.handedAfter) : after
        const recipients = await listRecipients(db, {
          mailingId: mailing.id,
          ...(state !== undefined && { state }),
          ...(reason !== undefined && { reason }),
          after: from as ContactId,
          limit,
        })
        return { recipients }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/campaigns/{id}/recipients.csv',
      summary: 'The same as a file, all of them',
      query: z.strictObject({ key }),
      answer: z.string(),
      produces: ['text/csv'],
      async handle({ params, query }) {
        const { id } = await findMailingOf(dependencies, query.key, params.id)
        return new RawAnswer('text/csv; charset=utf-8', Readable.from(exportRecipients(db, id)), {
          'Content-Disposition': `attachment; filename="campaign-${id}.csv"`,
        })
      },
    }),
  ]
}
