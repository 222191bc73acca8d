/** How `/api` shows templates, and whose they are. */
import { z } from 'zod'
import type { ApiKey } from '../../accounts/api-keys.ts'
import type { TemplateId } from '../../mail/ids.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Content } from '../../templates/content.ts'
import { maxPartCharacters } from '../../templates/fill-parts.ts'
import {
  editModes,
  findTemplate,
  mayChange,
  type StoredTemplate,
  type TemplateReader,
} from '../../templates/stored-templates.ts'
import type { StoredContent } from '../../templates/template-content.ts'
import { readId } from './messages.ts'
import { ApiProblem } from './problem.ts'
import type { Call } from './route.ts'
import { whichKey } from './which-key.ts'

export const key = z.string().optional().describe('API key; the first one when left out')
export const keyQuery = z.strictObject({ key })

export const templateShape = z.object({
  id: z.number(),
  name: z.string(),
  ownerType: z.enum(['apikey', 'user']),
  author: z.string(),
  description: z.string(),
  copyright: z.string(),
  editMode: z.enum(editModes),
  locale: z.string(),
  purposes: z.array(z.string()),
  categories: z.array(z.string()),
  presets: z.string(),
  isStarred: z.boolean(),
  makesText: z.boolean().describe('A text part is made from the HTML where none is given'),
  version: z.number().describe('The latest one; 0: nothing was saved yet'),
  createdAt: z.number(),
  updatedAt: z.number(),
  deletedAt: z.number().nullable(),
  isReadOnly: z.boolean().describe('Of the user, seen with a sub-key'),
})

export const contentShape = z.object({
  html: z.string().nullable(),
  text: z.string().nullable(),
  mjml: z.string().nullable().describe('MJML, or the JSON tree of a visual editor'),
  headers: z.record(z.string(), z.string()).describe('Subject, From, Reply-to and fields of your own'),
  htmlFromMjml: z.boolean().describe('The HTML was compiled from the MJML, and follows it'),
  textFromHtml: z.boolean().describe('The text was made from the HTML, and follows it'),
})

const part = z.string().max(maxPartCharacters).nullable()
export const contentBody = z.strictObject({
  html: part.optional().describe('Left out or null with MJML: it is compiled from that'),
  text: part.optional(),
  mjml: part.optional(),
  headers: z.record(z.string(), z.string()).optional(),
})

export type OpenTemplate = { template: StoredTemplate; reader: TemplateReader; apiKey: ApiKey }

export async function readerOf(storage: Storage, reference: string | undefined) {
  const apiKey = await whichKey(storage, reference)
  const reader: TemplateReader = {
    keyId: apiKey.id,
    accountId: apiKey.accountId,
    isMaster: apiKey.isMaster,
  }
  return { reader, apiKey }
}

export async function openTemplate(
  storage: Storage,
  {
    id,
    key: reference,
    isDeleted = false,
  }: { id: string | undefined; key: string | undefined; isDeleted?: boolean },
): Promise<OpenTemplate> {
  const { reader, apiKey } = await readerOf(storage, reference)
  const template = await findTemplate(storage.db, { reader, id: readId(id) as TemplateId, isDeleted })
  return { template, reader, apiKey }
}

/** Throws ApiProblem where it may only be read. */
export async function openToChange(
  storage: Storage,
  which: Parameters<typeof openTemplate>[1],
): Promise<OpenTemplate> {
  const open = await openTemplate(storage, which)
  if (mayChange(open.template, open.reader)) return open
  throw new ApiProblem(
    403,
    'forbidden',
    'This template belongs to the user of the account: change and send it with the master key, or make a copy',
  )
}

export function templateOf(
  { ownerId: _, ...template }: StoredTemplate,
  reader: TemplateReader,
): z.infer<typeof templateShape> {
  const isReadOnly = template.ownerType === 'user' && !reader.isMaster
  return {
    ...template,
    purposes: [...template.purposes],
    categories: [...template.categories],
    isReadOnly,
  }
}

export function contentOf({
  html,
  text,
  mjml,
  headers,
  htmlFromMjml,
  textFromHtml,
}: StoredContent): z.infer<typeof contentShape> {
  return { html, text, mjml, headers: { ...headers }, htmlFromMjml, textFromHtml }
}

export function plainContent({ html, text, mjml, headers }: z.infer<typeof contentBody>): Content {
  return { html: html ?? null, text: text ?? null, mjml: mjml ?? null, headers: headers ?? {} }
}

/** Who saves, in words. */
export function savedBy({ caller }: Pick<Call<unknown, unknown>, 'caller'>): string {
  return caller.kind === 'user' ? caller.user.email : 'operator'
}
