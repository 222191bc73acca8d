/** The contents of a template: every save adds a version, and the latest are kept. */
import type { Kysely, Selectable } from 'kysely'
import type { TemplateId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Content } from './content.ts'
import { fillParts, type WantedContent } from './fill-parts.ts'
import type { Asker } from './run-in-process.ts'
import type { StoredTemplate } from './stored-templates.ts'

/** How many versions of a template are kept, the latest among them. */
export const keptVersions = 20

export type StoredContent = Content & {
  /** `html` was compiled from `mjml`, and follows it. */
  htmlFromMjml: boolean
  /** `text` was made from `html`, and follows it. */
  textFromHtml: boolean
}

export type TemplateVersion = { number: number; createdAt: Instant; createdBy: string }

export const emptyContent: StoredContent = {
  html: null,
  text: null,
  mjml: null,
  headers: {},
  htmlFromMjml: false,
  textFromHtml: false,
}

/** Of the latest version, or of one that is named; undefined when that one is not kept. */
export async function readContent(
  db: Kysely<Schema>,
  template: Pick<StoredTemplate, 'id' | 'version'>,
  number = template.version,
): Promise<(StoredContent & { version: TemplateVersion }) | undefined> {
  const row = await db
    .selectFrom('template_versions')
    .selectAll()
    .where('template_id', '=', template.id)
    .where('number', '=', number)
    .executeTakeFirst()
  return row && { ...toContent(row), version: toVersion(row) }
}

/** The same, with nothing in it where nothing was saved yet. */
export async function currentContent(
  db: Kysely<Schema>,
  template: Pick<StoredTemplate, 'id' | 'version'>,
): Promise<StoredContent> {
  return (await readContent(db, template)) ?? emptyContent
}

/** Newest first. */
export async function listVersions(db: Kysely<Schema>, id: TemplateId): Promise<TemplateVersion[]> {
  const rows = await db
    .selectFrom('template_versions')
    .select(['number', 'created_at', 'created_by'])
    .where('template_id', '=', id)
    .orderBy('number', 'desc')
    .execute()
  return rows.map(toVersion)
}

export type NewVersion = {
  content: StoredContent
  /** Who saves it, in words. */
  by: string
}

type Wish = { wanted: WantedContent; others: 'keep' | 'empty'; asker: Asker }

/**
 * What is to be saved: what `wanted` leaves out is kept, or emptied. HTML is compiled from MJML, and text made from
 * HTML, as fill-parts.ts says. Writes nothing. Throws Refused when something is wrong with it.
 */
export async function fillContent(
  db: Kysely<Schema>,
  template: Pick<StoredTemplate, 'id' | 'version' | 'makesText'>,
  { wanted, others, asker }: Wish,
): Promise<StoredContent> {
  const before = others === 'keep' ? await currentContent(db, template) : emptyContent
  return fillParts(wanted, { before, makesText: template.makesText, asker })
}

/** Saves a new version. Throws Refused as `fillContent` does, and when the template was changed meanwhile. */
export async function saveContent(
  db: Kysely<Schema>,
  template: StoredTemplate,
  { by, now, ...wish }: Wish & { by: string; now: Instant },
): Promise<{ template: StoredTemplate; content: StoredContent }> {
  const content = await fillContent(db, template, wish)
  return { template: await inTransaction(db, template, { content, by, now }), content }
}

/** What a version held becomes the newest version; those after it are kept. */
export async function restoreVersion(
  db: Kysely<Schema>,
  template: StoredTemplate,
  { number, by, now }: { number: number; by: string; now: Instant },
): Promise<{ template: StoredTemplate; content: StoredContent }> {
  const old = await readContent(db, template, number)
  if (old === undefined) {
    throw new Refused(
      'not-found',
      `the template has no version ${number} any more; the latest ${keptVersions} are kept`,
    )
  }
  const { version: _, ...content } = old
  return { template: await inTransaction(db, template, { content, by, now }), content }
}

async function inTransaction(
  db: Kysely<Schema>,
  template: StoredTemplate,
  version: NewVersion & { now: Instant },
): Promise<StoredTemplate> {
  return db.transaction().execute((tx) => addVersion(tx, template, version))
}

/** For a transaction of the caller's. Throws Refused when the template was changed meanwhile. */
export async function addVersion(
  tx: Kysely<Schema>,
  template: StoredTemplate,
  { content, by, now }: NewVersion & { now: Instant },
): Promise<StoredTemplate> {
  const number = template.version + 1
  const { numUpdatedRows } = await tx
    .updateTable('templates')
    .set({ version: number, updated_at: now })
    .where('id', '=', template.id)
    .where('version', '=', template.version)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (Number(numUpdatedRows) !== 1) throw changedMeanwhile()
  await tx
    .insertInto('template_versions')
    .values({
      template_id: template.id,
      number,
      html: content.html,
      text: content.text,
      mjml: content.mjml,
      headers: JSON.stringify(content.headers),
      html_from_mjml: content.htmlFromMjml ? 1 : 0,
      text_from_html: content.textFromHtml ? 1 : 0,
      created_at: now,
      created_by: by,
    })
    .execute()
  await tx
    .deleteFrom('template_versions')
    .where('template_id', '=', template.id)
    .where('number', '<=', number - keptVersions)
    .execute()
  return { ...template, version: number, updatedAt: now }
}

export function changedMeanwhile(): Refused {
  return new Refused(
    'conflict',
    'the template was changed by somebody else meanwhile; open it again, then save',
  )
}

function toContent(row: Selectable<Schema['template_versions']>): StoredContent {
  return {
    html: row.html,
    text: row.text,
    mjml: row.mjml,
    headers: JSON.parse(row.headers) as Record<string, string>,
    htmlFromMjml: row.html_from_mjml === 1,
    textFromHtml: row.text_from_html === 1,
  }
}

function toVersion(row: { number: number; created_at: Instant; created_by: string }): TemplateVersion {
  return { number: row.number, createdAt: row.created_at, createdBy: row.created_by }
}
