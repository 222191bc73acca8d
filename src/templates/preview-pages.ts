/** Pages on which people look at a template while they write it, maybe with data of a contact: kept for an hour, on every node. */
import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Instant, Schema } from '../storage/schema.ts'
import { previewHtml } from './preview-html.ts'
import type { Asker } from './run-in-process.ts'

const keptMs = 60 * 60_000

/**
 * Puts `html` on the page `token`, or on a new one where there is none such; returns its token. What is kept has been made
 * harmless. Throws Refused as previewHtml does.
 */
export async function putPreview(
  db: Kysely<Schema>,
  {
    token,
    html: source,
    asker,
    now,
  }: { token: string | undefined; html: string; asker: Asker; now: Instant },
): Promise<string> {
  const html = source === '' ? '' : await previewHtml(source, asker)
  if (token !== undefined) {
    const { numUpdatedRows } = await db
      .updateTable('template_previews')
      .set({ html, updated_at: now })
      .where('token', '=', token)
      .executeTakeFirst()
    if (Number(numUpdatedRows) === 1) return token
  }
  await forgetPreviews(db, now)
  const made = randomBytes(18).toString('base64url')
  await db.insertInto('template_previews').values({ token: made, html, updated_at: now }).execute()
  return made
}

/** Undefined when there is none such, or it is too old. */
export async function readPreview(
  db: Kysely<Schema>,
  { token, now }: { token: string; now: Instant },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('template_previews')
    .select('html')
    .where('token', '=', token)
    .where('updated_at', '>=', now - keptMs)
    .executeTakeFirst()
  return row?.html
}

export async function forgetPreviews(db: Kysely<Schema>, now: Instant): Promise<void> {
  await db
    .deleteFrom('template_previews')
    .where('updated_at', '<', now - keptMs)
    .execute()
}
