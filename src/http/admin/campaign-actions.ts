/** `/api/campaigns/{id}/…`: looked over, tried, sent, stopped. */
import { z } from 'zod'
import {
  archiveMailing,
  cancelMailing,
  deleteMailing,
  pauseMailing,
  restoreMailing,
  resumeMailing,
  scheduleMailing,
  sendMailing,
  unscheduleMailing,
} from '../../campaigns/change-state.ts'
import { lookThrough, problemCodes, warningCodes } from '../../campaigns/check.ts'
import type { Mailing } from '../../campaigns/mailing.ts'
import { refuseOutdated } from '../../campaigns/refuse-change.ts'
import { previewMailing, testMailing } from '../../campaigns/try-mailing.ts'
import type { CountedRecipients } from '../../contacts/recipient-counts.ts'
import { readInstant } from '../../contacts/values.ts'
import { formatAddress } from '../../mail/address.ts'
import type { ContactId } from '../../mail/ids.ts'
import { type Mailbox, parseMailboxList } from '../../mail/mailbox.ts'
import { Refused } from '../../runtime/refused.ts'
import { previewHtml, previewPolicy } from '../../templates/preview-html.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { BadField } from '../errors.ts'
import { askerOf } from './asker.ts'
import { campaignShape, excludedCounts, shapeOf } from './campaign-shapes.ts'
import { findMailingOf, key } from './campaigns.ts'
import { RawAnswer } from './raw-answer.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'

const maxTestRecipients = 20
const contact = queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
  .optional()
  .describe('Number of the contact; somebody of whom nothing is known when left out')
const keyBody = z.strictObject({ key })
const lookedAt = z
  .number()
  .int()
  .nullable()
  .optional()
  .describe(
    '`modifiedAt` of what was looked at: a campaign that was changed since is refused; left out, it is not asked',
  )

export function campaignActionRoutes(dependencies: HttpDependencies): AdminRoute[] {
  const { clock, campaigns, recipientCounts } = dependencies
  const find = (reference: string | undefined, id: string | undefined) =>
    findMailingOf(dependencies, reference, id)

  /** A change of state without anything to say about it. */
  function action(
    path: string,
    { summary, change }: { summary: string; change(mailing: Mailing): Promise<Mailing> },
  ): AdminRoute {
    return defineRoute({
      method: 'POST',
      path: `/campaigns/{id}/${path}`,
      summary,
      role: 'marketer',
      body: keyBody,
      answer: z.object({ campaign: campaignShape }),
      handle: async ({ params, body }) => ({
        campaign: shapeOf(await change(await find(body.key, params.id))),
      }),
    })
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/campaigns/{id}/check',
      summary: 'What keeps it from being sent, and what looks wrong',
      query: z.strictObject({ key }),
      answer: z.object({
        problems: z.array(z.object({ code: z.enum(problemCodes), message: z.string() })),
        warnings: z
          .array(z.object({ code: z.enum(warningCodes), message: z.string() }))
          .describe('What keeps it from nothing, and is probably not meant so'),
      }),
      async handle({ params, query }) {
        const mailing = await find(query.key, params.id)
        return lookThrough(campaigns, mailing, { purpose: 'send' })
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/campaigns/{id}/audience',
      summary: 'How many would get it, counted within the last minute',
      query: z.strictObject({ key }),
      answer: z.object({
        recipients: z.number(),
        excluded: excludedCounts.describe('Members of the list who would get nothing, by reason'),
        countedAt: z.number().describe('Milliseconds since 1970'),
      }),
      handle: async ({ params, query }) => countFor(await find(query.key, params.id)),
    }),
    defineRoute({
      method: 'GET',
      path: '/campaigns/{id}/preview',
      summary: 'Its texts as one contact would see them; without scripts',
      query: z.strictObject({ key, contact }),
      answer: z.object({
        to: z.string(),
        subject: z.string(),
        hasHtml: z.boolean().describe('Then /campaigns/{id}/preview/html shows it'),
        text: z.string().nullable(),
        problem: z.string().describe('Why this contact would get nothing; empty when nothing is wrong'),
      }),
      async handle({ params, query }) {
        const { to, rendered } = await preview(await find(query.key, params.id), query.contact)
        const address = formatAddress(to.address)
        if ('problem' in rendered) {
          return { to: address, subject: '', hasHtml: false, text: null, problem: rendered.problem }
        }
        const { subject, html, text } = rendered.texts
        return { to: address, subject, hasHtml: html !== undefined, text: text ?? null, problem: '' }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/campaigns/{id}/preview/html',
      summary: 'Its HTML as that contact would see it; nothing in it runs',
      query: z.strictObject({ key, contact }),
      answer: z.string(),
      produces: ['text/html'],
      async handle(call) {
        const { params, query } = call
        const { rendered } = await preview(await find(query.key, params.id), query.contact)
        const html = 'texts' in rendered ? rendered.texts.html : undefined
        if (html === undefined) throw new Refused('not-found', 'there is no HTML to show')
        return new RawAnswer('text/html; charset=utf-8', await previewHtml(html, askerOf(call)), {
          'Content-Security-Policy': previewPolicy,
          'X-Frame-Options': 'SAMEORIGIN',
        })
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/campaigns/{id}/test',
      summary: 'Send it to a few addresses, each with what is known of them if they are contacts',
      role: 'marketer',
      body: z.strictObject({ key, to: z.array(z.string().max(500)).min(1).max(maxTestRecipients) }),
      answer: z.object({ sent: z.number() }),
      async handle({ params, body }) {
        const mailing = await find(body.key, params.id)
        const recipients = body.to.flatMap((text, index) => readMailboxes(`to.${index}`, text))
        await testMailing(campaigns, mailing, recipients)
        return { sent: recipients.length }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/campaigns/{id}/schedule',
      summary: 'Send it at a time to come; a scheduled one is moved',
      role: 'marketer',
      body: z.strictObject({
        key,
        lookedAt,
        at: z
          .union([z.number().int(), z.string().max(40)])
          .describe('With its offset, such as 2026-05-02T09:00:00+02:00, or milliseconds since 1970'),
      }),
      answer: z.object({ campaign: campaignShape }),
      async handle({ params, body }) {
        const at = typeof body.at === 'number' ? body.at : readInstant(body.at.trim())
        if (at === undefined) {
          throw new BadField('at', `'${body.at}' is no time; write it like 2026-05-02T09:00:00+02:00`)
        }
        const mailing = await findLookedAt(body, params.id)
        return { campaign: shapeOf(await scheduleMailing(campaigns, mailing, at)) }
      },
    }),
    action('unschedule', {
      summary: 'Take it off the schedule: it is a draft again',
      change: (mailing) => unscheduleMailing(campaigns, mailing),
    }),
    defineRoute({
      method: 'POST',
      path: '/campaigns/{id}/send',
      summary: 'Send it now',
      role: 'marketer',
      body: z.strictObject({ key, lookedAt }),
      answer: z.object({ campaign: campaignShape }),
      async handle({ params, body }) {
        return { campaign: shapeOf(await sendMailing(campaigns, await findLookedAt(body, params.id))) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/campaigns/{id}/pause',
      summary: 'Hand over no more of it; what is in the queue already still goes out',
      role: 'marketer',
      body: z.strictObject({ key, reason: z.string().max(500).optional() }),
      answer: z.object({ campaign: campaignShape }),
      async handle({ params, body, caller }) {
        const mailing = await find(body.key, params.id)
        const who = caller.kind === 'user' ? caller.user.email : 'somebody'
        const reason = body.reason?.trim() || `paused by ${who}`
        return { campaign: shapeOf(await pauseMailing(campaigns, mailing, { by: 'person', reason })) }
      },
    }),
    action('resume', {
      summary: 'Go on where it was; if it was stopped for the harm it did, until it does twice as much',
      change: (mailing) => resumeMailing(campaigns, mailing),
    }),
    action('cancel', {
      summary: 'Send no more of it, for good',
      change: (mailing) => cancelMailing(campaigns, mailing),
    }),
    action('archive', {
      summary: 'Put it out of sight',
      change: (mailing) => archiveMailing(campaigns, mailing),
    }),
    action('restore', {
      summary: 'Bring it back from the archive',
      change: (mailing) => restoreMailing(campaigns, mailing),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/campaigns/{id}',
      summary: 'Delete it; what was sent of it, and its counts, stay',
      role: 'marketer',
      query: z.strictObject({ key }),
      answer: z.object({}),
      async handle({ params, query }) {
        await deleteMailing(campaigns, await find(query.key, params.id))
        return {}
      },
    }),
  ]

  async function findLookedAt(
    body: { key?: string | undefined; lookedAt?: number | null | undefined },
    id: string | undefined,
  ): Promise<Mailing> {
    const mailing = await find(body.key, id)
    if (body.lookedAt !== undefined && body.lookedAt !== mailing.modifiedAt) throw refuseOutdated(mailing)
    return mailing
  }

  function preview(mailing: Mailing, contactId: number | undefined) {
    const of = contactId === undefined ? {} : { contactId: contactId as ContactId }
    return previewMailing(campaigns, mailing, of)
  }

  async function countFor({ keyId, listId, segmentId }: Mailing): Promise<CountedRecipients> {
    const nobody = { recipients: 0, excluded: {}, countedAt: clock.now() }
    if (listId === null) return nobody
    const segment = segmentId === null ? {} : { segment: { id: segmentId } }
    try {
      return await recipientCounts.count({ keyId, listId, ...segment })
    } catch (error) {
      // A segment that cannot be understood is told among the problems.
      if (error instanceof Refused) return nobody
      throw error
    }
  }
}

function readMailboxes(field: string, text: string): Mailbox[] {
  const found = parseMailboxList(text)
  if (found === undefined || found.length === 0) {
    throw new BadField(
      field,
      `'${text.slice(0, 300)}' is not an e-mail address; write it like lea@shop.example`,
    )
  }
  return found
}
