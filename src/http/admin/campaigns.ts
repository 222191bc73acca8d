/** `/api/campaigns`: what is written for a list and sent to it. */
import { z } from 'zod'
import { type EditMode, editModes, type Mailing, type MailingSettings } from '../../campaigns/mailing.ts'
import { readMailingContent, saveMailingContent } from '../../campaigns/mailing-content.ts'
import { mailingStates } from '../../campaigns/states.ts'
import {
  changeMailing,
  createMailing,
  duplicateMailing,
  getMailing,
  listMailings,
} from '../../campaigns/store-mailings.ts'
import type { ContactListId, KeyId, MailingId, SegmentId } from '../../mail/ids.ts'
import { Refused } from '../../runtime/refused.ts'
import { maxPartCharacters } from '../../templates/fill-parts.ts'
import { maxMjmlCharacters } from '../../templates/mjml.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { askerOf } from './asker.ts'
import {
  campaignShape,
  listedOf,
  listedShape,
  progressOf,
  progressShape,
  shapeOf,
  trackedOf,
  trackedShape,
} from './campaign-shapes.ts'
import { readId } from './messages.ts'
import { type AdminRoute, defineRoute, idNumber, queryNumber } from './route.ts'
import { whichKey } from './which-key.ts'

export const key = z.string().optional().describe('API key; the first one when left out')

const settings = {
  title: z.string().max(255).optional().describe('For people; recipients do not see it'),
  subject: z.string().max(998).optional().describe('Placeholders are replaced for each recipient'),
  senderEmail: z.string().max(320).optional().describe('An active sender of the key'),
  senderName: z.string().max(255).optional(),
  replyTo: z.string().max(320).optional(),
  listId: idNumber.nullable().optional(),
  segmentId: idNumber.nullable().optional(),
  locale: z.string().max(10).optional().describe('Such as en_US: the language of what is added'),
  editMode: z.enum(editModes).optional(),
  templateId: idNumber.nullable().optional().describe('What it was begun from; its content is not copied'),
  isStarred: z.boolean().optional(),
  trackOpens: z.boolean().nullable().optional().describe('null: as the API key says'),
  trackClicks: z.boolean().nullable().optional(),
}

const contentShape = z.object({
  html: z.string().nullable(),
  text: z.string().nullable(),
  mjml: z.string().nullable(),
  headers: z.record(z.string(), z.string()),
  htmlFromMjml: z.boolean().describe('The HTML was compiled from the MJML, and follows it'),
  textFromHtml: z.boolean().describe('The text was made from the HTML, and follows it'),
  contentId: z.number().describe('New with each change; 0 while nothing was saved'),
})

/** One of a key that is not deleted. Throws `Refused`. */
export async function findMailingOf(
  { storage }: Pick<HttpDependencies, 'storage'>,
  reference: string | undefined,
  id: string | undefined,
): Promise<Mailing> {
  const keyId = (await whichKey(storage, reference)).id
  const found = await getMailing(storage.db, { keyId, id: readId(id) as MailingId })
  if (found.state === 'deleted') throw new Refused('not-found', `campaign ${found.id} is deleted`)
  return found
}

export function campaignRoutes(dependencies: HttpDependencies): AdminRoute[] {
  const { storage, campaigns } = dependencies
  const { db } = storage
  const find = (reference: string | undefined, id: string | undefined) =>
    findMailingOf(dependencies, reference, id)

  return [
    defineRoute({
      method: 'GET',
      path: '/campaigns',
      summary: 'Campaigns of an API key with what became of their mail, the newest first',
      query: z.strictObject({
        key,
        state: z
          .string()
          .max(200)
          .optional()
          .describe(
            `Of ${mailingStates.join(', ')}; several with commas. All but archived and deleted ones when left out`,
          ),
        search: z.string().max(200).optional().describe('Part of title or subject'),
        starred: z.enum(['true']).optional(),
        before: queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
          .optional()
          .describe('The last id of the page before'),
        limit: queryNumber({ min: 1, max: 200 }).default(50),
      }),
      answer: z.object({ campaigns: z.array(listedShape) }),
      async handle({ query: { key: reference, state, search, starred, before, limit } }) {
        const keyId = (await whichKey(storage, reference)).id
        const found = await listMailings(
          db,
          {
            keyId,
            states: readStates(state),
            ...(search !== undefined && { search }),
            ...(starred !== undefined && { isStarred: true }),
            ...(before !== undefined && { before: before as MailingId }),
          },
          { limit, newestFirst: true },
        )
        return { campaigns: await listedOf(dependencies, found) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/campaigns',
      summary: 'Begin a campaign',
      role: 'marketer',
      status: 201,
      body: z.strictObject({ key, ...settings }),
      answer: z.object({ campaign: campaignShape }),
      async handle({ body: { key: reference, ...wanted }, about }) {
        const keyId = (await whichKey(storage, reference)).id
        const made = await createMailing(campaigns, {
          ...settingsOf(wanted),
          keyId,
          builder: 'campaigndraft',
        })
        about(`campaign=${made.id}`)
        return { campaign: shapeOf(made) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/campaigns/{id}',
      summary: 'A campaign, and how far it has come',
      query: z.strictObject({ key }),
      answer: z.object({
        campaign: campaignShape,
        progress: progressShape,
        tracked: trackedShape
          .nullable()
          .describe('null while there is no mail, or when it is no longer kept'),
      }),
      async handle({ params, query }) {
        const mailing = await find(query.key, params.id)
        return {
          campaign: shapeOf(mailing),
          progress: await progressOf(dependencies, mailing),
          tracked: await trackedOf(dependencies, mailing),
        }
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/campaigns/{id}',
      summary: 'Change a draft; a star may be given at any time',
      role: 'marketer',
      body: z.strictObject({ key, ...settings }),
      answer: z.object({ campaign: campaignShape }),
      async handle({ params, body: { key: reference, ...wanted } }) {
        const mailing = await find(reference, params.id)
        return { campaign: shapeOf(await changeMailing(campaigns, mailing, settingsOf(wanted))) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/campaigns/{id}/content',
      summary: 'What it says, before anything is replaced',
      query: z.strictObject({ key }),
      answer: z.object({ content: contentShape }),
      async handle({ params, query }) {
        const mailing = await find(query.key, params.id)
        return { content: await readMailingContent(db, mailing.id) }
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/campaigns/{id}/content',
      summary:
        'Change what it says. What is left out stays; HTML is compiled from MJML where no other is given, and text made from the HTML',
      role: 'marketer',
      body: z.strictObject({
        key,
        html: z.string().max(maxPartCharacters).nullable().optional(),
        text: z.string().max(maxPartCharacters).nullable().optional(),
        mjml: z.string().max(maxMjmlCharacters).nullable().optional(),
        headers: z.record(z.string().max(200), z.string().max(10_000)).optional(),
        contentId: z
          .number()
          .int()
          .min(0)
          .optional()
          .describe(
            'The one that was read: when another is stored by now, it is a conflict, and that one stays',
          ),
      }),
      answer: z.object({ content: contentShape }),
      async handle(call) {
        const { key: reference, contentId, ...wanted } = call.body
        const mailing = await find(reference, call.params.id)
        const content = await saveMailingContent(campaigns, mailing, wanted, {
          readContentId: contentId,
          asker: askerOf(call),
        })
        return { content }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/campaigns/{id}/duplicate',
      summary: 'A new draft with the same content, for the same list',
      role: 'marketer',
      status: 201,
      body: z.strictObject({ key, title: z.string().max(255).optional() }),
      answer: z.object({ campaign: campaignShape }),
      async handle({ params, body: { key: reference, title }, about }) {
        const mailing = await find(reference, params.id)
        const copy = await duplicateMailing(campaigns, mailing, title === undefined ? {} : { title })
        about(`campaign=${copy.id}`)
        return { campaign: shapeOf(copy) }
      },
    }),
  ]
}

function readStates(text: string | undefined): Mailing['state'][] {
  if (text === undefined) return mailingStates.filter((state) => state !== 'archived' && state !== 'deleted')
  const asked = text.split(',').map((word) => word.trim())
  return mailingStates.filter((state) => asked.includes(state) && state !== 'deleted')
}

type Wanted = { [Name in keyof typeof settings]?: z.infer<(typeof settings)[Name]> }

/** The types of the schemas, with the brands of ids. */
function settingsOf(wanted: Wanted): Partial<MailingSettings> {
  const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
  return given as Partial<MailingSettings> & {
    listId?: ContactListId
    segmentId?: SegmentId
    editMode?: EditMode
    keyId?: KeyId
  }
}
